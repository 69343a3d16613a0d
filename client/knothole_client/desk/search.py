"""Search: an index that is never anywhere but in memory, built after the vault was unlocked, and gone when it is locked.

    index = Index()
    index.start(vault)                       in the background; index.progress says how far it is
    index.search('bridge "paid twice"')      at any time, over what is indexed by then

A document is a submission (`documents`). Its texts lie beside the index, compressed, for the few lines that a hit shows.
"""

import re
import sqlite3
import threading
import zlib
from collections.abc import Collection
from dataclasses import dataclass

from knothole_client.desk import terms
from knothole_client.desk.documents import COLUMNS, MAX_FIELD, Documents
from knothole_client.desk.documents import Document as Document
from knothole_client.desk.documents import documents as documents
from knothole_client.desk.records import Records
from knothole_client.desk.vault import Vault
from knothole_keys.errors import KnotholeError, Refused

_CATEGORIES = " ".join(one if len(one) == 2 else f"{one}*" for one in terms.CATEGORIES)
_COLUMNS = ", ".join(COLUMNS)
# Characters that are looked through for the lines that a hit shows, first and at most.
_FIRST, _SHOWN = 1000, 200_000
_AROUND = 80
# What would break a line, or hide in it, counts as a space: places in a snippet stay what they are.
_BLANKS = dict.fromkeys((*range(32), *range(127, 160), 8232, 8233), " ")


@dataclass(frozen=True, repr=False)
class Hit:
    """A submission that was found: in which column, of which file, a piece of plain text, and where in it the terms are."""

    id: str
    column: str
    label: str
    snippet: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Found:
    """Some hits, the best first, where they `start`, and how many there are in all (`total`)."""

    hits: list[Hit]
    start: int
    total: int


