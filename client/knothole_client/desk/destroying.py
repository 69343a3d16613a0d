"""Shredding as a person asks for it: what goes, where copies may remain, the deed, and fresh keys for the vault afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from knothole_client.desk import relocking, shredding
from knothole_client.desk.boxes import Boxes
from knothole_client.desk.drop import needed
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.locks import Holding
from knothole_client.desk.shredding import Doomed, Place
from knothole_client.desk.vault import Vault
from knothole_client.terminal import counted
from knothole_keys.errors import Refused


@dataclass(frozen=True, repr=False)
class Shredded:
    """What went, how many boxes were destroyed, and where copies may remain."""

    doomed: Doomed
    boxes: int
    places: list[Place]


def destroy(vault: Vault, holding: Holding, start: str, now: int, confirm: Callable[[Doomed], None]) -> Shredded:
    """Shred the submission whose id begins like this, in a vault that was opened for a change. Raises Refused.

    `confirm` may raise, and then nothing was changed. Fresh keys come afterwards, when the vault is closed.
    """
    shredding.finish(vault)
    doomed = shredding.plan(vault, Inbox(vault.records, Boxes(vault.boxes, needed(vault.records).chain)), start)
    places = shredding.places(vault, doomed, vault.keyring(holding).epochs)
    confirm(doomed)
    return Shredded(doomed, shredding.shred(vault, doomed, now), places)


def fresh_keys(path: Path, holding: Holding) -> str:
    """Give a vault fresh keys after a shredding; returns "", or a sentence why they are still the old ones."""
    # What the database's journal held went into free blocks of the disk, sealed under the key that is spent now.
    try:
        relocking.relock(path, holding, relocking.keep_all)
    except Refused as error:
        return f"It is shredded, but the vault's keys are still the old ones: run `knothole desk re-key`. {error}"
    return ""


def last_of_thread(doomed: Doomed) -> str:
    """What goes with the last letter of a thread, in a sentence; "" for any other."""
    if not doomed.answers:
        return ""
    unread = f", {doomed.unread} of which the source has not said to have read" if doomed.unread else ""
    return (
        f"It is the last of its thread: its {counted(len(doomed.answers), 'answer')} will be destroyed, too{unread}, and "
        "nobody here can answer this source any more."
    )


def stayed(doomed: Doomed) -> str:
    """What stays although this submission names it, in a sentence; "" where nothing does."""
    return f"{counted(doomed.shared, 'file')} stayed here, as another submission names the same." if doomed.shared else ""
