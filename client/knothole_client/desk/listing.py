"""Lists of submissions as people work with them: joined with marks, pseudonyms and answers, filtered, sorted, by the page.

    rows = Listing(vault).rows()
    page(rows, Filter(unread=True), "-day", 0, 50)

A `Listing` may be kept as long as its vault is open: what was not changed meanwhile, by itself or by another command, is not
opened again.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from knothole_client.desk import drop
from knothole_client.desk.answers import KIND as ANSWER
from knothole_client.desk.answers import Answer
from knothole_client.desk.boxes import Boxes
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.marks import KIND as MARK
from knothole_client.desk.marks import STATES, Mark, mark_of
from knothole_client.desk.pseudonyms import distinct
from knothole_client.desk.remembered import Remembered
from knothole_client.desk.submission import Summary, summary_of
from knothole_client.desk.vault import Vault
from knothole_keys import clock
from knothole_keys.errors import Refused

_NO_MARK = Mark()
# The records that summaries are made of (`Inbox.summaries`).
_SENT = ("submission", "letter stream", "refused", "cut off", "vault", "claims")
EMBARGOES = ("passed", "ahead")


@dataclass(frozen=True, repr=False)
class Row:
    """A submission in a line. `replies` counts this desk's answers in its thread, `replies_read` those that were read;
    `acknowledged` says whether an acknowledgement of it went out. What was not read yet has no thread and no pseudonym."""

    summary: Summary
    mark: Mark = _NO_MARK
    pseudonym: str = ""
    replies: int = 0
    replies_read: int = 0
    acknowledged: bool = False

    @property
    def id(self) -> str:
        """The submission's id."""
        return self.summary.id

    def value(self) -> dict[str, Any]:
        """What a row adds to a submission in JSON."""
        return {
            "mark": self.mark.value(),
            "pseudonym": self.pseudonym,
            "replies": self.replies,
            "replies_read": self.replies_read,
            "acknowledged": self.acknowledged,
        }


@dataclass(frozen=True)
class Filter:
    """What a list shows; what is not set does not matter. `today` is asked for embargoes and reminders.

    `embargo` is "passed" (its day has come) or "ahead"; `due` asks for reminders whose day has come; `thread` is how its id or
    its pseudonym begins; `among` are ids, a search's say.
    """

    unread: bool | None = None
    starred: bool | None = None
    label: str = ""
    state: str = ""
    assigned: str = ""
    thread: str = ""
    incomplete: bool | None = None
    embargo: str = ""
    due: bool | None = None
    answered: bool | None = None
    among: Collection[str] | None = None
    today: str = field(default_factory=clock.today)

    def __post_init__(self) -> None:
        if self.state and self.state not in STATES:
            raise Refused(f"There is no state of that name; choose one of {', '.join(STATES)}.")
        if self.embargo and self.embargo not in EMBARGOES:
            raise Refused("An embargo is passed or ahead; ask for one of them.")

    def shows(self, row: Row) -> bool:
        """Whether a row is to be seen."""
        mark = row.mark
        wanted = (
            (self.unread, not mark.seen),
            (self.starred, mark.star),
            (self.incomplete, not row.summary.complete),
            (self.due, bool(mark.reminder) and mark.reminder <= self.today),
            (self.answered, row.replies > 0),
        )
        return (
            all(asked is None or asked == is_so for asked, is_so in wanted)
            and (not self.label or self.label in mark.labels)
            and self.state in ("", mark.state)
            and self.assigned in ("", mark.assigned)
            and (not self.embargo or self._embargo(mark.embargo))
            and (not self.thread or self._thread(row))
            and (self.among is None or row.id in self.among)
        )

    def _embargo(self, day: str) -> bool:
        return bool(day) and (day <= self.today) == (self.embargo == "passed")

    def _thread(self, row: Row) -> bool:
        start = self.thread.lower()
        return row.summary.thread.startswith(start) or row.pseudonym.lower().startswith(start)


