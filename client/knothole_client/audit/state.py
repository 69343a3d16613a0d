"""What an auditing machine remembers of a drop, in its own folder; nobody else writes there.

    DIR/roots, DIR/roster.note   the newest that were found sound (as in a courier's folder)
    DIR/seen                     the hash of every roster's version, and the day of the last audit that ended well enough
    DIR/cover/<epoch>            cover boxes that the server acknowledged: id and SHA-256 of each
    DIR/evidence/                what an alarm was about, as it came, up to MOST_EVIDENCE bytes in all

`seen` and `cover/…` are lines of text, the last of which is a sum of the others: a file that rotted, was cut or was edited is
refused by name. Nothing is begun anew in its place, because a fork shows only against what was seen before.
"""

import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from knothole_client.folder import ROOTS, ROSTER
from knothole_client.trust import Known
from knothole_keys import files
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.root import Chain, fingerprint
from knothole_keys.roster import Roster

SEEN, COVER, EVIDENCE = "seen", "cover", "evidence"
# A hostile server says something new to each audit. What it said first tells most: the oldest stays, and no more comes.
MOST_EVIDENCE = 2**28
_FIRST = "knothole-audit/1"
_MOST = 2**25
_DROP = re.compile(r"drop ([a-z2-7-]{64})")
_CHECKED = re.compile(r"checked (\d{4}-\d{2}-\d{2})")
_ROSTER = re.compile(r"roster ([1-9][0-9]{0,15}) ([0-9a-f]{64})")
_BOX = re.compile(r"([0-9a-f]{32}) ([0-9a-f]{64})")


@dataclass
class State:
    """What was seen: chain and roster, and each roster's hash by its version. `chain` is None before the first audit."""

    folder: Path
    chain: Chain | None = None
    roster: Roster | None = None
    seen: dict[int, bytes] = field(default_factory=dict)
    checked: str | None = None
    # Whether this run found in evidence/, or put there, what one of its alarms is about.
    kept: bool = False

    @classmethod
    def read(cls, folder: Path, drop_id: bytes) -> "State":
        """What `folder` holds of this drop. Raises Refused when a part is missing or damaged, or of another drop."""
        try:
            known = Known.read(folder)
        except KnotholeError:
            raise Refused(f"{folder / ROOTS} or {ROSTER} is damaged{_AGAIN}") from None
        known.drop_id(fingerprint(drop_id))
        state = cls(folder, known.chain, known.roster)
        if (folder / SEEN).exists():
            state._read_seen(drop_id)
        elif known.chain:
            raise Refused(f"{folder / SEEN} is missing{_AGAIN}")
        if state.seen and not (known.chain and known.roster):
            raise Refused(f"{folder / (ROSTER if known.chain else ROOTS)} is missing{_AGAIN}")
        if known.roster and state.seen.setdefault(known.roster.version, known.roster.hash) != known.roster.hash:
            raise Refused(f"{folder / SEEN} and {ROSTER} do not fit together{_AGAIN}")
        return state

    def _read_seen(self, drop_id: bytes) -> None:
        path = self.folder / SEEN
        drop, checked, *rosters = [*_read_lines(path), "", ""]
        found = [_ROSTER.fullmatch(line) for line in rosters if line]
        day = _CHECKED.fullmatch(checked)
        if not _DROP.fullmatch(drop) or (checked and not day) or not all(found):
            raise Refused(f"{path} is damaged{_AGAIN}")
        if drop != f"drop {fingerprint(drop_id)}":
            raise Refused(f"{self.folder} belongs to another drop; choose another folder.")
        self.checked = day.group(1) if day else None
        self.seen = {int(one.group(1)): bytes.fromhex(one.group(2)) for one in found if one}

    def write(self, chain: Chain, roster: Roster | None, seen: dict[int, bytes], day: str) -> None:
        """Remember these from now on. Raises Refused."""
        head = [f"drop {fingerprint(chain.drop_id)}"]
        if not (self.folder / SEEN).exists():
            # Without it the others would be taken for a state that lost a part.
            _write_lines(self.folder / SEEN, head)
        _renew(self.folder / ROOTS, chain.data)
        if roster:
            _renew(self.folder / ROSTER, roster.note.data)
        lines = [f"roster {version} {digest.hex()}" for version, digest in sorted(seen.items())]
        _write_lines(self.folder / SEEN, [*head, f"checked {day}", *lines])
        self.chain, self.roster, self.seen, self.checked = chain, roster or self.roster, seen, day

    def keep_evidence(self, day: str, code: str, data: bytes) -> bool:
        """Keep the bytes that an alarm is about, once; False when there is no room left for them. Raises Refused."""
        folder = self.folder / EVIDENCE
        make_folder(folder)
        path = folder / f"{day}-{code}-{hashlib.sha256(data).hexdigest()[:16]}"
        if not path.exists():
            if _size(folder) + len(data) > MOST_EVIDENCE:
                return False
            files.write_whole(path, data)
        self.kept = True
        return True

    def acknowledged(self) -> dict[int, dict[bytes, bytes]]:
        """By epoch, the cover boxes that the server said it has stored: SHA-256 by id. Raises Refused."""
        found = {}
        for path in sorted((self.folder / COVER).glob("*")):
            if re.fullmatch(r"[0-9]{1,10}", path.name):
                found[int(path.name)] = _read_boxes(path)
        return found

    def acknowledge(self, epoch: int, box_id: bytes, digest: bytes) -> None:
        """Remember a box that the server has acknowledged. Raises Refused."""
        make_folder(self.folder / COVER)
        path = self.folder / COVER / str(epoch)
        boxes = _read_boxes(path) if path.exists() else {}
        boxes[box_id] = digest
        # Sorted, so that the file does not tell in which order they were sent.
        _write_lines(path, [f"{one.hex()} {boxes[one].hex()}" for one in sorted(boxes)])


