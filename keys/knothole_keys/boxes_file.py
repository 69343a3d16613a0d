"""The `.boxes` file: sealed boxes on their way to a form without scripts, one after another (SPEC section 7.1).

Parsing and writing alone; nothing here opens or makes a box. Both ways go in pieces: a file of any length takes the memory
of one piece.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from knothole_keys.box import ID, MAX_SIZE, MIN_SIZE
from knothole_keys.box import MAGIC as BOX_MAGIC
from knothole_keys.errors import MalformedBoxes

MAGIC = b"knothole-boxes/1\n"
HEADER = len(MAGIC) + 32 + 4
ENTRY = 4 + ID


@dataclass(frozen=True)
class Header:
    """For which drop (`drop_id`, 32 bytes) the file's boxes are, and the one `size` in bytes of all of them."""

    drop_id: bytes
    size: int

    def encode(self) -> bytes:
        """The 53 bytes that the file begins with."""
        return MAGIC + self.drop_id + self.size.to_bytes(4, "big")


@dataclass(frozen=True)
class Entry:
    """The address of the box that follows: its epoch, and its id of 16 bytes."""

    epoch: int
    box_id: bytes

    def encode(self) -> bytes:
        """The 20 bytes before a box."""
        return self.epoch.to_bytes(4, "big") + self.box_id


@dataclass(frozen=True)
class BoxEnd:
    """All of the box was handed out."""


Event = Header | Entry | bytes | BoxEnd


class Reader:
    """Takes a file in pieces of any length and hands out, in order: Header, then for each box Entry, its bytes, BoxEnd.

    What is not such a file is refused at its first wrong byte. Raises MalformedBoxes; after that the reader is spent.
    """

    def __init__(self) -> None:
        self._head = b""
        self._header: Header | None = None
        self._left = 0
        self._count = 0

    @property
    def begun(self) -> bool:
        """Whether the file has shown to be one of sealed boxes: its header was whole."""
        return self._header is not None

    def feed(self, data: bytes) -> Iterator[Event]:
        """What the next piece of the file brings. A box's bytes come as they are fed, never gathered."""
        view = memoryview(data)
        while view:
            if self._left:
                piece = view[: self._left]
                self._left -= len(piece)
                view = view[len(piece) :]
                yield bytes(piece)
                if not self._left:
                    self._count += 1
                    yield BoxEnd()
                continue
            wanted = (HEADER if self._header is None else ENTRY + len(BOX_MAGIC)) - len(self._head)
            self._head += view[:wanted]
            view = view[wanted:]
            yield from self._read_head()

    def finish(self) -> None:
        """The file is at its end. Raises MalformedBoxes when it ends within a box or has none."""
        if self._header is None:
            raise MalformedBoxes("This file is empty or too short to hold a box; make it again with `source send --out`.")
        if self._head or self._left:
            raise MalformedBoxes("The file ends in the middle of a box: it was cut short, so copy it again or make it anew.")
        if not self._count:
            raise MalformedBoxes("There is no box in this file; make it again with `source send --out`.")

    def _read_head(self) -> Iterator[Event]:
        head = self._head
        if self._header is None:
            if head[: len(MAGIC)] != MAGIC[: len(head)]:
                raise MalformedBoxes("This is not a file of sealed boxes; only what `source send --out` made can be taken.")
            if len(head) == HEADER:
                self._header, self._head = _header(head), b""
                yield self._header
            return
        begun = head[ENTRY:]
        if begun != BOX_MAGIC[: len(begun)]:
            raise MalformedBoxes("Where a box should begin there is something else: the file is damaged, so make it anew.")
        if len(head) == ENTRY + len(BOX_MAGIC):
            self._head, self._left = b"", self._header.size - len(begun)
            yield Entry(int.from_bytes(head[:4], "big"), head[4:ENTRY])
            yield begun


def _header(head: bytes) -> Header:
    size = int.from_bytes(head[-4:], "big")
    if not MIN_SIZE <= size <= MAX_SIZE or size & (size - 1):
        raise MalformedBoxes(
            "The file says that its boxes have a size that no box has; make it again with `source send --out`."
        )
    return Header(head[len(MAGIC) : -4], size)