class Index:
    """The index of one vault. May be used by several threads."""

    def __init__(self) -> None:
        self._lock, self._stopped = threading.RLock(), threading.Event()
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        for pragma in ("temp_store = MEMORY", "trusted_schema = OFF"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute(
            f"create virtual table documents using fts5({_COLUMNS}, content = '', "
            f"tokenize = \"unicode61 remove_diacritics 2 categories '{_CATEGORIES}'\")"
        )
        # One transaction for ever: nothing is to become durable, and each commit would write a segment.
        self._db.execute("begin")
        self._rows: dict[str, int] = {}
        self._texts: dict[int, tuple[str, list[tuple[str, str, bytes]]]] = {}
        self._next, self._done, self._of = 1, 0, 0
        self._thread: threading.Thread | None = None
        self._failure = ""
        self._documents, self._built = Documents(), False
        # Whether the thread is at work, and whether it has to look for changes (again).
        self._turn, self._running, self._wanted = threading.Lock(), False, False

    @property
    def built(self) -> bool:
        """Whether all there was has been indexed once."""
        return self._built

    @property
    def progress(self) -> tuple[int, int]:
        """How many documents of how many are indexed as they are now, as far as `start` knows."""
        return self._done, self._of

    @property
    def failure(self) -> str:
        """Why building it ended too early, in a sentence, or ""."""
        return self._failure

    def start(self, vault: Vault) -> None:
        """Index in the background whatever in an open vault is not indexed as it is now; `close` it before the vault.

        Called again by the same thread when something changed, it knows at once how many documents that are.
        """
        with self._turn:
            self._wanted = True
            if self._running:
                return
        if self._built:
            if not self._look(vault.records):
                return
        else:
            # Before the thread, so that nobody sees a finished index of nothing.
            self._of = vault.records.count("submission")
        self._running, self._failure = True, ""
        self._thread = threading.Thread(target=self._build, args=(vault,), name="index", daemon=True)
        self._thread.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is built; whether it is."""
        if self._thread is not None:
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    def close(self) -> None:
        """Stop building it, and forget it."""
        self._stopped.set()
        self._db.interrupt()
        self.wait()
        with self._lock:
            self._db.close()
            self._rows.clear()
            self._texts.clear()

    def add(self, document: Document) -> None:
        """Index a document, in place of what was indexed of it."""
        fields = [(column, label, text[:MAX_FIELD]) for column, label, text in document.fields if text]
        row = _row(fields)
        kept = [(column, label, zlib.compress(text.encode("utf-8", "replace"), 1)) for column, label, text in fields]
        with self._lock:
            self.remove(document.id)
            self._db.execute(
                "insert into documents(rowid, message, names, notes, text) values (?, ?, ?, ?, ?)", [self._next, *row]
            )
            self._rows[document.id], self._texts[self._next] = self._next, (document.id, kept)
            self._next += 1

    def remove(self, submission: str) -> None:
        """Forget a document, if it is there."""
        with self._lock:
            number = self._rows.pop(submission, None)
            if number is not None:
                _, kept = self._texts.pop(number)
                row = _row([(column, label, _text(packed)) for column, label, packed in kept])
                # An index that keeps no text of its own has to be told what to take out.
                self._db.execute(
                    f"insert into documents(documents, rowid, {_COLUMNS}) values ('delete', ?, ?, ?, ?, ?)",  # noqa: S608
                    [number, *row],
                )

    def search(self, query: str, among: Collection[str] | None = None, start: int = 0, count: int = 50) -> Found:
        """The documents in which all terms occur (`terms.asked`), of those `among` where that is given. Raises Refused."""
        asked = terms.asked(query)
        if not asked:
            raise Refused("There is no word in this search; write at least one.")
        match = " AND ".join(term.phrase for term in asked)
        with self._lock:
            rows = self._db.execute(
                "select rowid from documents where documents match ? order by rank, rowid", [match]
            ).fetchall()
            every = [self._texts[number] for (number,) in rows]
            found = [one for one in every if among is None or one[0] in among]
            shown = found[start : start + count]
        patterns = [re.compile(term.pattern) for term in asked]
        hits = [_hit(submission, kept, patterns) for submission, kept in shown]
        return Found(hits, start, len(found))

    def _look(self, records: Records) -> list[str]:
        due, gone = self._documents.due(records)
        for one in gone:
            self.remove(one)
        self._done, self._of = self._documents.count - len(due), self._documents.count
        return due

    def _build(self, vault: Vault) -> None:
        try:
            with vault.beside() as records:
                while self._more():
                    for name in self._look(records):
                        document = self._documents.make(records, name, self._stopped.is_set)
                        if self._stopped.is_set():
                            return
                        self.add(document)
                        self._documents.keep(records, name)
                        self._done += 1
                    self._built = True
        except (KnotholeError, MemoryError, sqlite3.Error) as error:
            if self._stopped.is_set():
                return
            why = str(error) if isinstance(error, KnotholeError) else "This machine has too little memory for it."
            self._failure = f"Only {self._done} of {self._of} submissions can be searched. {why}"
            self._running = False

    def _more(self) -> bool:
        with self._turn:
            self._running, self._wanted = self._wanted, False
            return self._running


def _row(fields: list[tuple[str, str, str]]) -> list[str]:
    return [" \n".join(terms.indexed(text) for column, _, text in fields if column == wanted) for wanted in COLUMNS]


def _text(packed: bytes) -> str:
    return zlib.decompress(packed).decode()


def _hit(submission: str, kept: list[tuple[str, str, bytes]], patterns: list[re.Pattern[str]]) -> Hit:
    best: tuple[int, str, str, str, list[tuple[int, int]]] = (-1, "", "", "", [])
    for column, label, packed in kept:
        text = _text(packed)
        places = _places(text, patterns)
        if len(places) > best[0]:
            best = (len(places), column, label, text, places)
        if len(places) == len(patterns):
            break
    _, column, label, text, places = best
    first = min((start for start, _ in places), default=0)
    begin = max(0, first - _AROUND)
    piece = text[begin : first + 2 * _AROUND].translate(_BLANKS)
    within = terms.plain(piece)
    spans = {found.span() for pattern in patterns for found in pattern.finditer(within)}
    return Hit(submission, column, label, piece, _apart(spans))


def _places(text: str, patterns: list[re.Pattern[str]]) -> list[tuple[int, int]]:
    # Where each first is; mostly near the beginning, so more is only looked through where that does not do.
    places: list[tuple[int, int]] = []
    for length in (_FIRST, _SHOWN):
        searched = terms.plain(text[:length])
        places = [found.span() for pattern in patterns if (found := pattern.search(searched))]
        if len(places) == len(patterns) or len(text) <= length:
            break
    return places


def _apart(spans: Collection[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Spans in order, those that overlap made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[1] > span[0]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
