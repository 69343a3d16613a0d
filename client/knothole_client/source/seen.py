"""Which answers a source has seen: a small file beside the codename's, so that her next letter tells the newsroom.

The file is the codename's with `.read` at the end of its name, for its owner only. Its first line says in a hash for which
thread of which drop it is, as another codename may come to lie at the same path: a list that named one thread's answers to
another would tie the two together. Then comes a line for each answer: sender and number.
It says how many answers were read, on which days they were written and by whom, and nothing of what they say. Whoever finds
it has found the codename beside it, which opens the answers themselves. Whoever types the codename keeps nothing, and her
newsroom goes on putting up what she has read, for half a year. The file may be deleted at any time.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from knothole_keys import files
from knothole_keys.canonical import MAX_INTEGER
from knothole_keys.errors import Refused
from knothole_keys.letter import MAX_READ

_LINE = re.compile(r"([0-9a-f]{16}) ([0-9]{1,16})")
_OWNER = re.compile(r"[0-9a-f]{64}")
_LABEL = b"knothole/1 answers read\x00"
_MOST = 64 * 1024

Seen = tuple[tuple[str, int], ...]


def beside(codename_file: Path) -> Path:
    """The file for this codename's file."""
    return codename_file.with_name(f"{codename_file.name}.read")


def load(codename_file: Path, drop_id: bytes, thread: bytes) -> Seen:
    """(sender, sequence) of each answer that this thread read with this codename's file; nothing of another thread or drop.

    `drop_id` and `thread`, its public key: 32 bytes each. Raises Refused when the file is damaged.
    """
    path = beside(codename_file)
    if not path.exists():
        return ()
    first, *lines = files.read(path, _MOST).decode("ascii", "replace").splitlines() or [""]
    found = [_LINE.fullmatch(line) for line in lines]
    seen = [(match[1], int(match[2])) for match in found if match and int(match[2]) <= MAX_INTEGER]
    if not _OWNER.fullmatch(first) or len(seen) < len(lines):
        raise Refused(f"{path} is damaged; remove it, and the newsroom will put up again what you have read.")
    return _newest(seen) if first == _owner(drop_id, thread) else ()


def add(codename_file: Path, drop_id: bytes, thread: bytes, read: Iterable[tuple[str, int]]) -> None:
    """Remember answers that were shown, in place of another thread's. Nothing is written when all were known.

    Raises Refused.
    """
    before = load(codename_file, drop_id, thread)
    after = _newest([*before, *read])
    if after != before:
        lines = "".join(f"{sender} {sequence}\n" for sender, sequence in after)
        files.write_whole(beside(codename_file), f"{_owner(drop_id, thread)}\n{lines}".encode())


def forget(codename_file: Path) -> None:
    """Remove the list of a codename that lay here before. Raises Refused."""
    path = beside(codename_file)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise Refused(
            f"{path} is left of an earlier codename and cannot be removed: {(error.strerror or 'it failed').lower()}. "
            "Remove it, or keep the new codename elsewhere."
        ) from None


def _owner(drop_id: bytes, thread: bytes) -> str:
    return hashlib.sha256(_LABEL + drop_id + thread).hexdigest()


def _newest(seen: Iterable[tuple[str, int]]) -> Seen:
    # A letter names no more. Numbers rise with the days, so those that are left out are too old to be put up again.
    newest = sorted(set(seen), key=lambda one: one[1])[-MAX_READ:]
    return tuple(sorted(newest))
