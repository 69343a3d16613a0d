"""Roots: who the administrators are, how many must agree, and how the drop's boxes look (SPEC section 3).

A chain of roots is checked from the first on, so that whoever knows the drop's fingerprint needs to trust nobody else.
Pure rules: no files, no network, no clock but the one passed in.
"""

import base64
import itertools
import re
from dataclasses import dataclass
from typing import Any

from knothole_keys import clock, fields, note
from knothole_keys.box import MAX_SIZE, MAX_SLOTS, MIN_SIZE, Geometry
from knothole_keys.epoch import DAY, MAX_EPOCH, epoch_of
from knothole_keys.errors import BrokenChain, MalformedRoot, RootExpired, RootFromFuture, WrongDrop
from knothole_keys.note import Note, NoteKey

TYPE = "knothole-root/1"
MAX_ROOTS = 64
MAX_ADMINS = 16
MAX_LIFE = 13 * 31 * DAY
MAX_AHEAD = DAY
_MEMBERS = {"type", "drop", "version", "threshold", "admins", "issued", "expires", "retention_days", "boxes"}


@dataclass(frozen=True)
class Root:
    """One root, its members checked; times in seconds, `boxes` as (from_epoch, geometry), rising."""

    note: Note
    drop: str
    version: int
    drop_id: bytes | None
    previous: bytes | None
    threshold: int
    admins: tuple[NoteKey, ...]
    issued: int
    expires: int
    retention_days: int
    boxes: tuple[tuple[int, Geometry], ...]

    def geometry(self, epoch: int) -> Geometry | None:
        """The look of an epoch's boxes, or None before the drop's first epoch."""
        found = [geometry for first, geometry in self.boxes if first <= epoch]
        return found[-1] if found else None


@dataclass(frozen=True)
class Chain:
    """All roots of a drop, oldest first, verified. The last one is in force."""

    roots: tuple[Root, ...]

    @property
    def drop_id(self) -> bytes:
        """32 bytes that name the drop for ever: SHA-256 of the first root's text."""
        return self.roots[0].note.hash

    @property
    def current(self) -> Root:
        """The root in force."""
        return self.roots[-1]

    @property
    def data(self) -> bytes:
        """The chain as it is published and stored."""
        return b"".join(root.note.data for root in self.roots)


def read_chain(data: bytes, *, drop_id: bytes | None = None, now: int | None = None) -> Chain:
    """Verify a whole chain of roots.

    `drop_id` is what the reader expects, `now` its clock; without it times are not checked (for archives).
    Raises MalformedNote, MalformedJSON, MalformedRoot, BadSignature, NotEnoughSignatures, BrokenChain, WrongDrop,
    RootFromFuture, RootExpired.
    """
    chain = join(split(data))
    if drop_id is not None and chain.drop_id != drop_id:
        raise WrongDrop("These roots belong to another drop: compare the fingerprint with the one you were given.")
    if now is not None:
        check_time(chain.current, now)
    return chain


def check_time(root: Root, now: int) -> None:
    """Refuse a root from the future or past its expiry (SPEC 3, step 5)."""
    check_ahead(root, now)
    if now >= root.expires:
        raise RootExpired("The drop's root has expired; its administrators must publish a new one.")


def check_ahead(root: Root, now: int) -> None:
    """Refuse a root from the future: the half of step 5 that holds for whoever may carry an expired root along, too."""
    # Without this a threshold stolen once could date a root years ahead, and no honest one could follow it until then.
    if root.issued > now + MAX_AHEAD:
        raise RootFromFuture(clock.ahead("The drop's root", root.issued, now))


def split(data: bytes) -> list[Root]:
    """The roots in a file of notes, each checked alone. Raises MalformedNote, MalformedJSON, MalformedRoot, BrokenChain."""
    if len(data) > note.MAX_BYTES:
        raise BrokenChain("This file is too large to be a chain of roots.")
    # Only a text begins a line with a brace: signature lines begin with a dash.
    starts = [match.start() for match in re.finditer(rb"^\{", data, re.MULTILINE)]
    if not starts or starts[0] != 0 or len(starts) > MAX_ROOTS:
        raise BrokenChain("This file does not hold the roots of a drop.")
    return [read_root(note.parse(data[a:b])) for a, b in zip(starts, [*starts[1:], len(data)], strict=True)]


def join(roots: list[Root]) -> Chain:
    """Verify that roots follow from one another (SPEC 3, steps 2 and 3)."""
    first = roots[0]
    if first.version != 1:
        raise BrokenChain("The first root of the drop is missing.")
    note.require(first.note, first.admins, len(first.admins), "The first root of the drop")
    drop_id = first.note.hash
    for old, new in itertools.pairwise(roots):
        check_next(old, new, drop_id)
        note.require(new.note, old.admins, old.threshold, f"Of the administrators before it, root {new.version}")
        note.require(new.note, new.admins, new.threshold, f"Of its own administrators, root {new.version}")
    return Chain(tuple(roots))


