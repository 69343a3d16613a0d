"""Submissions: letters that are whole and verified, those that still wait for parts, and how far their files have come.

A letter is read once, when its last part is in the vault; what it says is then a sealed record. A letter that breaks the
rules is recorded as refused, by name, and harms no other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from knothole_client.desk.boxes import Boxes
from knothole_client.desk.records import Records
from knothole_client.desk.streams import Group, Place, Streams
from knothole_client.desk.suspects import Suspects
from knothole_keys import clock
from knothole_keys.errors import BadFileName, BadLetterSignature, KnotholeError, MalformedLetter, Refused
from knothole_keys.letter import FileEntry, Letter, read_letter
from knothole_keys.open import Opened
from knothole_keys.stream import count_of

_LETTER_ERRORS = (MalformedLetter, BadLetterSignature, BadFileName)


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
class Submission:
    """A letter and its files. One that waits for parts of the letter itself has no day, no message and no files yet."""

    id: str
    group: Group
    have: int
    day: str = ""
    thread: str = ""
    message: str = ""
    language: str = ""
    recipients: tuple[str, ...] = ()
    roster: str = ""
    imported: str = ""
    capacity: int = 0
    files: tuple[FileState, ...] = ()
    damaged: bool = False

    @property
    def read(self) -> bool:
        """Whether the letter itself is whole."""
        return self.have == self.group.count

    @property
    def complete(self) -> bool:
        """Whether the letter and every file of its table is whole, and no box of theirs was found damaged."""
        return self.read and not self.damaged and all(file.whole for file in self.files)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.entry.size for file in self.files)

    def file_group(self, entry: FileEntry) -> Group:
        """The stream that a file outside the letter travels in."""
        return Group("file", entry.stream, entry.root, count_of(entry.size, self.capacity))

    def value(self) -> dict[str, Any]:
        """The submission as `list --json` shows it. The reply key stays in the vault."""
        return {
            "id": self.id,
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


class Inbox:
    """Everything that has come, as the vault's records tell it."""

    def __init__(self, records: Records, boxes: Boxes) -> None:
        self._records, self._boxes = records, boxes
        self._streams, self._suspects = Streams(records), Suspects(records)

    def submissions(self) -> list[Submission]:
        """Every submission, by day; those whose letter waits for parts come last."""
        harmed = set(self._suspects.all().values())
        whole = [self._submission(value, harmed) for value in self._records.all("submission")]
        waiting = [
            Submission(group.stream.hex(), group, have)
            for group in self._streams.letters()
            if (have := self._streams.have(group)) < group.count
        ]
        return sorted(whole, key=lambda one: (one.day, one.id)) + sorted(waiting, key=lambda one: one.id)

    def refused(self) -> list[dict[str, Any]]:
        """The letters that broke the rules: `id`, the refusal's `name`, the `sentence`, the day `imported`."""
        return sorted(self._records.all("refused"), key=lambda one: str(one["id"]))

    def unclaimed(self, submissions: Iterable[Submission]) -> int:
        """How many streams of files have come that none of these letters names (yet)."""
        named = {one.file_group(file.entry) for one in submissions for file in one.files if not file.entry.inside}
        return sum(group not in named for group in self._streams.files())

    def damaged(self) -> list[str]:
        """The boxes of the vault (`epoch/id`) that could not be opened when they were last read."""
        return sorted(self._suspects.all())

    def find(self, start: str) -> Submission:
        """The submission whose id begins like this. Raises Refused."""
        found = [one for one in self.submissions() if start and one.id.startswith(start.lower())]
        if len(found) == 1:
            return found[0]
        if found:
            raise Refused("Several submissions' ids begin like this; give more of it.")
        for one in self.refused():
            if start and str(one["id"]).startswith(start.lower()):
                raise Refused(f"This letter was refused when it was imported: {one['sentence']}")
        raise Refused("No submission has this id; `knothole desk list` shows them.")

    def letter(self, submission: Submission) -> Letter:
        """Read a whole letter again out of its boxes, with the bytes of the files inside. Raises Refused and box refusals."""
        return self._read(submission.group)[0]

    def bodies(self, group: Group) -> Iterator[bytes]:
        """The bodies of a complete stream in order, each proved to be where it belongs; one box in memory at a time."""
        for index, place in enumerate(self._streams.places(group)):
            opened = self._open(group, place)
            if Group.of(opened.head) != group or opened.head.index != index:
                raise Refused("A box of the vault holds another part than its record says; use a copy of the vault.")
            yield opened.body

    def _open(self, group: Group, place: Place) -> Opened:
        try:
            opened = self._boxes.open(place.epoch, place.box_id, place.box_key)
        except KnotholeError:
            self._suspects.add(place.name, group.name)
            raise
        self._suspects.remove(place.name)
        return opened

    def read_letters(self, now: int) -> tuple[list[str], dict[str, str]]:
        """Read every letter that became whole: the new submissions' ids, and a sentence for each refused or unreadable one."""
        fresh, refused = [], {}
        for group in list(self._streams.letters()):
            name = group.stream.hex()
            if not self._streams.complete(group) or self._records.get("submission", name) or self._records.get("refused", name):
                continue
            try:
                letter, capacity = self._read(group)
            except _LETTER_ERRORS as error:
                value = {"id": name, "name": error.name, "sentence": str(error), "imported": clock.day_of(now)}
                with self._records.transaction():
                    self._records.put("refused", name, value)
                refused[name] = str(error)
            except KnotholeError as error:
                # The vault's copy of a box fails, not the letter: it is tried again at the next import.
                refused[name] = str(error)
            else:
                with self._records.transaction():
                    self._records.put("submission", name, _value(group, letter, capacity, clock.day_of(now)))
                fresh.append(name)
        return fresh, refused

    def _read(self, group: Group) -> tuple[Letter, int]:
        first = self._streams.place(group, 0)
        geometry = self._boxes.geometry(first.epoch) if first else None
        capacity = geometry.capacity if geometry else 0
        return read_letter(b"".join(self.bodies(group)), drop_id=self._boxes.drop_id, capacity=capacity), capacity

    def _submission(self, value: dict[str, Any], harmed: set[str]) -> Submission:
        capacity = value["capacity"]
        bare = Submission(
            id=value["id"],
            group=Group("letter", bytes.fromhex(value["id"]), bytes.fromhex(value["root"]), value["count"]),
            have=value["count"],
            day=value["day"],
            thread=value["thread"],
            message=value["message"],
            language=value["language"],
            recipients=tuple(value["recipients"]),
            roster=value["roster"],
            imported=value["imported"],
            capacity=capacity,
        )
        files = tuple(self._file(bare, _entry(item)) for item in value["files"])
        groups = [bare.group, *(bare.file_group(file.entry) for file in files if not file.entry.inside)]
        return Submission(**{**vars(bare), "files": files, "damaged": any(group.name in harmed for group in groups)})

    def _file(self, submission: Submission, entry: FileEntry) -> FileState:
        if entry.inside:
            return FileState(entry, "inside", 1, 1)
        group = submission.file_group(entry)
        have = self._streams.have(group)
        state = "complete" if have == group.count else "waiting" if have else "missing"
        return FileState(entry, state, group.count, have)


def _entry(item: dict[str, Any]) -> FileEntry:
    root, stream = bytes.fromhex(item["root"]), bytes.fromhex(item["stream"])
    return FileEntry(item["name"], item["size"], item["type"], root, stream, item["inside"])


def _value(group: Group, letter: Letter, capacity: int, day: str) -> dict[str, Any]:
    return {
        "id": group.stream.hex(),
        "root": group.root.hex(),
        "count": group.count,
        "capacity": capacity,
        "imported": day,
        "day": letter.day,
        "thread": letter.thread.hex(),
        "message": letter.message,
        "language": letter.language,
        "recipients": list(letter.recipients),
        "roster": letter.roster.hex(),
        "reply_key": letter.reply_key.hex(),
        "read": [{"sender": sender, "sequence": sequence} for sender, sequence in letter.read],
        "files": [entry.value() for entry in letter.files],
    }
