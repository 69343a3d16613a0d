"""The one thread that commits boxes: many bodies share one fdatasync, then their entries share another.

An upload is acknowledged only when the batch that holds its entry is durable. Twins, two uploads of one id, wait for
the same commit: the first in line wins, and the other hears "already there" no earlier.
"""

import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from knothole_server.failstop import stop_now
from knothole_server.slab import Slab


@dataclass(frozen=True)
class Commit:
    """A body that was written to its place, waiting for its entry. `done`: True stored, False already there."""

    slab: Slab
    position: int
    box_id: bytes
    digest: bytes
    done: "Future[bool]" = field(default_factory=Future)


class Committer:
    """Start it once for a directory; `submit` from any thread; `close` commits what is waiting and ends."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Commit | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def submit(self, slab: Slab, position: int, box_id: bytes, digest: bytes) -> "Future[bool]":
        """Ask for a box to be committed.

        The future yields True once the box is durable, or False when its id already is; after False the place still
        belongs to the caller.
        """
        commit = Commit(slab, position, box_id, digest)
        self._waiting.put(commit)
        return commit.done

    def close(self) -> None:
        """Commit what waits, then end the thread."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch, ended = [first], False
            while not self._waiting.empty():
                following = self._waiting.get()
                if following is None:
                    ended = True
                    break
                batch.append(following)
            try:
                commit_batch(batch)
            except Exception:  # noqa: BLE001 - a dead committer would leave every sender waiting for ever
                stop_now("boxes could not be committed")
            if ended:
                return


def commit_batch(batch: list[Commit]) -> None:
    """Make a batch durable and resolve its futures; any failure of the disk stops the process."""
    winners: dict[tuple[int, bytes], Commit] = {}
    for commit in batch:
        if commit.box_id not in commit.slab.index:
            winners.setdefault((id(commit.slab), commit.box_id), commit)
    slabs = {id(commit.slab): commit.slab for commit in winners.values()}.values()
    try:
        for slab in slabs:
            slab.sync()
        for commit in winners.values():
            commit.slab.enter(commit.position, commit.box_id, commit.digest)
        for slab in slabs:
            slab.sync()
    except OSError:
        stop_now("a box could not be made durable")
    for commit in winners.values():
        commit.slab.settle(commit.position, commit.box_id, commit.digest)
    for commit in batch:
        commit.done.set_result(winners.get((id(commit.slab), commit.box_id)) is commit)
