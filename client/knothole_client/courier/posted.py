"""Which files of slots were posted, so that none goes twice and none is tried for ever.

A file that is on the board moves into `posted/` beside the others, and its SHA-256 is noted in a small file beside the token's.
One of the two is enough: a stick may be read-only, a disk full. The noted hashes say no more than the board itself does.
"""

import hashlib
import os
import re
import secrets
from pathlib import Path

from knothole_keys import files
from knothole_keys.errors import Refused

POSTED = "posted"
# Years of days; the oldest go first.
MOST = 8192
_HASH = re.compile(r"[0-9a-f]{64}")


def beside(token_file: Path) -> Path:
    """The file of hashes for this token's file."""
    return token_file.with_name(f"{token_file.name}.posted")


class Memory:
    """What is remembered of the files in `folder`: by their place, and by hash in `noted`."""

    def __init__(self, folder: Path, noted: Path) -> None:
        self._folder, self._noted = folder, noted
        self._known = _read(noted)

    def has(self, slots: bytes) -> bool:
        """Whether a file of these slots is noted as posted."""
        return _digest(slots) in self._known

    def lacking(self) -> str | None:
        """Why nothing can be remembered, or None when something can. Asked before anything is posted."""
        try:
            _try_folder(self._folder)
            _try_folder(_make(self._folder))
        except OSError as error:
            moving = _reason(error)
        else:
            return None
        try:
            _write(self._noted, self._known)
        except Refused as error:
            return f"{self._folder / POSTED} cannot be written ({moving}), nor can their hashes be noted: {error}"
        return None

    def put(self, path: Path, slots: bytes) -> str | None:
        """Remember that this file was posted. Returns why it could not be."""
        noted = moved = ""
        try:
            self.move(path)
        except OSError as error:
            moved = f"{self._folder / POSTED} cannot be written ({_reason(error)})"
        try:
            known = [*(one for one in self._known if one != _digest(slots)), _digest(slots)][-MOST:]
            _write(self._noted, known)
            self._known = known
        except Refused as error:
            noted = f", nor can its hash be noted: {error}"
        return f"{moved}{noted}" if moved and noted else None

    def move(self, path: Path) -> None:
        """Move a file that was posted into `posted/`, durably. Raises OSError."""
        posted = _make(self._folder)
        target, number = posted / path.name, 1
        while os.path.lexists(target):
            target, number = posted / f"{path.name}.{number}", number + 1
        path.rename(target)
        for folder in (posted, self._folder):
            files.sync_directory(folder)


def _make(folder: Path) -> Path:
    posted = folder / POSTED
    posted.mkdir(mode=0o700, exist_ok=True)
    return posted


def _try_folder(folder: Path) -> None:
    # What permissions say is not what a mount does.
    trial = folder / f".{secrets.token_hex(8)}.trial"
    trial.touch(exist_ok=False)
    trial.unlink()


def _read(path: Path) -> list[str]:
    # A damaged list, or none, costs a repeat, which the server keeps once; it must never cost a day.
    try:
        lines = files.read(path, (MOST + 1) * 65).decode("ascii", "replace").splitlines()
    except Refused:
        return []
    return [line for line in lines if _HASH.fullmatch(line)][-MOST:]


def _write(path: Path, known: list[str]) -> None:
    files.write_whole(path, "".join(f"{one}\n" for one in known).encode())


def _digest(slots: bytes) -> str:
    return hashlib.sha256(slots).hexdigest()


def _reason(error: OSError) -> str:
    return (error.strerror or "it failed").lower()
