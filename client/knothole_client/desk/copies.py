"""Working copies: what a newsroom makes of a file so as to pass it on, kept apart from the file that came.

    copies/ID.copy     the bytes, sealed (`chunks`)
    a sealed record    of which file of which submission, made how, when and by whom; its name, size and key

An original is never changed and never replaced. A copy counts from its record on, which is written when its bytes are on the
disk; a file without one was left by a crash and goes with the next change. Whether a copy is fit to be published, nobody says
here: see `exposure`.
"""

import os
import re
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from knothole_client import sandbox
from knothole_client.desk.chunks import Sealing, Unsealing, is_being_written
from knothole_client.desk.custody import Custody
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.records import DAMAGED
from knothole_client.desk.submission import FileState, Submission
from knothole_client.desk.vault import Vault
from knothole_client.desk.view import View
from knothole_client.desk.wiping import wipe
from knothole_client.terminal import safe_name
from knothole_keys import clock, names
from knothole_keys.errors import KnotholeError, Refused

KIND = "copy"
CLEANED = "cleaned with mat2"
_ID = 16
# What the bytes of a copy are called.
NAME = re.compile(r"([0-9a-f]{32})\.copy")
_PART = re.compile(r"\.[0-9a-f]{32}\.part")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}")


@dataclass(frozen=True, repr=False)
class Copy:
    """A working copy: `of` is the original's name, `lacks` whether parts that could not be cleaned were left out of it."""

    id: str
    submission: str
    of: str
    root: str
    name: str
    size: int
    how: str
    lacks: bool
    day: str
    by: str
    key: str

    def value(self) -> dict[str, Any]:
        """The copy as JSON has it; its key stays in the vault."""
        return {name: value for name, value in vars(self).items() if name != "key"}


class Copies:
    """Reads and removes the working copies of an open vault; `clean` makes one."""

    def __init__(self, vault: Vault) -> None:
        self._vault, self._records = vault, vault.records

    def all(self) -> list[Copy]:
        """Every copy, by submission and day; damaged records are left out (`Records.damaged`)."""
        found = (Copy(**value) for value in self._records.all_sound(KIND))
        return sorted(found, key=lambda one: (one.submission, one.day, one.id))

    def of(self, submission: str) -> list[Copy]:
        """The copies of a submission, by its whole id."""
        return [one for one in self.all() if one.submission == submission]

    def find(self, start: str) -> Copy:
        """The copy whose id begins like this. Raises Refused."""
        found = [one for one in self.all() if start and one.id.startswith(start.lower())]
        if len(found) > 1:
            raise Refused("Several working copies' ids begin like this; give more of it.")
        if not found:
            raise Refused("No working copy has this id; `knothole desk copies` shows them.")
        return found[0]

    def open(self, copy: Copy) -> Unsealing:
        """A copy's bytes, readable and seekable. Raises Refused."""
        return Unsealing(self.path(copy.id), bytes.fromhex(copy.key), copy.size)

    def path(self, name: str) -> Path:
        """Where a copy lies, by its id."""
        return self._vault.copies / f"{name}.copy"

    def keep(self, copy: Copy, sealed: Sealing) -> None:
        """Remember a copy whose bytes are sealed; inside the caller's `Vault.changing`."""
        sealed.keep(self.path(copy.id))
        self._records.put(KIND, copy.id, vars(copy))

    def forget(self, copy: Copy) -> None:
        """Strike a copy out, inside the caller's `Vault.changing`; its bytes go with `sweep`, and are noise from then on."""
        self._records.remove(KIND, copy.id)

    def sweep(self) -> None:
        """Overwrite and remove what no record names; inside the caller's `Vault.changing`."""
        folder = self._vault.copies
        if not folder.is_dir():
            return
        for path in sorted(folder.iterdir()):
            ours = NAME.fullmatch(path.name)
            left = ours is not None and not self._records.has(KIND, ours.group(1))
            if left or (_PART.fullmatch(path.name) and not is_being_written(path)):
                wipe(path)

    def missing(self) -> list[Copy]:
        """The copies whose bytes are not here, as after a backup without them."""
        return [one for one in self.all() if not self.path(one.id).is_file()]


