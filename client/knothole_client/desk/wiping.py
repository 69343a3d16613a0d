"""Overwriting a file before it is removed, as far as software can.

What it cannot promise: flash storage, copy-on-write and journalling file systems, snapshots and backups may keep the
overwritten blocks. So nothing relies on it alone: what is wiped was under a key that is wiped as well.
"""

import os
from pathlib import Path

from knothole_keys import files
from knothole_keys.errors import Refused

_BLOCK = 4096


def wipe(path: Path) -> None:
    """Overwrite a file with random bytes, to the end of its last block, and remove it, durably. Raises Refused.

    Of a link, only the link is removed.
    """
    try:
        if path.is_file() and not path.is_symlink():
            descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
            try:
                left = -(-os.fstat(descriptor).st_size // _BLOCK) * _BLOCK
                while left:
                    left -= os.write(descriptor, os.urandom(min(left, 1 << 20)))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        path.unlink()
        files.sync_directory(path.parent)
    except OSError as error:
        raise Refused(f"{path} cannot be destroyed: {(error.strerror or 'it failed').lower()}.") from None
