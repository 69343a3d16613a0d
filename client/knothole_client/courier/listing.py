"""The server's list of an epoch's boxes (SPEC section 12), parsed strictly. Pure: no network, no files."""

import itertools
from dataclasses import dataclass

from knothole_keys.errors import KnotholeError

ID = 16
ENTRY = ID + 32
# A quarter of a TiB in the smallest boxes: more than any drop keeps of one week.
MAX_ENTRIES = 2**20


class MalformedListing(KnotholeError):
    """The server's list of boxes is not one."""


@dataclass(frozen=True)
class Listed:
    """A box that the server claims to keep: its id, and the SHA-256 of all its bytes."""

    id: bytes
    digest: bytes

    @property
    def short(self) -> str:
        """The beginning of its id, for people."""
        return self.id.hex()[:8]


def read_listing(data: bytes) -> list[Listed]:
    """The boxes of one epoch, by id. Raises MalformedListing."""
    if len(data) % ENTRY:
        raise MalformedListing("The server's list of boxes is cut short or damaged; nothing of that week was fetched.")
    if len(data) > MAX_ENTRIES * ENTRY:
        raise MalformedListing("The server's list of boxes is longer than any week's can be; nothing of it was fetched.")
    listed = [Listed(data[i : i + ID], data[i + ID : i + ENTRY]) for i in range(0, len(data), ENTRY)]
    if any(a.id >= b.id for a, b in itertools.pairwise(listed)):
        raise MalformedListing("The server's list of boxes is not sorted or names a box twice; nothing of it was fetched.")
    return listed