def file_of(submission: Submission, given: str) -> FileState:
    """A file of a submission by its name, as it is or as `show` prints it, or by its number from 1 on. Raises Refused."""
    found = [one for one in submission.files if given in (one.entry.name, safe_name(one.entry.name))]
    if not found and given.isascii() and given.isdigit() and 0 < int(given) <= len(submission.files):
        found = [submission.files[int(given) - 1]]
    if not found:
        raise Refused("This submission has no file of this name or number; `knothole desk show` lists them.")
    if not found[0].whole:
        raise Refused("Not all of this file has come: import again when the courier has fetched more.")
    return found[0]


@dataclass(frozen=True, repr=False)
class Made:
    """A copy whose bytes are sealed on the disk, and which counts only when it is kept; as a context, what was not goes."""

    copy: Copy
    part: Path
    sealed: Sealing

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.drop()

    def drop(self) -> None:
        """Have it removed, unless it was kept; once, at last."""
        self.sealed.__exit__(None, None, None)

    def keep(self, vault: Vault, now: int) -> Copy:
        """Keep it, and note that it was made. Raises Refused."""
        copy = self.copy
        with vault.changing():
            if not vault.records.has("submission", copy.submission):
                raise Refused(DAMAGED)
            copies = Copies(vault)
            copies.sweep()
            copies.keep(copy, self.sealed)
            Custody(vault.records).write("copied", copy.submission, now, copy.by, f"{CLEANED}, copy {copy.id[:10]}")
        return copy


def clean(vault: Vault, inbox: Inbox, submission: Submission, file: FileState, now: int, name: str = "") -> Copy:
    """Make a copy of a file without what it tells beside what it shows, in the sandbox. Raises Refused.

    `name` is what it is called; without one it gets a name that says nothing.
    """
    with make(vault.copies, vault.identity["name"], inbox, submission, file, now, name) as made:
        return made.keep(vault, now)


def make(folder: Path, by: str, inbox: Inbox, submission: Submission, file: FileState, now: int, name: str = "") -> Made:
    """As `clean`, but nothing is kept yet: by another thread than the vault's, say; `folder` is that of copies."""
    made_id, key = secrets.token_hex(_ID), os.urandom(32)
    called = check_name(name) if name else neutral_name(made_id, file.entry.name)
    part = folder / f".{made_id}.part"
    with ExitStack() as stack:
        sealed = stack.enter_context(Sealing(part, key))
        with View(inbox, submission, file) as source:
            outcome = sandbox.run("clean", cast(BinaryIO, source), file.entry.name, sink=cast(BinaryIO, sealed))
        if outcome.end != "done":
            raise Refused(outcome.sentence)
        sealed.end()
        copy = Copy(
            id=made_id, submission=submission.id, of=file.entry.name, root=file.entry.root.hex(), name=called,
            size=sealed.size, how=CLEANED, lacks=outcome.cut, day=clock.day_of(now), by=by, key=key.hex(),
        )  # fmt: skip
        stack.pop_all()
        return Made(copy, part, sealed)


def remove(vault: Vault, copy: Copy, now: int) -> None:
    """Remove a working copy for good. Raises Refused."""
    with vault.changing():
        copies = Copies(vault)
        copies.forget(copy)
        Custody(vault.records).write("copied", copy.submission, now, vault.identity["name"], f"copy {copy.id[:10]} removed")
    with vault.changing():
        copies.sweep()


def neutral_name(copy_id: str, original: str) -> str:
    """A name for a copy that says nothing but what kind of file it is: a source's own name for a file may name her."""
    ending = Path(original).suffix
    return f"copy-{copy_id[:8]}{ending.lower() if _ENDING.fullmatch(ending) else ''}"


def check_name(name: str) -> str:
    """`name` as a copy's name. Raises Refused."""
    try:
        names.check(name)
    except KnotholeError:
        raise Refused("A working copy cannot have this name: choose another one, without slashes.") from None
    return name
