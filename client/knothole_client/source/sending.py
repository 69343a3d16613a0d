"""Sending a submission: which boxes are missing, sealing, uploading, trying again. No terminal here.

The letter goes first, all of it, then the files. A box that the server acknowledged (200 or 201) is on its disk; anything
else is sent again. At most THREADS boxes are in memory. Before each is sealed, the clock is asked whether the week and the
lists still hold.
"""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from knothole_client import parallel
from knothole_client.http import Connection
from knothole_client.source import missing, weeks
from knothole_client.source.submission import Part, Submission
from knothole_client.source.uploading import Uploader
from knothole_client.source.watch import AGAIN, Watch
from knothole_client.source.weeks import Week
from knothole_client.trust import View
from knothole_keys import clock
from knothole_keys.codename import ThreadKeys
from knothole_keys.errors import Refused
from knothole_keys.seal import Sealer

THREADS = 3
WEEK_OVER = (
    "The week in which you began is over, and not everybody who was to read has a key for the next. What was stored stays; "
    "send the same again with the same codename, and all of it goes to those who read now."
)
OTHER_WEEK = "The server is in another week than this machine: set the clock right (in UTC), then send again."


@dataclass
class Receipt:
    """What the server says: `stored` by this run, `already` there before. It says nothing about the newsroom."""

    stored: int = 0
    already: int = 0
    epochs: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class _Sealing:
    week: Week
    sealer: Sealer


class Sender:
    """Sends one thread's submissions to one drop."""

    def __init__(self, connection: Connection, view: View, keys: ThreadKeys, week: Week, *, seen: int) -> None:
        """`seen`: when `view` was fetched, by the clock."""
        self._connection, self._keys = connection, keys
        self._watch = Watch(connection, view, seen)
        self._uploader = Uploader(connection, AGAIN)
        self._lock = threading.Lock()
        self._sealing = self._for(week)
        self._refused: set[int] = set()
        self._receipt = Receipt()

    def send(self, submission: Submission, *, returning: bool, sent: Callable[[int], None]) -> Receipt:
        """Upload what is missing. `returning`: the codename existed before, so parts may be there already.

        `sent` is told of every box that the server has. Raises Refused; what is stored stays, and sending again goes on.
        """
        self._receipt = Receipt()
        there = self._look(submission, returning=returning)

        def one(part: Part) -> None:
            if part.key in there:
                self._count(already=True)
            else:
                self._deliver(part)
            sent(1)

        parallel.run(submission.letter_parts(), one, THREADS)
        parallel.run(submission.file_parts(), one, THREADS)
        return self._receipt

    # What is there already.

    def _look(self, submission: Submission, *, returning: bool) -> set[tuple[bytes, int]]:
        # A part counts wherever it lies: desks put streams together across weeks.
        week = self._sealing.week
        before = weeks.other(self._watch.view, week, week.epoch - 1)
        sealings = [self._sealing, self._for(before)] if before else [self._sealing]
        found: set[tuple[bytes, int]] = set()
        for batch in missing.batches(itertools.chain(submission.letter_parts(), submission.file_parts())):
            # A new source reads all this for nothing: without it she would ask faster than one who returns.
            loaded = (part.load() for part in batch)
            ids = [[sealing.sealer.box_id(head, body) for sealing in sealings] for head, body in loaded]
            for place, epoch in enumerate((week.epoch, week.epoch - 1)):
                asked = [row[place] for row in ids] if returning and place < len(sealings) else []
                has = missing.stored(self._connection, epoch, asked)
                found.update(part.key for part, there in zip(batch, has, strict=False) if there)
        return found

    # Sealing and sending one part.

    def _for(self, week: Week) -> _Sealing:
        return _Sealing(week, week.sealer(self._watch.view.chain.drop_id, self._keys))

    def _deliver(self, part: Part) -> None:
        head, body = part.load()
        while True:
            sealing = self._current()
            box_id, box = sealing.sealer.seal(head, body)
            status = self._uploader.put(sealing.week.epoch, box_id, box)
            if status != 409:
                break
            self._turn(sealing)
        self._count(already=status == 200, epoch=sealing.week.epoch)

    def _current(self) -> _Sealing:
        """What the next box is sealed for, by the clock and the lists as they are now. Raises Refused and what Watch raises."""
        with self._lock:
            now = clock.now()
            view, week = self._watch.check(now), self._sealing.week
            if week.epoch not in weeks.allowed(now):
                # What the server refused was refused in another week.
                self._refused.clear()
                week = self._another(week, now, WEEK_OVER)
            # Every time: after one thread was told that a reader has left, the others must not go on.
            week = weeks.renewed(view, week)
            if week != self._sealing.week:
                self._sealing = self._for(week)
            return self._sealing

    def _turn(self, refused: _Sealing) -> None:
        """Go to another week when the server does not take boxes of the one tried: a neighbour near the boundary only."""
        with self._lock:
            if self._sealing is refused:
                self._refused.add(refused.week.epoch)
                self._sealing = self._for(self._another(refused.week, clock.now(), OTHER_WEEK))

    def _another(self, week: Week, now: int, why: str) -> Week:
        for epoch in weeks.allowed(now):
            other = weeks.other(self._watch.view, week, epoch) if epoch not in self._refused else None
            if other:
                return other
        raise Refused(why)

    def _count(self, *, already: bool, epoch: int | None = None) -> None:
        with self._lock:
            self._receipt.already += already
            self._receipt.stored += not already
            if epoch is not None:
                self._receipt.epochs.add(epoch)
