"""Exact duplicates: which other letters name a file of the same content and size.

A letter's table may have 65,536 lines, so what is compared lies in a record of its own: a digest, 16 bytes a line, of each
file's Merkle root and size. What a letter names need not have come yet; once it has, the root proves it. The root is made
of bodies that fill a box, so a file of several boxes is not recognised across a change of the drop's box size.
"""

import hashlib
from collections.abc import Iterable

from knothole_client.desk.records import DAMAGED, Records
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
        names: dict[bytes, list[str]] = {}
        for entry in files:
            # Empty files are all alike, and tell nothing.
            if entry.size:
                names.setdefault(digest(entry), []).append(entry.name)
        found: dict[str, list[str]] = {}
        if not names:
            return found
        for value in self._records.all_sound(KIND):
            if value["letter"] != letter:
                for one in names.keys() & _digests(value["files"]):
                    for name in names[one]:
                        found.setdefault(name, []).append(value["letter"])
        return {name: sorted(found[name]) for name in sorted(found)}


def digest(entry: FileEntry) -> bytes:
    """What is the same for two files of the same bytes."""
    return hashlib.sha256(entry.root + entry.size.to_bytes(8, "big")).digest()[:_DIGEST]


def _digests(text: str) -> set[bytes]:
    raw = fields.strict_base64(text)
    if raw is None:
        raise Refused(DAMAGED)
    return {raw[i : i + _DIGEST] for i in range(0, len(raw), _DIGEST)}
