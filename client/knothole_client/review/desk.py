"""What the review desk knows while its vault is open: all of it in memory, and gone when the vault is locked."""

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from knothole_client.desk import drop, looking
from knothole_client.desk.answers import Answer
from knothole_client.desk.boxes import Boxes
from knothole_client.desk.custody import ENTRY, Checking, Entry
from knothole_client.desk.duplicates import Alike
from knothole_client.desk.exposure import Exposure
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.listing import Filter, Listing, Row, Thread, page, threads
from knothole_client.desk.remembered import Remembered
from knothole_client.desk.submission import Submission
from knothole_client.desk.vault import Vault
from knothole_client.review.beside import Beside
from knothole_client.review.searching import Found, Search
from knothole_keys import clock

# Searches, jobs and previews that are kept, each; the oldest give way.
_KEPT = 12
_ORDERS = 16


@dataclass(frozen=True)
class Said:
    """A sentence for the next page: how something went."""

    text: str
    good: bool = True


@dataclass
class Job:
    """Work that takes longer than a page: what it is, where to go afterwards, and what came of it."""

    id: str
    title: str
    then: str
    over: bool = False


@dataclass(frozen=True)
class Views:
    """How many letters each view of the inbox has, and the newsroom's own words with how often they are used."""

    counts: Counter[str]
    states: Counter[str]
    labels: dict[str, int]
    roles: dict[str, int]


@dataclass
class _Known:
    rows: list[Row]
    threads: dict[str, Thread] = field(default_factory=dict)
    orders: dict[tuple[Filter, str], list[str]] = field(default_factory=dict)
    views: tuple[str, Views] | None = None


class Desk:
    """An open vault. Used in the vault's thread alone, but for `beside` and what is said to be otherwise."""

    def __init__(self, vault: Vault, inbox: Inbox, name: str) -> None:
        self.vault, self.inbox, self.drop = vault, inbox, name
        self.owner = str(vault.identity["name"])
        self.search = Search()
        self.stopped = threading.Event()
        self.opened: set[str] = set()
        self.said: list[Said] = []
        # What was typed into a form that was refused, by the form's address.
        self.typed: dict[str, str] = {}
        self.jobs: dict[str, Job] = {}
        self.found: dict[str, Found] = {}
        self.looks: dict[str, Any] = {}
        self.shredded: dict[str, Any] = {}
        # What the exposure check said of working copies, which never change.
        self.checked: dict[str, Exposure] = {}
        self.checking = Checking(vault.records)
        self._listing, self._known = Listing(vault), _Known([])
        self._entries = Remembered(vault.records, ENTRY, lambda value: Entry(**value))
        self._alike = Alike(vault.records)

    @classmethod
    @contextmanager
    def over(cls, vault: Vault, inbox: Inbox, name: str) -> Iterator["Desk"]:
        """A desk over an open vault; its index is built in the background, and ends with it."""
        desk = cls(vault, inbox, name)
        # The inbox first: somebody waits for it, and for the index nobody does yet.
        desk.views()
        desk.search.start(vault)
        try:
            yield desk
        finally:
            desk.stopped.set()
            desk.search.close()
            for forgotten in (
                desk.opened,
                desk.said,
                desk.typed,
                desk.jobs,
                desk.found,
                desk.looks,
                desk.shredded,
                desk.checked,
            ):
                forgotten.clear()
            desk._known = _Known([])

    def rows(self) -> list[Row]:
        """Every submission."""
        rows = self._listing.rows()
        if rows is not self._known.rows:
            every = threads(rows)
            self._known = _Known(rows, {one.thread or one.last.id: one for one in every})
        return rows

    def threads(self) -> dict[str, Thread]:
        """Every thread by its id; a letter that was not read yet stands alone, by its own."""
        self.rows()
        return self._known.threads

    def order(self, chosen: Filter, sort: str) -> list[str]:
        """The threads that have a letter which the filter shows, in order. Raises Refused."""
        rows = self.rows()
        known = self._known.orders
        if (chosen, sort) not in known:
            shown = page(rows, chosen, sort).rows
            if len(known) >= _ORDERS:
                known.clear()
            known[chosen, sort] = list(dict.fromkeys(row.summary.thread or row.id for row in shown))
        return known[chosen, sort]

    def views(self) -> Views:
        """What stands beside the inbox."""
        rows, today = self.rows(), clock.today()
        if self._known.views is None or self._known.views[0] != today:
            self._known.views = today, _views(rows, today)
        return self._known.views[1]

    def thread_of(self, row: Row) -> Thread:
        """The thread of a letter."""
        return self.threads()[row.summary.thread or row.id]

    def row(self, submission: str) -> Row | None:
        """A letter by its whole id."""
        return next((row for row in self.rows() if row.id == submission), None)

    def replies(self, thread: str) -> list[Answer]:
        """This desk's replies to a thread, in no order."""
        return [one for one in self._listing.answers() if one.kind == "reply" and one.thread == thread]

    def log(self) -> list[Entry]:
        """The custody log, in order."""
        return sorted(self._entries.all(), key=lambda one: one.number)

    def duplicates(self, submission: Submission) -> dict[str, list[str]]:
        """The other letters that name the same file, by its name in this one."""
        return self._alike.of(submission.id, [file.entry for file in submission.files])

    def readers(self, recipients: tuple[str, ...]) -> list[str]:
        """The names of those whom a letter was sealed to, as far as the newest roster has them; else how their id begins."""
        roster = drop.needed(self.vault.records).roster
        names = {one.id: one.name for one in roster.recipients} if roster else {}
        return [names.get(one, one[:10]) for one in recipients]

    def open_letter(self, submission: str) -> None:
        """Note that a letter was opened, once while the vault is open: the log is of acts, not of clicks."""
        if submission not in self.opened:
            unwritten = looking.opened(self.vault, submission, clock.now())
            if not unwritten:
                self.opened.add(submission)
            self.say(unwritten, good=False)

    def say(self, text: str, *, good: bool = True) -> None:
        """Have the next page say something, if it is anything."""
        if text:
            self.said.append(Said(text, good))

    @contextmanager
    def beside(self) -> Iterator[Beside]:
        """All that has come, for another thread; reading is refused once the vault is locked."""
        with self.vault.beside() as records:
            yield Beside(records, Boxes(self.vault.boxes, drop.needed(records).chain), self.stopped)

    def keep(self, among: dict[str, Any], make: Callable[[str], Any]) -> Any:
        """Keep something under a fresh random id, and not more than a few of its kind."""
        while len(among) >= _KEPT:
            among.pop(next(iter(among)))
        name = secrets.token_hex(8)
        among[name] = make(name)
        return among[name]


def _views(rows: list[Row], today: str) -> Views:
    asked = {
        "all": Filter(today=today),
        "unread": Filter(unread=True, today=today),
        "starred": Filter(starred=True, today=today),
        "due": Filter(due=True, today=today),
        "incomplete": Filter(incomplete=True, today=today),
        "unanswered": Filter(answered=False, today=today),
        "embargo": Filter(embargo="ahead", today=today),
    }
    counts = Counter({name: sum(map(one.shows, rows)) for name, one in asked.items() if name != "all"})
    counts["all"] = len(rows)
    labels = Counter(label for row in rows for label in row.mark.labels)
    roles = Counter(row.mark.assigned for row in rows if row.mark.assigned)
    states = Counter(row.mark.state for row in rows)
    return Views(counts, states, dict(sorted(labels.items())), dict(sorted(roles.items())))
