"""Reading letters that became whole, once each: what a letter says is then two sealed records, a summary and the rest.

A letter that breaks the rules is recorded as refused, by name, and harms no other. Nor does one that this machine cannot
read at all: which letters are being read is written down before, and struck out after. If the program is stopped in
between, by a lack of memory or by anything else, the next import reads those letters one by one; one at which it is
stopped alone is *cut off*, and not read again unless a person asks for it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from knothole_client.desk.answers import Answers
from knothole_client.desk.boxes import Boxes
from knothole_client.desk.claims import Claims
from knothole_client.desk.duplicates import Duplicates
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.records import Records
from knothole_client.desk.streams import Group, Streams
from knothole_client.desk.submission import content_value, file_group, summary_value
from knothole_keys import clock
from knothole_keys.errors import BadFileName, BadLetterSignature, KnotholeError, MalformedLetter, Refused
from knothole_keys.letter import Letter

_LETTER_ERRORS = (MalformedLetter, BadLetterSignature, BadFileName)
READING = ("vault", "being read")
# So many boxes of letters are read between two writes to the disk, and are in memory together.
BATCH = 16
_Result = tuple[Letter, int] | KnotholeError


@dataclass
class Outcome:
    """New submissions' ids, a sentence for each letter that was refused or unreadable, and the ids of those cut off."""

    letters: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    cut_off: list[str] = field(default_factory=list)


class Reading:
    """Reads the letters of a vault that is held for a change. `at_hand` has the bodies of some letters of one box."""

    def __init__(self, records: Records, boxes: Boxes, at_hand: Mapping[Group, bytes] | None = None) -> None:
        self._at_hand = at_hand or {}
        self._records, self._streams = records, Streams(records)
        self._claims, self._inbox = Claims(records, self._streams), Inbox(records, boxes)
        self._answers, self._duplicates = Answers(records), Duplicates(records)

    def chosen(self, starts: Iterable[str]) -> set[str]:
        """The ids of letters that were cut off, each named by how its id begins. Raises Refused."""
        ids = {str(value["id"]) for value in self._records.all("cut off")} | self._interrupted()
        chosen = set()
        for start in starts:
            found = [one for one in ids if start and one.startswith(start.lower())]
            if len(found) != 1:
                raise Refused(f"{len(found)} letters whose reading was cut off have this id; see `knothole desk list`.")
            chosen.add(found[0])
        return chosen

    def run(self, now: int, chosen: set[str] | None = None) -> Outcome:
        """Read all that is whole and was not read, also what an import before this one had no time for.

        Of the letters that were cut off, those `chosen` are tried once more.
        """
        self._claims.settle()
        done, alone = Outcome(), self._interrupted() | (chosen or set())
        self._note_interrupted()
        for batch in _batches(self._due(done, chosen or set()), alone):
            self._read(batch, clock.day_of(now), done)
        return done

    def _interrupted(self) -> set[str]:
        """The letters that were being read when the program was stopped."""
        value = self._records.get(*READING)
        return set(value["letters"]) if value else set()

    def _note_interrupted(self) -> None:
        # Of several nobody knows which one it was: they are read one by one next.
        names = self._interrupted()
        if len(names) == 1:
            with self._records.transaction():
                for name in names:
                    self._records.put("cut off", name, {"id": name})
                self._records.remove(*READING)

    def _due(self, done: Outcome, chosen: set[str]) -> list[Group]:
        due = {}
        for group, have in self._streams.letters():
            name = group.stream.hex()
            if have < group.count or self._records.has("submission", name) or self._records.has("refused", name):
                continue
            if name not in chosen and self._records.has("cut off", name):
                done.cut_off.append(name)
            else:
                due[name] = group
        return list(due.values())

    def _read(self, batch: list[Group], day: str, done: Outcome) -> None:
        names = [group.stream.hex() for group in batch]
        with self._records.transaction():
            self._records.put(*READING, {"letters": names})
        try:
            results = [(group, self._try(group)) for group in batch]
            with self._records.transaction():
                for group, result in results:
                    self._keep(group, result, day)
                    self._records.remove("cut off", group.stream.hex())
                self._records.remove(*READING)
        except MemoryError:
            # What follows must wait until this error, and all that it holds on to, is gone.
            results = None
        if results is not None:
            for name, result in zip(names, (result for _, result in results), strict=True):
                if isinstance(result, KnotholeError):
                    done.refused[name] = str(result)
                else:
                    done.letters.append(name)
        elif len(batch) > 1:
            for group in batch:
                self._read([group], day, done)
        else:
            self._note_interrupted()
            done.cut_off += names

    def _try(self, group: Group) -> _Result:
        try:
            return self._inbox.letter(group, self._at_hand.get(group))
        except KnotholeError as error:
            return error

    def _keep(self, group: Group, result: _Result, day: str) -> None:
        name = group.stream.hex()
        if isinstance(result, _LETTER_ERRORS):
            value = {"id": name, "name": result.name, "sentence": str(result), "imported": day}
            self._records.put("refused", name, value)
        elif not isinstance(result, KnotholeError):
            letter, capacity = result
            groups = (file_group(entry, capacity) for entry in letter.files if not entry.inside)
            outstanding = self._claims.claim(name, groups)
            self._records.put("submission", name, summary_value(group, letter, capacity, day, outstanding))
            self._records.put("content", name, content_value(letter))
            self._duplicates.note(name, letter.files)
            self._answers.mark_read(letter.thread.hex(), letter.read, letter.day)
        # Any other error is the vault's copy of a box, not the letter: it is tried again at the next import.


def _batches(due: Iterable[Group], alone: set[str]) -> Iterator[list[Group]]:
    batch: list[Group] = []
    for group in due:
        if group.stream.hex() in alone:
            yield [group]
            continue
        if batch and sum(one.count for one in batch) + group.count > BATCH:
            yield batch
            batch = []
        batch.append(group)
    if batch:
        yield batch
