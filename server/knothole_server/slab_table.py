"""A slab's layout: where its extents, tables, entries and places lie. Pure bytes and arithmetic, no files.

    slab    header page 4096, then extents
    header  "knothole-slab/1\\n" || u32 epoch || u32 box size || u32 slots || u32 places in the first extent
            || u32 places in each later extent || SHA-256 of all that, then zeros
    extent  a table of one 64-byte entry for each place, padded to 4096, then the places
    entry   box id 16 || SHA-256 of the box 32 || check 16
    check   SHA-256("knothole slab entry\\0" || u32 epoch || u64 position || id || SHA-256 of the box)[:16]
    marker  an entry with every bit of its check inverted: its box was found damaged

Positions count places through all extents. A zero entry is a free place. An entry whose check fails is damaged: its
place is never used again, because a box that somebody was promised may lie there. The check covers the position, so an
entry that strayed is damaged, too.

A box that is found damaged when it is fetched is given up: its entry is overwritten by a marker, and only when that is
durable may a box of its id be stored again, in another place. To whoever reads the table a marker is a damaged entry,
so after a restart the old entry can neither shadow the new one nor collide with it. The marker keeps the id and the
SHA-256, for whoever wants to look into the damage by hand.

A slab is never shorter than its first extent, and ends with a whole extent, unless a crash interrupted its growing: then
the table of the last one is empty, as far as there is one. A slab that was cut off in any other way is refused.
"""

import hashlib
import struct
from dataclasses import dataclass

MAGIC = b"knothole-slab/1\n"
PAGE = 4096
ENTRY = 64
FREE = bytes(ENTRY)
_FIELDS = struct.Struct(">16s5I")


class SlabDamaged(Exception):
    """A file is not a slab as this version writes and leaves it; its sentence says why."""


@dataclass(frozen=True)
class Shape:
    """What a slab's header fixes for its whole life; `size` is the box size in bytes."""

    epoch: int
    size: int
    slots: int
    first: int
    later: int

    @classmethod
    def plan(cls, epoch: int, size: int, slots: int, *, first: int, later: int, least: int) -> "Shape":
        """The shape for extents of about `first` and `later` bytes with at least `least` places each."""
        return cls(epoch, size, slots, max(least, first // size), max(least, later // size))

    @classmethod
    def read(cls, page: bytes) -> "Shape":
        """The shape that a header page tells. Raises SlabDamaged."""
        fields, digest = page[: _FIELDS.size], page[_FIELDS.size : _FIELDS.size + 32]
        if len(page) != PAGE or page[:16] != MAGIC or hashlib.sha256(fields).digest() != digest:
            raise SlabDamaged("It does not begin as a slab does.")
        _, epoch, size, slots, first, later = _FIELDS.unpack(fields)
        return cls(epoch, size, slots, first, later)

    def header(self) -> bytes:
        """The header page."""
        fields = _FIELDS.pack(MAGIC, self.epoch, self.size, self.slots, self.first, self.later)
        return (fields + hashlib.sha256(fields).digest()).ljust(PAGE, b"\0")

    def count(self, extent: int) -> int:
        """How many places an extent has."""
        return self.later if extent else self.first

    def begin(self, extent: int) -> int:
        """The position of an extent's first place."""
        return self.first + (extent - 1) * self.later if extent else 0

    def offset(self, extent: int) -> int:
        """Where an extent begins in the file."""
        return PAGE + (self.length(0) + (extent - 1) * self.length(1) if extent else 0)

    def length(self, extent: int) -> int:
        """An extent's length in bytes, table and places."""
        return self.table(extent) + self.count(extent) * self.size

    def table(self, extent: int) -> int:
        """The length of an extent's table in bytes."""
        return -(-self.count(extent) * ENTRY // PAGE) * PAGE

    def extents_in(self, length: int) -> int:
        """How many whole extents a file of this length holds."""
        after_first = length - self.offset(1)
        return 1 + after_first // self.length(1) if after_first >= 0 else 0

    def extent_of(self, position: int) -> int:
        """The extent that holds a position."""
        return 0 if position < self.first else 1 + (position - self.first) // self.later

    def entry_offset(self, position: int) -> int:
        """Where a position's entry lies in the file."""
        extent = self.extent_of(position)
        return self.offset(extent) + (position - self.begin(extent)) * ENTRY

    def place_offset(self, position: int) -> int:
        """Where a position's box lies in the file."""
        extent = self.extent_of(position)
        return self.offset(extent) + self.table(extent) + (position - self.begin(extent)) * self.size

    def entry(self, position: int, box_id: bytes, digest: bytes) -> bytes:
        """The entry that commits a box of this id and SHA-256 at a position."""
        place = self.epoch.to_bytes(4, "big") + position.to_bytes(8, "big")
        check = hashlib.sha256(b"knothole slab entry\0" + place + box_id + digest).digest()[:16]
        return box_id + digest + check

    def marker(self, position: int, box_id: bytes, digest: bytes) -> bytes:
        """What takes the place of an entry whose box was found damaged."""
        entry = self.entry(position, box_id, digest)
        return entry[:48] + bytes(byte ^ 0xFF for byte in entry[48:])

    def read_entry(self, position: int, raw: bytes) -> tuple[bytes, bytes] | None:
        """The id and SHA-256 that an entry commits, or None when it is damaged. Not for free entries."""
        box_id, digest = raw[:16], raw[16:48]
        return (box_id, digest) if raw == self.entry(position, box_id, digest) else None
