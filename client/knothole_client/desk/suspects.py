"""Boxes that the vault holds and could not open when they were read: a disk rots without a word.

The list is one sealed record. Whoever reads a box in vain writes it down; a box that opens again is taken off. While
anything is listed, an import does not trust lengths but opens every box that it knows: rot seldom comes alone.
"""

import sqlite3
from contextlib import suppress

from knothole_client.desk.claims import note_streams
from knothole_client.desk.records import Records

_RECORD = ("vault", "suspects")


class Suspects:
    """Damaged boxes by name (`epoch/id`), each with the name of the stream that it holds a part of."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def all(self) -> dict[str, str]:
        """The list as it stands."""
        value = self._records.get(*_RECORD)
        return dict(value["boxes"]) if value else {}

    def add(self, box: str, stream: str) -> None:
        """Put a box on the list. Never fails: what made the box unreadable is the more important thing to say."""
        # A vault on a read-only disk, or one that another command is writing to, keeps no list.
        with suppress(sqlite3.OperationalError):
            self._change({box: stream}, set())

    def remove(self, box: str) -> None:
        """Take a box off the list, if it is there."""
        if box in self.all():
            with suppress(sqlite3.OperationalError):
                self._change({}, {box})

    def _change(self, added: dict[str, str], removed: set[str]) -> None:
        with self._records.transaction():
            before = self.all()
            after = {box: stream for box, stream in {**before, **added}.items() if box not in removed}
            if after != before:
                self._records.put(*_RECORD, {"boxes": after})
                # What these letters' sources are told is no longer true, or is true again.
                streams = {**before, **after}
                note_streams(self._records, {streams[box] for box in before.keys() ^ after.keys()})
