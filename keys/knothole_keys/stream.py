"""Letters and files as streams of bodies, and the heads that prove a part's place (SPEC section 8)."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from knothole_keys import canonical, fields, merkle
from knothole_keys.box import HEAD, MAX_HEADER, Geometry
from knothole_keys.errors import ForeignPart, MalformedHead, MalformedJSON
from knothole_keys.kdf import derive

MAX_COUNT = 2**24
MAX_LETTER = 32 * 1024 * 1024
Kind = Literal["letter", "file"]
_MEMBERS = {"count", "index", "kind", "path", "root", "stream"}


@dataclass(frozen=True)
class Head:
    """Where a body belongs: part `index` of `count` of a stream, and the audit path that proves it."""

    kind: Kind
    stream: bytes
    root: bytes
    index: int
    count: int
    path: bytes

    @property
    def group(self) -> tuple[str, bytes, bytes, int]:
        """Parts are of one stream when this is equal, and never otherwise."""
        return self.kind, self.stream, self.root, self.count

    def encode(self) -> bytes:
        """The header's canonical JSON."""
        return canonical.encode(
            {
                "count": self.count,
                "index": self.index,
                "kind": self.kind,
                "path": self.path.hex(),
                "root": self.root.hex(),
                "stream": self.stream.hex(),
            }
        )


def count_of(size: int, capacity: int) -> int:
    """How many bodies a stream of `size` bytes has."""
    return max(1, -(-size // capacity))


def file_stream(thread_secret: bytes, root: bytes) -> bytes:
    """A file stream's id: nobody without the thread secret can tell whether it names a file they know."""
    return hmac.digest(derive(thread_secret, "stream"), root, "sha256")


def letter_stream(root: bytes, count: int) -> bytes:
    """A letter stream's id. It binds the count, which a Merkle root alone does not: part 3 of 3 proves as 2 of 2, too."""
    return hashlib.sha256(b"knothole/1 letter stream\x00" + count.to_bytes(4, "big") + root).digest()


def letter_parts(data: bytes, capacity: int) -> Iterator[tuple[Head, bytes]]:
    """The heads and bodies of a whole letter stream."""
    bodies = [data[i : i + capacity] for i in range(0, len(data), capacity)]
    tree = merkle.Tree([merkle.leaf(body) for body in bodies])
    stream = letter_stream(tree.root, len(bodies))
    for index, body in enumerate(bodies):
        yield Head("letter", stream, tree.root, index, len(bodies), tree.path(index)), body


def layout(head: Head, body: bytes, geometry: Geometry) -> bytes:
    """A part as the plaintext of a box: lengths, head, zeros, body, zeros; exactly `geometry.plaintext` bytes."""
    header = head.encode()
    first = len(header).to_bytes(4, "big") + len(body).to_bytes(4, "big") + header
    return first + bytes(HEAD - len(first)) + body + bytes(geometry.capacity - len(body))


def read_part(plaintext: bytes, geometry: Geometry) -> tuple[Head, bytes]:
    """Take a box's plaintext apart and prove its place. Raises MalformedHead, ForeignPart."""
    if len(plaintext) != geometry.plaintext:
        raise MalformedHead("The box's contents do not fill the box.")
    header_length = int.from_bytes(plaintext[:4], "big")
    body_length = int.from_bytes(plaintext[4:8], "big")
    if not 0 < header_length <= MAX_HEADER or body_length > geometry.capacity:
        raise MalformedHead("The box's contents do not have the lengths that they claim.")
    body = plaintext[HEAD : HEAD + body_length]
    if any(plaintext[8 + header_length : HEAD]) or plaintext.count(0, HEAD + body_length) != geometry.capacity - body_length:
        raise MalformedHead("The box holds something where nothing should be.")
    head = read_head(plaintext[8 : 8 + header_length])
    last = head.index == head.count - 1
    if not body and (head.count != 1 or head.kind == "letter"):
        raise MalformedHead("A part is empty that must not be.")
    if not last and body_length != geometry.capacity:
        raise MalformedHead("A part that is not the last is not full.")
    if head.kind == "letter" and (head.count - 1) * geometry.capacity >= MAX_LETTER:
        raise MalformedHead("The letter is longer than letters are.")
    if merkle.root_of(merkle.leaf(body), head.index, head.count, head.path) != head.root:
        raise ForeignPart("A part does not belong to the stream that it names; it was left out.")
    return head, body


def read_head(header: bytes) -> Head:
    """A header's members, checked. Raises MalformedHead."""
    error = MalformedHead
    try:
        value = fields.members(canonical.decode(header), _MEMBERS, error, "A part's header")
    except MalformedJSON:
        raise MalformedHead("A part's header is not canonical JSON.") from None
    count = fields.integer(value["count"], 1, MAX_COUNT, error, "A stream's number of parts")
    index = fields.integer(value["index"], 0, count - 1, error, "A part's number")
    root = fields.hex_bytes(value["root"], 32, error, "A stream's root")
    stream = fields.hex_bytes(value["stream"], 32, error, "A stream's id")
    path = fields.hex_bytes(value["path"], 32 * merkle.path_length(index, count), error, "An audit path")
    if value["kind"] not in ("letter", "file"):
        raise error("A part is neither of a letter nor of a file.")
    if value["kind"] == "letter" and stream != letter_stream(root, count):
        raise error("A letter's id does not fit its root and its number of parts.")
    return Head(value["kind"], stream, root, index, count, path)
