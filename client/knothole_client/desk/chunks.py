"""A file of any length, sealed in pieces: what a working copy lies in. It is written once, from its beginning to its end.

    chunks of 1 MiB, each a secret box under a key derived for its number and for whether it is the last one
    the last one is filled up with zeros, so that a file shows its length to a mebibyte and no closer

So no chunk can be exchanged, left out or moved, and a file that was cut short does not read as a shorter one. The key is
random for each file and lies in a sealed record, with the length: new keys for a vault leave these files as they are, and
without its record one is noise.
"""

import fcntl
import io
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from knothole_keys import files
from knothole_keys.errors import Refused
from knothole_keys.kdf import derive

CHUNK = 1024 * 1024
_SEALED = CHUNK + SecretBox.NONCE_SIZE + SecretBox.MACBYTES
_DAMAGED = "This working copy is damaged or missing on this disk; make it anew from the original, which is kept apart."


class Sealing(io.RawIOBase):
    """Writes one, under a name of its own until `keep` gives it another; without that, nothing stays.

    While it is written its file is locked, so that nobody takes it for one that was left behind.
    """

    def __init__(self, part: Path, key: bytes) -> None:
        super().__init__()
        self._part, self._key, self._waiting, self._number = part, key, bytearray(), 0
        self.size = 0
        try:
            part.parent.mkdir(mode=0o700, exist_ok=True)
            self._file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _failed(part, error) from None
        self._there = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._there:
            self._part.unlink(missing_ok=True)
        os.close(self._file)
        self.close()

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Seal as much as fills chunks. Raises Refused."""
        self._waiting += data
        self.size += len(data)
        # The last chunk is sealed as such, so one is kept back.
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def end(self) -> None:
        """Seal what is left; all of it is on the disk when this returns. Raises Refused."""
        self._seal(bytes(self._waiting.ljust(CHUNK, b"\0")), last=True)
        self._waiting.clear()
        try:
            os.fsync(self._file)
        except OSError as error:
            raise _failed(self._part, error) from None

    def keep(self, path: Path) -> None:
        """Give it its name, durably. Raises Refused."""
        try:
            self._part.rename(path)
            self._there = False
            files.sync_directory(path.parent)
        except OSError as error:
            raise _failed(path, error) from None

    def _seal(self, data: bytes, *, last: bool) -> None:
        sealed = memoryview(bytes(SecretBox(_key(self._key, self._number, last=last)).encrypt(data)))
        try:
            while sealed:
                sealed = sealed[os.write(self._file, sealed) :]
        except OSError as error:
            raise _failed(self._part, error) from None
        self._number += 1


class Unsealing(io.RawIOBase):
    """Reads one of a known `size`, anywhere; one chunk is open at a time. Raises Refused where it is damaged or missing."""

    def __init__(self, path: Path, key: bytes, size: int) -> None:
        super().__init__()
        self._key, self.size, self._at, self._number, self._open = key, size, 0, -1, b""
        self._count = max(1, -(-size // CHUNK))
        try:
            self._file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb", buffering=0)
            whole = os.fstat(self._file.fileno()).st_size == self._count * _SEALED
        except OSError:
            raise Refused(_DAMAGED) from None
        if not whole:
            self._file.close()
            raise Refused(_DAMAGED)

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to another place; nothing is opened by it."""
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if at < 0:
            raise OSError("a place before the beginning")
        self._at = at
        return at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer as far as the chunk goes in which the next byte lies. Raises Refused."""
        wanted = memoryview(buffer).cast("B")
        if self._at >= self.size or not len(wanted):
            return 0
        number, start = divmod(self._at, CHUNK)
        if number != self._number:
            self._open, self._number = self._chunk(number), number
        taken = self._open[start : min(start + len(wanted), self.size - number * CHUNK)]
        wanted[: len(taken)] = taken
        self._at += len(taken)
        return len(taken)

    def close(self) -> None:
        """Forget what is open."""
        self._open, self._number = b"", -1
        if not self.closed:
            self._file.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        try:
            self._file.seek(number * _SEALED)
            sealed = self._file.read(_SEALED) or b""
            return SecretBox(_key(self._key, number, last=number == self._count - 1)).decrypt(sealed)
        except (OSError, CryptoError, ValueError):
            raise Refused(_DAMAGED) from None


def is_being_written(part: Path) -> bool:
    """Whether a command is at work on it at this moment."""
    try:
        descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _key(key: bytes, number: int, *, last: bool) -> bytes:
    return derive(key, "copy chunk", number.to_bytes(8) + bytes([last]))


def _failed(path: Path, error: OSError) -> Refused:
    return Refused(f"{path} cannot be written: {(error.strerror or 'it failed').lower()}.")
