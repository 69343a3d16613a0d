"""Key files: 32 random bytes on a stick, which a passphrase needs beside it.

The file is one line, `knothole-key-file/1 ` and 64 hex digits, so that a person who opens it sees what it is. Whoever finds
the stick has nothing without the passphrase, and cannot tell which vault it belongs to.
"""

import os
import re
from pathlib import Path

from knothole_client.desk.locks import ALONE, KEY, WITH_KEY_FILE
from knothole_keys import files
from knothole_keys.errors import Refused

TYPE = "knothole-key-file/1"
_LINE = re.compile(rb"knothole-key-file/1 ([0-9a-f]{64})\r?\n?")


def read(path: Path) -> bytes:
    """The 32 bytes in a key file. Raises Refused."""
    match = _LINE.fullmatch(files.read(path, 4096))
    if match is None:
        raise Refused(f"{path} is not a key file of Knothole; name the file that lock-travel made on your stick.")
    return bytes.fromhex(match.group(1).decode())


def for_slots(kinds: set[str], path: Path | None, missing: str) -> bytes | None:
    """What is in the key file, if key slots of these kinds have a use for it; `missing` is said where none was named.

    Raises Refused.
    """
    # A stick that is not there is no matter where the passphrase alone will do.
    if WITH_KEY_FILE not in kinds or (ALONE in kinds and (path is None or not path.exists())):
        return None
    if path is None:
        raise Refused(missing)
    return read(path)


def check_place(path: Path, vault: Path) -> None:
    """Refuse a key file inside the vault: it would be taken and copied along with it."""
    if path.resolve().is_relative_to(vault.resolve()):
        raise Refused("The key file must not lie inside the vault; name a place on a separate stick.")


def read_or_make(path: Path, vault: Path) -> bytes:
    """The key file at `path`, made there if nothing is. Raises Refused, also for a place inside the vault."""
    check_place(path, vault)
    if not path.exists() and not path.is_symlink():
        files.write_whole(path, f"{TYPE} {os.urandom(KEY).hex()}\n".encode(), replace=False)
    return read(path)


def shares_a_disk(path: Path, vault: Path) -> bool:
    """Whether key file and vault lie on one file system. A stick that was pulled out meanwhile is another one."""
    try:
        return path.stat().st_dev == vault.stat().st_dev
    except OSError:
        return False
