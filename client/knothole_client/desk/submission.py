"""What a submission is, in two sizes: the summary that a list shows, and all that its letter says.

Each has a sealed record of its own, so that a list of thousands opens thousands of small records and no message: it is
the source who chooses how long a message and its table of files are. Pure: no records are read or written here.
"""

from dataclasses import dataclass
from typing import Any

from knothole_client.desk.streams import Group
from knothole_keys.letter import FileEntry, Letter
from knothole_keys.stream import count_of

# Characters of a message that its summary keeps.
START = 80


@dataclass(frozen=True, repr=False)
class FileState:
    """A file of a letter's table: `inside`, `complete`, `waiting` for some of its parts, or `missing` all of them."""

    entry: FileEntry
    state: str
    parts: int
    have: int

    @property
    def whole(self) -> bool:
        """Whether every byte is in the vault."""
        return self.state in ("inside", "complete")

    def value(self) -> dict[str, Any]:
        """The file as `list --json` shows it."""
        return {**self.entry.value(), "state": self.state, "parts": self.parts, "have": self.have}


@dataclass(frozen=True, repr=False)
class Summary:
    """A letter in a line. One that was not `read` yet has no day, no words and no files.

    `have` counts the letter's own boxes; a letter that is whole and still was not read may have been `cut_off`: the
    machine stopped while it was read. `start` is how the message begins; `outstanding` counts the files that lack parts.
    """

    id: str
    group: Group
    have: int
    read: bool = False
    cut_off: bool = False
    day: str = ""
    thread: str = ""
    start: str = ""
    imported: str = ""
    capacity: int = 0
    file_count: int = 0
    size: int = 0
    outstanding: int = 0
    damaged: bool = False

    @property
    def complete(self) -> bool:
        """Whether the letter and every file of its table is whole, and no box of theirs was found damaged."""
        return self.read and not self.damaged and not self.outstanding

    def file_group(self, entry: FileEntry) -> Group:
        """The stream that a file outside the letter travels in."""
        return file_group(entry, self.capacity)


@dataclass(frozen=True, repr=False)
class Submission(Summary):
    """A letter in full, and how far each of its files has come."""

    message: str = ""
    language: str = ""
    recipients: tuple[str, ...] = ()
    roster: str = ""
    files: tuple[FileState, ...] = ()

    def value(self) -> dict[str, Any]:
        """The submission as `list --json` shows it. The reply key stays in the vault."""
        return {
            "id": self.id,
            "read": self.read,
            "cut_off": self.cut_off,
            "complete": self.complete,
            "damaged": self.damaged,
            "day": self.day,
            "thread": self.thread,
            "message": self.message,
            "language": self.language,
            "recipients": list(self.recipients),
            "roster": self.roster,
            "imported": self.imported,
            "letter": {"parts": self.group.count, "have": self.have},
            "files": [file.value() for file in self.files],
        }


def file_group(entry: FileEntry, capacity: int) -> Group:
    """The stream that a file outside its letter travels in, in boxes of `capacity` bytes."""
    return Group("file", entry.stream, entry.root, count_of(entry.size, capacity))


def summary_value(group: Group, letter: Letter, capacity: int, day: str, outstanding: int) -> dict[str, Any]:
    """The small record of a letter that was read."""
    return {
        "id": group.stream.hex(),
        "root": group.root.hex(),
        "count": group.count,
        "capacity": capacity,
        "imported": day,
        "day": letter.day,
        "thread": letter.thread.hex(),
        "start": " ".join(letter.message[: 8 * START].split())[:START],
        "files": len(letter.files),
        # As text: a table of lies adds up to more than a number of canonical JSON can say.
        "size": str(sum(entry.size for entry in letter.files)),
        "outstanding": outstanding,
    }


def summary_of(value: dict[str, Any]) -> Summary:
    """Read what `summary_value` wrote."""
    return Summary(
        id=value["id"],
        group=Group("letter", bytes.fromhex(value["id"]), bytes.fromhex(value["root"]), value["count"]),
        have=value["count"],
        read=True,
        day=value["day"],
        thread=value["thread"],
        start=value["start"],
        imported=value["imported"],
        capacity=value["capacity"],
        file_count=value["files"],
        size=int(value["size"]),
        outstanding=value["outstanding"],
    )


def content_value(letter: Letter) -> dict[str, Any]:
    """The record of all that a letter says and its summary does not."""
    return {
        "message": letter.message,
        "language": letter.language,
        "recipients": list(letter.recipients),
        "roster": letter.roster.hex(),
        "reply_key": letter.reply_key.hex(),
        "read": [{"sender": sender, "sequence": sequence} for sender, sequence in letter.read],
        "files": [entry.value() for entry in letter.files],
    }


def entry_of(item: dict[str, Any]) -> FileEntry:
    """A line of the table as `content_value` wrote it."""
    root, stream = bytes.fromhex(item["root"]), bytes.fromhex(item["stream"])
    return FileEntry(item["name"], item["size"], item["type"], root, stream, item["inside"])
