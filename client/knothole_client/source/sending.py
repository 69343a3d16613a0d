"""Sending a submission: which boxes are missing, sealing, uploading, trying again. No terminal here.

The letter goes first, all of it, then the files. A box that the server acknowledged (200 or 201) is on its disk; anything
else is sent again. At most THREADS boxes are in memory.
"""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from knothole_client import parallel
from knothole_client.http import JSON_LIMIT, Connection, Unreachable, refusal
from knothole_client.source import missing, weeks
from knothole_client.source.permits import Permits
from knothole_client.source.submission import Part, Submission
from knothole_client.source.weeks import Week
from knothole_client.trust import View
from knothole_keys import clock
from knothole_keys.codename import ThreadKeys
from knothole_keys.errors import Refused
from knothole_keys.seal import Sealer

THREADS = 3
# A permit is good for ten minutes at least: one refused this often in a row will not be taken at all.
MOST_PERMITS = 8


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

    def __init__(self, connection: Connection, view: View, keys: ThreadKeys, week: Week) -> None:
        self._connection, self._view, self._keys = connection, view, keys
        self._permits = Permits(connection)
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
        before = weeks.other(self._view, week, week.epoch - 1)
        found: set[tuple[bytes, int]] = set()
        parts = itertools.chain(submission.letter_parts(), submission.file_parts())
        if not returning:
            for epoch in (week.epoch, week.epoch - 1):
                missing.ask_about_nothing(self._connection, epoch, submission.count)
            return found
        for batch in missing.batches(parts):
            sealings = [self._sealing, self._for(before)] if before else [self._sealing]
            loaded = (part.load() for part in batch)
            ids = [[sealing.sealer.box_id(head, body) for sealing in sealings] for head, body in loaded]
            for place, sealing in enumerate(sealings):
                has = missing.stored(self._connection, sealing.week.epoch, [row[place] for row in ids])
                found.update(part.key for part, there in zip(batch, has, strict=True) if there)
            if not before:
                missing.ask_about_nothing(self._connection, week.epoch - 1, len(batch))
        return found

    # Sealing and sending one part.

    def _for(self, week: Week) -> _Sealing:
        return _Sealing(week, week.sealer(self._view.chain.drop_id, self._keys))

    def _deliver(self, part: Part) -> None:
        head, body = part.load()
        sealing = self._sealing
        while True:
            box_id, box = sealing.sealer.seal(head, body)
            status = self._put(sealing.week.epoch, box_id, box)
            if status != 409:
                break
            sealing = self._turn(sealing)
        self._count(already=status == 200, epoch=sealing.week.epoch)

    def _put(self, epoch: int, box_id: bytes, box: bytes) -> int:
        path = f"/boxes/{epoch}/{box_id.hex()}"
        patience, failures, permits = self._connection.patience, 0, 0
        while True:
            permit = self._permits.current()
            headers = {"Content-Type": "application/octet-stream", **permit.headers(epoch, box_id)}
            try:
                answer = self._connection.once("PUT", path, content=box, headers=headers, limit=JSON_LIMIT)
            except Unreachable as error:
                failures += 1
                if not patience.wait(failures):
                    raise _unfinished(error) from None
                continue
            if answer.status in (200, 201, 409):
                return answer.status
            if answer.status == 429 and permits < MOST_PERMITS:
                permits += 1
                self._permits.renew(permit, answer)
                continue
            failures += 1
            # A full disk is waited for here, as long as patience lasts: boxes of old weeks may be about to go.
            if not (answer.is_passing or answer.status == 507) or not patience.wait(failures):
                raise _unfinished(refusal(answer, "A box"))

    def _turn(self, refused: _Sealing) -> _Sealing:
        """The week to seal for when the server does not take boxes of the one tried: a neighbour near the boundary only."""
        with self._lock:
            if self._sealing is not refused:
                return self._sealing
            self._refused.add(refused.week.epoch)
            for epoch in weeks.allowed(clock.now()):
                week = weeks.other(self._view, refused.week, epoch) if epoch not in self._refused else None
                if week:
                    self._sealing = self._for(week)
                    return self._sealing
            raise Refused("The server is in another week than this machine: set the clock right (in UTC), then send again.")

    def _count(self, *, already: bool, epoch: int | None = None) -> None:
        with self._lock:
            self._receipt.already += already
            self._receipt.stored += not already
            if epoch is not None:
                self._receipt.epochs.add(epoch)


def _unfinished(error: Refused) -> Refused:
    return Refused(f"{error} What was stored stays; send the same again with the same codename, and only the rest is sent.")
