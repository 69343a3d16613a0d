"""Exact duplicates: which other letters name a file of the same content and size.

A letter's table may have 65,536 lines, so what is compared lies in a record of its own: a digest, 16 bytes a line, of each
file's Merkle root and size. What a letter names need not have come yet; once it has, the root proves it. The root is made
of bodies that fill a box, so a file of several boxes is not recognised across a change of the drop's box size.
"""

import hashlib
from collections.abc import Container, Iterable
from typing import Any

from knothole_client.desk.records import DAMAGED, Records
from knothole_client.desk.remembered import Remembered
from knothole_keys import fields
from knothole_keys.errors import Refused
from knothole_keys.letter import FileEntry

KIND = "contents of files"
_DIGEST = 16


class Duplicates:
    """Reads and writes these records."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def note(self, letter: str, files: Iterable[FileEntry]) -> None:
        """Write down what a letter names; inside the caller's transaction."""
        digests = {digest(entry) for entry in files if entry.size}
        if digests:
            value = {"letter": letter, "files": fields.to_base64(b"".join(sorted(digests)))}
            self._records.put(KIND, letter, value)

    def of(self, letter: str, files: Iterable[FileEntry]) -> dict[str, list[str]]:
        """The other letters that name the same content, by the name that a file has in this one; only files that have any."""
        names = _names(files)
        return _others(letter, names, _letters(map(_read, self._records.all_sound(KIND)), names)) if names else {}


class Alike:
    """`Duplicates.of` for a vault that stays open: what was not written since is not opened again."""

    def __init__(self, records: Records) -> None:
        self._records, self._known = records, Remembered(records, KIND, _read)
        self._letters: dict[bytes, list[str]] = {}
        self._as_of: tuple[int, ...] = ()

    def of(self, letter: str, files: Iterable[FileEntry]) -> dict[str, list[str]]:
        """As it has them."""
        now = self._records.changes(KIND)
        if now != self._as_of:
            self._letters, self._as_of = _letters(self._known.all()), now
        return _others(letter, _names(files), self._letters)


def _names(files: Iterable[FileEntry]) -> dict[bytes, list[str]]:
    names: dict[bytes, list[str]] = {}
    for entry in files:
        # Empty files are all alike, and tell nothing.
        if entry.size:
            names.setdefault(digest(entry), []).append(entry.name)
    return names


def _letters(known: Iterable[tuple[str, list[bytes]]], only: Container[bytes] | None = None) -> dict[bytes, list[str]]:
    letters: dict[bytes, list[str]] = {}
    for letter, digests in known:
        for one in digests:
            if only is None or one in only:
                letters.setdefault(one, []).append(letter)
    return letters


def _others(letter: str, names: dict[bytes, list[str]], letters: dict[bytes, list[str]]) -> dict[str, list[str]]:
    found = {
        name: others
        for one, several in names.items()
        if (others := sorted(set(letters.get(one, ())) - {letter}))
        for name in several
    }
    return dict(sorted(found.items()))


def digest(entry: FileEntry) -> bytes:
    """What is the same for two files of the same bytes."""
    return hashlib.sha256(entry.root + entry.size.to_bytes(8, "big")).digest()[:_DIGEST]


def _read(value: dict[str, Any]) -> tuple[str, list[bytes]]:
    raw = fields.strict_base64(value["files"])
    if raw is None:
        raise Refused(DAMAGED)
    return str(value["letter"]), [raw[i : i + _DIGEST] for i in range(0, len(raw), _DIGEST)]
