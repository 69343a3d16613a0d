"""Which answers a source has seen: a small file beside the codename's, so that her next letter tells the newsroom.

The file is the codename's with `.read` at the end of its name, for its owner only, a line for each answer: sender and number.
It says how many answers were read, on which days they were written and by whom, and nothing of what they say. Whoever finds
it has found the codename beside it, which opens the answers themselves. Whoever types the codename keeps nothing, and her
newsroom goes on putting up what she has read, for half a year. The file may be deleted at any time.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from knothole_keys import files
from knothole_keys.canonical import MAX_INTEGER
from knothole_keys.errors import Refused
from knothole_keys.letter import MAX_READ

_LINE = re.compile(r"([0-9a-f]{16}) ([0-9]{1,16})")
_MOST = 64 * 1024

Seen = tuple[tuple[str, int], ...]


def beside(codename_file: Path) -> Path:
    """The file for this codename's file."""
    return codename_file.with_name(f"{codename_file.name}.read")


def load(codename_file: Path) -> Seen:
    """(sender, sequence) of each answer that was read with this codename's file. Raises Refused when it is damaged."""
    path = beside(codename_file)
    if not path.exists():
        return ()
    lines = files.read(path, _MOST).decode("ascii", "replace").splitlines()
    found = [_LINE.fullmatch(line) for line in lines]
    seen = [(match[1], int(match[2])) for match in found if match and int(match[2]) <= MAX_INTEGER]
    if len(seen) < len(lines):
        raise Refused(f"{path} is damaged; remove it, and the newsroom will put up again what you have read.")
    return _newest(seen)


def add(codename_file: Path, read: Iterable[tuple[str, int]]) -> None:
    """Remember answers that were shown. Nothing is written when all of them were known. Raises Refused."""
    before = load(codename_file)
    after = _newest([*before, *read])
    if after != before:
        lines = "".join(f"{sender} {sequence}\n" for sender, sequence in after)
        files.write_whole(beside(codename_file), lines.encode())


def _newest(seen: Iterable[tuple[str, int]]) -> Seen:
    # A letter names no more. Numbers rise with the days, so those that are left out are too old to be put up again.
    newest = sorted(set(seen), key=lambda one: one[1])[-MAX_READ:]
    return tuple(sorted(newest))
