"""Files that must be whole or absent: atomic writes, careful reads."""

import errno
import os
import secrets
import stat
from pathlib import Path

from knothole_keys.errors import Refused

# What systems answer to a hard link where there are none.
NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


def read(path: Path, limit: int, *, shown: Path | None = None) -> bytes:
    """A whole file of at most `limit` bytes. Raises Refused with one sentence, which calls the file `shown`, or by its path."""
    shown = shown or path
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise Refused(f"{shown} cannot be read: {(error.strerror or 'it failed').lower()}.") from None
    if len(data) > limit:
        raise Refused(f"{shown} is too large to be what it should be.")
    return data


def write_whole(path: Path, data: bytes, *, mode: int = 0o600, replace: bool = True, shown: Path | None = None) -> None:
    """Write a file so that a crash leaves the old one or the new one, never a part. Raises Refused.

    What exists and is not a plain file (a device, a pipe, a folder, a link) is left alone. A refusal calls the file `shown`, or
    by its path.
    """
    shown = shown or path
    if not path.name:
        raise Refused(f"{shown} is a folder; name a file.")
    if replace and not _replaceable(path):
        raise Refused(f"{shown} is not a plain file, and was left as it is; name a file.")
    # Not the file's own name with an ending: that could be longer than a name may be.
    temporary = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        _write_new(temporary, data, mode)
        try:
            if replace:
                temporary.rename(path)
            else:
                _name_new(temporary, path, data, mode)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_directory(path.parent)
    except FileExistsError:
        raise Refused(f"{shown} exists already; it was left as it is.") from None
    except OSError as error:
        raise Refused(f"{shown} cannot be written: {(error.strerror or 'it failed').lower()}.") from None


def _write_new(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _name_new(temporary: Path, path: Path, data: bytes, mode: int) -> None:
    try:
        # A link fails where a rename would overwrite.
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        # A stick with FAT has one name for each file. Here a crash can leave the new name with a part of the data, or with
        # none; what had the name before is safe all the same.
        _write_new(path, data, mode)
    temporary.unlink()


def _replaceable(path: Path) -> bool:
    # A rename takes the place of whatever has the name: root would lose /dev/full or /dev/stdout to it.
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        # There is nothing; or the place cannot be reached, and writing says why.
        return True


def sync_directory(path: Path) -> None:
    """Make renames and new names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(path: Path) -> None:
    """A directory for its owner alone (0700); an existing one must be empty. Raises Refused."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise Refused(f"{path} is not empty; choose another folder.")
        path.chmod(0o700)
    except OSError as error:
        raise Refused(f"{path} cannot be made: {(error.strerror or 'it failed').lower()}.") from None
