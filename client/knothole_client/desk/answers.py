"""What this desk says to sources: replies and acknowledgements, each a sealed record that knows how often it was exported.

A reply is exported until a letter of its thread names it as read, an acknowledgement until a newer one of the same letter
takes its place: at once, and again every month, as the board forgets after thirty days, seven times in all. What is too long
for the rest of a file goes on in the next one, in order, before anything else; when that comes too late, it begins again, as
the board would have forgotten its beginning before its end was there.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

from knothole_client.desk.records import Records
from knothole_keys.board import BOARD_DAYS
from knothole_keys.card import Card, Kind

KIND = "answer"
ROUNDS = 7
# Days that an answer may take to go out whole: what is left of the board's is for the source to read it in.
RESUMED = 25
_SEQUENCE = ("desk", "sequence")
# Bits below the day, and of a step where the day's number is not above the last one.
_RANDOM, _STEP = 32, 20
_EPOCH = "1970-01-01"


@dataclass(frozen=True, repr=False)
class Answer:
    """A card and its way out. Days are `YYYY-MM-DD`, `thread` and `letter` hexadecimal; a reply has no letter.

    `done` pieces of the present round are in files already; it, or else the last one, `begun` on a day. `first` and `last` are
    the days on which it was exported whole, `times` how often; `read` is the day of the letter that names it as read. Each is
    empty until then.
    """

    kind: Kind
    thread: str
    sender: str
    sequence: int
    day: str
    text: str
    letter: str = ""
    done: int = 0
    first: str = ""
    last: str = ""
    times: int = 0
    read: str = ""
    begun: str = ""

    @property
    def name(self) -> str:
        """The name of its record: one for each reply, and one for each letter that is acknowledged."""
        return f"{self.kind}/{self.letter or self.sequence}"

    @property
    def card(self) -> Card:
        """What travels."""
        return Card(self.kind, self.day, self.sender, self.sequence, self.text)

    def is_due(self, today: str) -> bool:
        """Whether it belongs into the next file."""
        if self.read:
            return False
        if self.done or not self.last:
            return True
        # A clock that was ahead for a day must not silence an answer for longer: then it is exported once more.
        return not 0 <= _days(self.last, today) < BOARD_DAYS and self.times < ROUNDS

    def resumed(self, today: str) -> "Answer":
        """The same, from its beginning when it was begun too long ago to go on."""
        stale = self.done and not (self.begun and 0 <= _days(self.begun, today) <= RESUMED)
        return replace(self, done=0) if stale else self

    def exported(self, pieces: int, of: int, today: str) -> "Answer":
        """The same after `pieces` more of its `of` slots went into a file."""
        done = self.done + pieces
        begun = self.begun if self.done else today
        if done < of:
            return replace(self, done=done, begun=begun)
        first = min(self.first or today, today)
        return replace(self, done=0, first=first, last=today, times=self.times + 1, begun=begun)

    @property
    def is_inside(self) -> bool:
        """Whether nothing of it was ever in a file."""
        return not (self.done or self.begun or self.first)

    def taken_back(self, day: str) -> "Answer":
        """The same, but due from its beginning if a part of its newest round went into the file of this day, which was lost."""
        went = self.begun <= day if self.done else bool(self.last) and (self.begun or self.last) <= day <= self.last
        if self.read or not went:
            return self
        return replace(self, done=0, last="", times=self.times if self.done else self.times - 1)


class Answers:
    """Reads and writes these records; damaged ones are left out (`Records.damaged`). What changes is put inside the caller's
    transaction.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def all(self, kind: Kind) -> list[Answer]:
        """Every answer of a kind, the oldest first."""
        return sorted((one for one in self._all() if one.kind == kind), key=lambda one: one.sequence)

    def due(self, today: str, lost: str = "") -> list[Answer]:
        """What belongs into the next file, in the order in which it goes; with what was in the file of the day `lost`."""
        every = (one.taken_back(lost) for one in self._all())
        return sorted((one.resumed(today) for one in every if one.is_due(today)), key=_order)

    def lost(self, day: str) -> list[Answer]:
        """What went into the file of this day and has to go out again, as `due` has it."""
        return [again for one in self._all() if (again := one.taken_back(day)) != one]

    def reply(self, sequence: int) -> Answer | None:
        """The reply of this number. Raises Refused when it is damaged."""
        value = self._records.get(KIND, f"reply/{sequence}")
        return None if value is None else Answer(**value)

    def remove(self, answer: Answer) -> None:
        """Forget an answer."""
        self._records.remove(KIND, answer.name)

    def acknowledgement(self, letter: str) -> Answer | None:
        """The newest acknowledgement of a letter, if there is one that can be read."""
        value = self._records.get_sound(KIND, f"acknowledgement/{letter}")
        return None if value is None else Answer(**value)

    def put(self, answer: Answer) -> None:
        """Write one down, in place of what has its name."""
        self._records.put(KIND, answer.name, asdict(answer))

    def next_sequence(self, today: str) -> int:
        """A number above all that this vault remembers, anywhere in its day as long as there is room.

        Not the next one: a vault restored from a backup does not know what was used since, and differences would count cards.
        """
        value = self._records.get(*_SEQUENCE)
        last = value["last"] if value else 0
        number = (_days(_EPOCH, today) << _RANDOM) + secrets.randbits(_RANDOM)
        if number <= last:
            number = last + 1 + secrets.randbits(_STEP)
        self._records.put(*_SEQUENCE, {"last": number})
        return number

    def mark_read(self, thread: str, read: Sequence[tuple[str, int]], day: str) -> None:
        """A letter of this thread and day names replies as read, by sender and sequence; other desks' are none of ours."""
        for sender, sequence in read:
            value = self._records.get_sound(KIND, f"reply/{sequence}")
            if value and (value["sender"], value["thread"], value["read"]) == (sender, thread, ""):
                self.put(replace(Answer(**value), read=day))

    def _all(self) -> Iterator[Answer]:
        return (Answer(**value) for value in self._records.all_sound(KIND))


def _order(one: Answer) -> tuple[bool, bool, str, int]:
    # Replies first; of each kind what was begun, then what never went out, then what went out longest ago.
    return one.kind != "reply", not one.done, one.last, one.sequence


def _days(since: str, until: str) -> int:
    return (date.fromisoformat(until) - date.fromisoformat(since)).days
