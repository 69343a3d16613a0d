"""What an archive holds, by its own list: nothing is unpacked."""

import bz2
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO

from knothole_client.sandbox.inside import seven
from knothole_client.sandbox.inside.document import Cannot

MOST_ENTRIES = 200_000
# So much of a packed tar is unpacked for its list, to nowhere.
MOST_UNPACKED = 2 << 30


@dataclass(frozen=True)
class Member:
    """One file of an archive."""

    name: str
    size: int
    packed: int = 0
    encrypted: bool = False
    link: bool = False


def listed(source: BinaryIO) -> list[Member]:
    """All members; Cannot when there is no list that can be read."""
    source.seek(0)
    head = source.read(512)
    source.seek(0)
    try:
        if head.startswith(b"PK"):
            return _zip(source)
        if head.startswith(seven.MARK):
            return [Member(name, size) for name, size in seven.listed(source)]
        if head[257:262] == b"ustar":
            return _tar(source)
        return _packed(source, head)
    except (zipfile.BadZipFile, tarfile.TarError, ValueError, OSError, EOFError, struct.error, zlib.error, lzma.LZMAError,
            NotImplementedError, LookupError) as broken:  # fmt: skip
        raise Cannot(why="broken") from broken


def _zip(source: BinaryIO) -> list[Member]:
    with zipfile.ZipFile(source) as packed:
        return [
            Member(one.orig_filename, one.file_size, one.compress_size, bool(one.flag_bits & 1), one.external_attr >> 28 == 0xA)
            for one in packed.infolist()
        ]


def _tar(source: Any) -> list[Member]:
    members = []
    with tarfile.open(fileobj=source, mode="r|" if not source.seekable() else "r:", errorlevel=1) as packed:
        for one in packed:
            members.append(Member(one.name, one.size, one.size, link=one.issym() or one.islnk()))
            packed.members = []  # type: ignore[attr-defined]
            if len(members) > MOST_ENTRIES:
                break
    return members


class _Capped:
    """A packed stream that gives up after MOST_UNPACKED bytes, and cannot go back."""

    def __init__(self, stream: Any):
        self._stream, self.read_so_far = stream, 0

    def read(self, count: int = -1) -> bytes:
        """The next bytes."""
        if self.read_so_far > MOST_UNPACKED:
            raise Cannot(why="too_large")
        data: bytes = self._stream.read(min(count, 1 << 20) if count >= 0 else 1 << 20)
        self.read_so_far += len(data)
        return data

    def seekable(self) -> bool:
        """No."""
        return False


def _packed(source: BinaryIO, head: bytes) -> list[Member]:
    for mark, opener in ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\0", lzma.open)):
        if head.startswith(mark):
            with opener(source, "rb") as inner:
                capped = _Capped(inner)
                if inner.read(512)[257:262] == b"ustar":
                    inner.seek(0)
                    return _tar(capped)
                inner.seek(0)
                while capped.read(1 << 20):
                    continue
                return [Member("", capped.read_so_far)]
    raise Cannot(why="unknown")
