"""What can be searched: a document for each submission, and which of them changed since they were made.

A document is a submission: its message, its files' names, its notes and the text that was taken out of its files.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from knothole_client.desk.extracts import KIND as EXTRACT
from knothole_client.desk.notes import KIND as NOTES
from knothole_client.desk.records import Records

COLUMNS = ("message", "names", "notes", "text")
# The kinds of records that documents are made of.
KINDS = ("submission", "content", NOTES, EXTRACT)
# Characters of a field that are indexed; and of all its files' texts together, however many files a submission names.
MAX_FIELD = 1024 * 1024
MAX_TEXTS = 4 * MAX_FIELD
# Bytes of a place that say which file's text is meant.
_SHORT = 8


@dataclass(frozen=True, repr=False)
class Document:
    """What is indexed of a submission: (column, label, text) each. The label says which file a text is of, or is empty."""

    id: str
    fields: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class _Submission:
    day: str
    id: str
    content: bytes
    notes: bytes


class Documents:
    """Makes documents, and remembers of what. Of damaged records nothing is made (`Records.damaged`)."""

    def __init__(self) -> None:
        self._submissions: dict[bytes, _Submission] = {}
        self._contents: dict[bytes, bytes] = {}
        self._notes: dict[bytes, bytes] = {}
        self._extracts: dict[bytes, bytes] = {}
        # What each was made of, and the beginnings of the places where its files' texts lie or would lie.
        self._made: dict[str, tuple[bytes | None, bytes | None]] = {}
        self._texts: dict[str, bytes] = {}

    @property
    def count(self) -> int:
        """How many there were when `due` was asked last."""
        return len(self._submissions)

    def due(self, records: Records) -> tuple[list[str], list[str]]:
        """The submissions whose document is not made, or not of what is there now, the newest first; and those that went."""
        now = records.versions("submission")
        gone = [self._submissions.pop(place).id for place in self._submissions.keys() - now.keys()]
        for name in gone:
            self._made.pop(name, None)
            self._texts.pop(name, None)
        for place, value in records.at("submission", now.keys() - self._submissions.keys()):
            name = value["id"]
            kept = _Submission(value["day"], name, records.place("content", name), records.place(NOTES, name))
            self._submissions[place] = kept
        self._contents, self._notes = records.versions("content"), records.versions(NOTES)
        before, self._extracts = self._extracts, records.versions(EXTRACT)
        changed = {place[:_SHORT] for place, _ in before.items() ^ self._extracts.items()}
        for name in [name for name, texts in self._texts.items() if _has_any(texts, changed)]:
            self._made.pop(name, None)
            del self._texts[name]
        due = [one for one in self._submissions.values() if self._made.get(one.id) != self._version(one)]
        return [one.id for one in sorted(due, key=lambda one: (one.day, one.id), reverse=True)], gone

    def make(self, records: Records, submission: str, stopped: Callable[[], bool] = lambda: False) -> Document:
        """The document of a submission that `due` gave; once it is `stopped` it is not whole, and nothing more is opened."""
        one = self._submissions[records.place("submission", submission)]
        return Document(submission, tuple(self._fields(records, one, stopped)))

    def keep(self, records: Records, submission: str) -> None:
        """What was made of it is used now, and due no more until it changes."""
        # As of `due`: what changed since then is due the next time.
        self._made[submission] = self._version(self._submissions[records.place("submission", submission)])

    def _version(self, one: _Submission) -> tuple[bytes | None, bytes | None]:
        return self._contents.get(one.content), self._notes.get(one.notes)

    def _fields(self, records: Records, one: _Submission, stopped: Callable[[], bool]) -> Iterator[tuple[str, str, str]]:
        content = records.get_sound("content", one.id)
        files = content["files"] if content else []
        if content is not None:
            yield "message", "", content["message"]
            yield "names", "", "\n".join(item["name"] for item in files)
        if one.notes in self._notes and (value := records.get_sound(NOTES, one.id)):
            yield "notes", "", "\n".join(note["text"] for note in value["notes"])
        # One content may have every name of a table, and each of 65,536 contents a long text: it is the source who chooses.
        names: dict[str, str] = {}
        for item in files:
            names.setdefault(item["root"], item["name"])
        places = {root: records.place(EXTRACT, root) for root in names}
        self._texts[one.id] = b"".join(place[:_SHORT] for place in places.values())
        left = MAX_TEXTS
        for root, name in names.items():
            if stopped() or not left:
                return
            if places[root] in self._extracts and (value := records.get_sound(EXTRACT, root)) and value["text"]:
                text = value["text"][:left]
                left -= len(text)
                yield "text", name, text


def documents(records: Records, stopped: Callable[[], bool] = lambda: False) -> Iterator[Document]:
    """Everything that can be searched, the newest first."""
    made = Documents()
    for submission in made.due(records)[0]:
        if stopped():
            return
        yield made.make(records, submission, stopped)


def _has_any(texts: bytes, changed: set[bytes]) -> bool:
    for one in changed:
        at = texts.find(one)
        # Only where one begins.
        while at % _SHORT and at >= 0:
            at = texts.find(one, at + 1)
        if at >= 0:
            return True
    return False