# Each ends with the id, so that an order is the same every time and pages neither repeat nor miss a row.
SORTS: dict[str, Callable[[Row], Any]] = {
    "day": lambda row: (row.summary.day, row.id),
    "imported": lambda row: (row.summary.imported, row.summary.day, row.id),
    "size": lambda row: (row.summary.size, row.id),
    "state": lambda row: (STATES.index(row.mark.state), row.summary.day, row.id),
}


@dataclass(frozen=True)
class Page:
    """Some rows of a list, where they `start` in it, how many it has in all (`total`), and how many the filter left out."""

    rows: list[Row]
    start: int
    total: int
    filtered: int = 0


@dataclass(frozen=True)
class Thread:
    """What one source sent, by day: how many of it are `unread`, how many files and bytes it names."""

    thread: str
    pseudonym: str
    rows: list[Row]

    @property
    def last(self) -> Row:
        """The newest letter."""
        return self.rows[-1]

    @property
    def unread(self) -> int:
        """How many were not seen yet."""
        return sum(not row.mark.seen for row in self.rows)


class Listing:
    """The rows of an open vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault, records = vault, vault.records
        self._summaries = Remembered(records, "submission", summary_of)
        self._marks = Remembered(records, MARK, lambda value: (str(value["id"]), mark_of(value)))
        self._answers = Remembered(records, ANSWER, lambda value: Answer(**value))
        self._sent: list[Summary] = []
        self._names: dict[str, str] = {}
        self._rows: list[Row] = []
        self._sent_as_of: tuple[int, ...] = ()
        self._rows_as_of: tuple[int, ...] = ()

    def rows(self) -> list[Row]:
        """Every submission, by day; those whose letter was not read come last."""
        records = self._vault.records
        sent, rows = records.changes(*_SENT), records.changes(*_SENT, MARK, ANSWER)
        if sent != self._sent_as_of:
            inbox = Inbox(records, Boxes(self._vault.boxes, drop.needed(records).chain))
            self._sent = inbox.summaries(known=self._summaries.all())
            self._names = distinct(one.thread for one in self._sent if one.read)
            self._sent_as_of = sent
        if rows != self._rows_as_of:
            self._rows, self._rows_as_of = self._join(), rows
        return self._rows

    def answers(self) -> list[Answer]:
        """What this desk says to sources, in no order."""
        return self._answers.all()

    def _join(self) -> list[Row]:
        marks, answers = dict(self._marks.all()), self._answers.all()
        replies: Counter[str] = Counter()
        read: Counter[str] = Counter()
        for one in answers:
            if one.kind == "reply":
                replies[one.thread] += 1
                read[one.thread] += bool(one.read)
        told = {one.letter for one in answers if one.kind == "acknowledgement" and one.times}
        return [
            Row(
                one,
                marks.get(one.id, _NO_MARK),
                self._names.get(one.thread, ""),
                replies[one.thread] if one.read else 0,
                read[one.thread] if one.read else 0,
                one.id in told,
            )
            for one in self._sent
        ]


def page(rows: Iterable[Row], chosen: Filter, sort: str = "", start: int = 0, count: int | None = None) -> Page:
    """Filter and sort rows, and take `count` of them from `start` on. Raises Refused.

    `sort` is one of SORTS, backwards with a dash before it; without, the order stays.
    """
    every = list(rows)
    shown = [row for row in every if chosen.shows(row)]
    if sort:
        by = SORTS.get(sort.removeprefix("-"))
        if by is None:
            raise Refused(f"A list is sorted by {', '.join(SORTS)}; a dash before it turns it around.")
        shown.sort(key=by, reverse=sort.startswith("-"))
    return Page(shown[start:] if count is None else shown[start : start + count], start, len(shown), len(every) - len(shown))


def threads(rows: Sequence[Row]) -> list[Thread]:
    """The same rows by source thread, in the order in which threads come first; what was not read yet stands alone."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.summary.thread or row.id, []).append(row)
    for several in found.values():
        several.sort(key=SORTS["day"])
    return [Thread(several[0].summary.thread, several[0].pseudonym, several) for several in found.values()]