_AGAIN = (
    ": put back a sound copy, or begin in an empty folder and compare its roster's hash with another machine's, because "
    "what changed before would not show."
)


def make_folder(folder: Path) -> None:
    """A folder for its owner alone, if it is not there yet. Raises Refused."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{folder} cannot be made: {(error.strerror or 'it failed').lower()}.") from None


def _size(folder: Path) -> int:
    try:
        return sum(path.lstat().st_size for path in folder.iterdir())
    except OSError as error:
        raise Refused(f"{folder} cannot be read: {(error.strerror or 'it failed').lower()}.") from None


@contextlib.contextmanager
def held(folder: Path, what: str) -> Iterator[None]:
    """Make `folder`, and let one command at a time do `what` (a word, which names the lock's file). Raises Refused."""
    make_folder(folder)
    try:
        descriptor = os.open(folder / f".{what}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Refused(f"{folder} cannot be used: {(error.strerror or 'it failed').lower()}.") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused(f"Another `courier {what}` works with {folder}; wait for it, or choose another folder.") from None
        yield
    finally:
        os.close(descriptor)


def _read_boxes(path: Path) -> dict[bytes, bytes]:
    found = [_BOX.fullmatch(line) for line in _read_lines(path)]
    if not all(found):
        raise Refused(f"{path} is damaged: put back a sound copy; without it a lost box would not show.")
    return {bytes.fromhex(one.group(1)): bytes.fromhex(one.group(2)) for one in found if one}


def _read_lines(path: Path) -> list[str]:
    body, _, end = files.read(path, _MOST).rpartition(b"sum ")
    lines = body.decode("ascii", "replace").splitlines()
    if end != hashlib.sha256(body).hexdigest().encode() + b"\n" or lines[:1] != [_FIRST]:
        raise Refused(f"{path} is damaged{_AGAIN}")
    return lines[1:]


def _write_lines(path: Path, lines: list[str]) -> None:
    body = "".join(f"{line}\n" for line in [_FIRST, *lines]).encode("ascii")
    files.write_whole(path, body + f"sum {hashlib.sha256(body).hexdigest()}\n".encode())


def _renew(path: Path, data: bytes) -> None:
    if not path.exists() or files.read(path, _MOST) != data:
        files.write_whole(path, data)
