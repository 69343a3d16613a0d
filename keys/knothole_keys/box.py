"""The box's outside: lengths, prefix, and what can be checked of it without any key (SPEC section 7)."""

from dataclasses import dataclass

from knothole_keys.errors import NotABox

MAGIC = b"knothole-box/1\n"
PREFIX = 16
WRAP = 1168
HEAD = 2048
MAX_HEADER = HEAD - 8
CHUNK = 16384
TAG = 16
SALT = 24
COMMITMENT = 32
MIN_SIZE, MAX_SIZE = 2**18, 2**24
MAX_SLOTS = 16
ID = 16


@dataclass(frozen=True)
class Geometry:
    """The one length and slot count that all boxes of an epoch share; sizes in bytes."""

    size: int
    slots: int

    @property
    def wraps_end(self) -> int:
        """Where the payload begins."""
        return PREFIX + WRAP * self.slots

    @property
    def payload(self) -> int:
        """Length of the sealed payload: salt, commitment and chunks."""
        return self.size - self.wraps_end

    @property
    def plaintext(self) -> int:
        """P: the one length of plaintext that fills the payload."""
        chunks = self.payload - SALT - COMMITMENT
        return chunks - TAG * (chunks // (CHUNK + TAG) + 1)

    @property
    def capacity(self) -> int:
        """The longest body."""
        return self.plaintext - HEAD

    @property
    def prefix(self) -> bytes:
        """The 16 bytes that every box of this geometry begins with."""
        return MAGIC + bytes([self.slots])


def check_prefix(head: bytes, geometry: Geometry) -> None:
    """Refuse, as NotABox, bytes whose first 16 are not this geometry's prefix."""
    if head[:PREFIX] != geometry.prefix:
        raise NotABox("This is not a sealed box of this drop.")


def context(outside: bytes, drop_id: bytes, epoch: int, box_id: bytes) -> bytes:
    """What the payload's key is bound to; `outside` is SHA-256(prefix || wraps)."""
    return b"knothole/1 box\x00" + outside + drop_id + epoch.to_bytes(4, "big") + box_id


def wrap_info(drop_id: bytes, epoch: int) -> bytes:
    """HPKE's info for every wrap of a drop's epoch."""
    return b"knothole/1 wrap\x00" + drop_id + epoch.to_bytes(4, "big")
