"""What the courier knows of the boxes that it has: which bytes each had when it was fetched (`folder`).

The first box that came under an id keeps its place. A server that lists other bytes under it later may be seized, lying or
broken, and must not be able to take the first away; but a copy that rotted on this disk is to be had again. Only the digest
from the first fetch tells the two apart. Where none is known (a folder of an older version, a fetch that was killed before
it wrote its list, a list that rotted), what lies there is taken for the first box.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from knothole_client.courier.listing import ENTRY, MAX_ENTRIES, Listed, read_listing
from knothole_client.folder import LISTED, SET_ASIDE, aside_name, box_name
from knothole_keys import files
from knothole_keys.errors import KnotholeError, Refused

_HASH = 32


@dataclass(frozen=True)
class Spot:
    """Where a listed box belongs, whether that is `aside` of another one's place, and whether it is there already."""

    path: Path
    aside: bool
    full: bool


class Kept:
    """The boxes of one week in the courier's folder, of `size` bytes each."""

    def __init__(self, out: Path, epoch: int, size: int) -> None:
        self._out, self._epoch, self._size = out, epoch, size
        self._list = out / LISTED / str(epoch)
        self._first = _read(self._list)
        self._saved = dict(self._first)

    def spot(self, listed: Listed) -> Spot:
        """Where a box that the server lists belongs."""
        place = self._out / str(self._epoch) / box_name(listed.id)
        # All of it is read: a stick that lost a byte must not keep a box from the desk for ever.
        here = _digest(place, self._size)
        if self._first.get(listed.id, listed.digest if here is None else here) == listed.digest:
            if here == listed.digest:
                self._first[listed.id] = listed.digest
            return Spot(place, aside=False, full=here == listed.digest)
        other = self._out / SET_ASIDE / str(self._epoch) / aside_name(listed.id, listed.digest)
        return Spot(other, aside=True, full=_digest(other, self._size) == listed.digest)

    def write(self, spot: Spot, listed: Listed, data: bytes) -> None:
        """Put a box where it belongs; it is durable when this returns. Raises Refused."""
        _make_folder(spot.path.parent)
        files.write_whole(spot.path, data)
        if not spot.aside:
            self._first[listed.id] = listed.digest

    def save(self) -> None:
        """Write down what is known, if it changed; a crash before this costs no box. Raises Refused."""
        if self._first == self._saved:
            return
        entries = b"".join(box_id + digest for box_id, digest in sorted(self._first.items()))
        _make_folder(self._list.parent)
        files.write_whole(self._list, entries + hashlib.sha256(entries).digest())
        self._saved = dict(self._first)


def _read(path: Path) -> dict[bytes, bytes]:
    try:
        data = files.read(path, MAX_ENTRIES * ENTRY + _HASH)
        entries, digest = data[:-_HASH], data[-_HASH:]
        if hashlib.sha256(entries).digest() == digest:
            return {one.id: one.digest for one in read_listing(entries)}
    except KnotholeError:
        pass
    return {}


def _digest(path: Path, size: int) -> bytes | None:
    """The SHA-256 of a plain file of this size, nothing when it cannot be read, or None for anything else."""
    try:
        if not path.is_file() or path.stat().st_size != size:
            return None
    except OSError:
        return None
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b""


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Refused(f"{path} cannot be made: {(error.strerror or 'it failed').lower()}.") from None
