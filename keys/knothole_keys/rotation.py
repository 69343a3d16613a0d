"""Changing the root: what the next one says, who must still sign it, and what no administrator should sign (SPEC 3.1).

A file of roots travels from administrator to administrator while its newest root collects signatures; until it has enough,
it is a draft. Pure rules: no files, no clock but the one passed in.
"""

from dataclasses import dataclass, field
from typing import Any

from knothole_keys import note
from knothole_keys.box import Geometry
from knothole_keys.epoch import DAY, WEEK, days, epoch_of
from knothole_keys.errors import BrokenChain, Refused
from knothole_keys.note import NoteKey, Tally
from knothole_keys.root import Chain, Root, check_next, check_time, check_weeks, first_free_week, join, read_root, split
from knothole_keys.sign import Signer, new_note

# Signatures take days to collect, and who publishes must still be in time.
USUAL_WAIT = WEEK


@dataclass(frozen=True)
class Draft:
    """The newest root of a file, signed by whoever has signed it so far, and the finished chain `before` it, if any."""

    before: Chain | None
    root: Root

    @property
    def keys(self) -> tuple[NoteKey, ...]:
        """Whose signatures count: the administrators before the change and after it."""
        old = self.before.current.admins if self.before else ()
        return (*old, *(key for key in self.root.admins if key not in old))

    @property
    def drop_id(self) -> bytes:
        """The drop that this root is for."""
        return self.before.drop_id if self.before else self.root.note.hash

    @property
    def roots(self) -> tuple[Root, ...]:
        """All roots of the file, oldest first."""
        return (*(self.before.roots if self.before else ()), self.root)

    @property
    def data(self) -> bytes:
        """The file."""
        return b"".join(root.note.data for root in self.roots)

    def tallies(self) -> list[tuple[str, Tally]]:
        """Whose signatures are counted, in words, and the count. Raises BadSignature."""
        new = self.root
        if self.before is None:
            return [("administrators", note.tally(new.note, new.admins, len(new.admins)))]
        old = self.before.current
        if (set(old.admins), old.threshold) == (set(new.admins), new.threshold):
            return [("administrators", note.tally(new.note, new.admins, new.threshold))]
        return [
            ("old administrators", note.tally(new.note, old.admins, old.threshold)),
            ("new administrators", note.tally(new.note, new.admins, new.threshold)),
        ]

    def lacking(self) -> str:
        """`1 more of the old administrators (bob or carol), 1 more of the new …`; empty when nothing is missing."""
        found = [(whose, tally) for whose, tally in self.tallies() if tally.lacks]
        return ", ".join(f"{tally.lacks} more of the {whose} ({tally.names})" for whose, tally in found)

    def finished(self) -> Chain | None:
        """The whole chain, once nothing is missing."""
        return None if self.lacking() else join(list(self.roots))

    def cosigned(self, signer: Signer) -> "Draft":
        """With one signature more. Raises Refused for whoever is no administrator, and for a signature that is there."""
        if signer.public not in self.keys:
            raise Refused(f"{signer.public.name} is not an administrator in this root, nor in the one before it.")
        return Draft(self.before, read_root(signer.cosign(self.root.note, self.keys)))


def read_draft(data: bytes) -> Draft:
    """A file of roots, the newest of which may lack signatures; those that it has are true.

    Raises the refusals of SPEC section 3, but NotEnoughSignatures only for earlier roots.
    """
    *earlier, newest = split(data)
    if not earlier:
        if newest.version != 1:
            raise BrokenChain("The first root of the drop is missing; carry the whole file that `rotate-root` wrote.")
        draft = Draft(None, newest)
    else:
        before = join(earlier)
        check_next(before.current, newest, before.drop_id)
        draft = Draft(before, newest)
    note.signers(newest.note, draft.keys)
    return draft


def check_draft(draft: Draft, now: int) -> None:
    """Refuse what no administrator should sign. Raises RootExpired, RootFromFuture, BrokenChain, Refused."""
    check_time(draft.root, now)
    if draft.before is None:
        return
    check_weeks(draft.before.current, draft.root, now)
    earlier = [key for root in draft.before.roots for key in root.admins]
    for key in draft.root.admins:
        if key in draft.before.current.admins:
            continue
        if any(key.key == other.key for other in earlier):
            raise Refused(
                f"The key of {key.name} was in an earlier root and was removed; it may be stolen: have a new one made."
            )
        if any(key.name == other.name for other in earlier):
            raise Refused(f"An earlier root has another key of the name {key.name}; make the new key with a name of its own.")


@dataclass(frozen=True)
class Change:
    """What the next root is to change; None and nothing leave things as they are."""

    add: tuple[NoteKey, ...] = ()
    remove: tuple[str, ...] = ()
    threshold: int | None = None
    size: int | None = None
    slots: int | None = None
    from_epoch: int | None = None
    retention_days: int | None = None
    days: int = field(default=365)


def propose(chain: Chain, change: Change, now: int) -> Draft:
    """The next root of a chain, not signed by anybody yet. Raises Refused, MalformedRoot and what `check_draft` refuses."""
    old = chain.current
    for name in change.remove:
        if name not in {key.name for key in old.admins}:
            names = ", ".join(key.name for key in old.admins)
            raise Refused(f"There is no administrator {name} in root {old.version}; its administrators are {names}.")
    admins = [key for key in old.admins if key.name not in change.remove]
    for key in change.add:
        if key in admins:
            raise Refused(f"{key.name} is an administrator of this drop already, with this key.")
        admins.append(key)
    issued = max(now, old.issued)
    value: dict[str, Any] = {
        **old.note.value,
        "version": old.version + 1,
        "drop_id": chain.drop_id.hex(),
        "previous": old.note.hash.hex(),
        "admins": [{"key": key.key.hex(), "name": key.name} for key in sorted(admins, key=lambda key: key.name)],
        "threshold": old.threshold if change.threshold is None else change.threshold,
        "issued": issued,
        "expires": issued + change.days * DAY,
        "boxes": _boxes(old, change, now),
    }
    if change.retention_days is not None:
        value["retention_days"] = change.retention_days
    if value["threshold"] > len(admins):
        raise Refused(f"{len(admins)} administrators cannot give {value['threshold']} signatures; set --threshold, too.")
    draft = Draft(chain, read_root(new_note(value, [])))
    check_draft(draft, now)
    return draft


def _boxes(old: Root, change: Change, now: int) -> list[dict[str, int]]:
    boxes = list(old.boxes)
    if change.size is not None or change.slots is not None:
        earliest = first_free_week(now)
        first = epoch_of(now + USUAL_WAIT) + 1 if change.from_epoch is None else change.from_epoch
        if first < earliest:
            raise Refused(
                f"Boxes can change from epoch {earliest} on (the week {days(earliest)}): the server has opened, or is about to "
                f"open, the weeks before it."
            )
        before = old.geometry(first) or old.boxes[0][1]
        look = Geometry(change.size or before.size, change.slots or before.slots)
        boxes = [*((one, geometry) for one, geometry in boxes if one < first), (first, look)]
    elif change.from_epoch is not None:
        raise Refused("Say what is to change from that week on: --box-size, --slots, or both.")
    return [{"from_epoch": one, "size": geometry.size, "slots": geometry.slots} for one, geometry in boxes]