def check_next(old: Root, new: Root, drop_id: bytes) -> None:
    """Refuse a root that does not follow the one before; signatures are not looked at. Raises BrokenChain."""
    if new.version != old.version + 1 or new.previous != old.note.hash or new.issued < old.issued:
        raise BrokenChain(
            "The roots do not follow from one another; get the whole chain, from the first root on, from an administrator."
        )
    if new.drop_id != drop_id:
        raise BrokenChain("These are roots of different drops in one file: get the whole chain of one drop again.")
    changes_from = epoch_of(new.issued) + 1
    if [b for b in old.boxes if b[0] < changes_from] != [b for b in new.boxes if b[0] < changes_from]:
        raise BrokenChain("A new root must not change the boxes of weeks that have begun.")


def first_free_week(now: int) -> int:
    """The first epoch whose boxes a root may still change: a server takes boxes a day before their week begins."""
    return epoch_of(now + DAY) + 1


def check_weeks(old: Root, new: Root, now: int) -> None:
    """Refuse a root that was made in time and comes too late (SPEC 3.1). Raises BrokenChain."""
    free = first_free_week(now)
    if [b for b in old.boxes if b[0] < free] != [b for b in new.boxes if b[0] < free]:
        raise BrokenChain(
            f"Root {new.version} changes the boxes of a week for which the server takes boxes already: it came too late; make "
            f"another one in its place with `knothole keys rotate-root --instead`, for epoch {free} or later."
        )


def read_root(parsed: Note) -> Root:
    """One root's members, checked; signatures are the chain's business. Raises MalformedRoot."""
    value, error = parsed.value, MalformedRoot
    version = fields.integer(value.get("version"), 1, MAX_ROOTS, error, "The root's version")
    later = {"drop_id", "previous"} if version > 1 else set()
    fields.members(value, _MEMBERS | later, error, "The root")
    if value["type"] != TYPE:
        raise error("This note is not a root; give the root.note that the administrators signed.")
    admins = [_admin(item) for item in fields.items(value["admins"], 1, MAX_ADMINS, error, "The root's admins")]
    if not fields.rising([admin.name for admin in admins]) or len({admin.key for admin in admins}) != len(admins):
        raise error("The root's admins are not distinct and sorted by name.")
    issued = fields.integer(value["issued"], 0, 2**53, error, "The root's date of issue")
    expires = fields.integer(value["expires"], issued + 1, issued + MAX_LIFE, error, "The root's expiry")
    boxes = [_boxes(item) for item in fields.items(value["boxes"], 1, 64, error, "The root's list of box sizes")]
    if not fields.rising([first for first, _ in boxes]):
        raise error("The root's list of box sizes is not sorted by epoch.")
    return Root(
        note=parsed,
        drop=fields.person_name(value["drop"], error, "The drop's name"),
        version=version,
        drop_id=fields.hex_bytes(value["drop_id"], 32, error, "The drop_id") if later else None,
        previous=fields.hex_bytes(value["previous"], 32, error, "The previous root's hash") if later else None,
        threshold=fields.integer(value["threshold"], 1, len(admins), error, "The root's threshold"),
        admins=tuple(admins),
        issued=issued,
        expires=expires,
        retention_days=fields.integer(value["retention_days"], 1, 365, error, "The root's retention"),
        boxes=tuple(boxes),
    )


def _admin(item: Any) -> NoteKey:
    fields.members(item, {"key", "name"}, MalformedRoot, "An admin of the root")
    name = fields.key_name(item["name"], MalformedRoot, "An admin's name")
    return NoteKey(name, fields.hex_bytes(item["key"], 32, MalformedRoot, "An admin's key"))


def _boxes(item: Any) -> tuple[int, Geometry]:
    fields.members(item, {"from_epoch", "size", "slots"}, MalformedRoot, "A box size of the root")
    first = fields.integer(item["from_epoch"], 0, MAX_EPOCH, MalformedRoot, "The first epoch of a box size")
    size = fields.integer(item["size"], MIN_SIZE, MAX_SIZE, MalformedRoot, "A box size")
    if size & (size - 1):
        raise MalformedRoot("A box size is not a power of two.")
    return first, Geometry(size, fields.integer(item["slots"], 1, MAX_SLOTS, MalformedRoot, "A number of slots"))


def fingerprint(drop_id: bytes) -> str:
    """The drop_id as people print and compare it: 52 base32 characters in 13 groups."""
    text = base64.b32encode(drop_id).decode().rstrip("=").lower()
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def parse_fingerprint(text: str) -> bytes:
    """The drop_id that a printed fingerprint spells. Raises WrongDrop."""
    # Not upper(): it would take letters of other alphabets for these.
    letters = fields.SPACE.sub("", text.replace("-", "")).translate(fields.ASCII_UPPER)
    try:
        drop_id = base64.b32decode(letters + "====")
    except ValueError:
        drop_id = b""
    if len(drop_id) != 32 or fingerprint(drop_id).replace("-", "").upper() != letters:
        raise WrongDrop("This is not a drop's fingerprint: it has 52 letters and digits, in 13 groups of four.")
    return drop_id
