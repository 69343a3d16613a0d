"""The slots for uploads under way: who gets one, how long a newcomer waits, and who makes room.

A slot is taken after a body's prefix has come, so that a connection alone holds nothing. When all are taken and somebody
has waited, the slowest upload is let go rather than the newcomer, if it is slower than what the page itself gives up at:
64 senders of a byte a minute must not be able to shut the drop.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator

from knothole_server.config import Limits
from knothole_server.refusals import busy


class Passage:
    """One upload in its slot; it says what it received, and when it has everything."""

    def __init__(self, now: float, leash: asyncio.Timeout) -> None:
        self._since = now
        self._leash = leash
        self._received = 0
        self._whole = False

    def receive(self, length: int) -> None:
        """Count bytes of the body."""
        self._received += length

    def finish(self) -> None:
        """All has come: from here on nothing interrupts the upload, for its box may be on the disk already."""
        self._whole = True
        self._leash.reschedule(None)

    def rate(self, now: float) -> float:
        """Bytes a second so far; infinite when it is whole."""
        return float("inf") if self._whole else self._received / max(now - self._since, 1e-9)

    def age(self, now: float) -> float:
        """Seconds since it got its slot."""
        return now - self._since

    def let_go(self, now: float) -> None:
        """End it where it is."""
        self._whole = True
        self._leash.reschedule(now)


class Uploads:
    """`limits.uploads` slots, and the uploads of each box that are under way."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.uploads)
        self._under_way: set[Passage] = set()
        self._of_box: Counter[tuple[int, bytes]] = Counter()

    @property
    def taken(self) -> int:
        """How many slots are taken."""
        return len(self._under_way)

    @contextlib.contextmanager
    def counted(self, epoch: int, box_id: bytes, *, costly: bool) -> Iterator[None]:
        """Count an upload of a box. Raises Refusal (503) when boxes cost work, and this one is on its way often enough.

        One proof of work is good for one box: it must not pay for as many connections as somebody likes.
        """
        box = (epoch, box_id)
        if costly and self._of_box[box] >= self._limits.twins:
            raise busy(self._wait, "This box is on its way already; wait until that has ended before you send it again.")
        self._of_box[box] += 1
        try:
            yield
        finally:
            self._of_box[box] -= 1
            if not self._of_box[box]:
                del self._of_box[box]

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[Passage]:
        """A slot for one upload. Raises Refusal (503) when there is none, or when this upload was let go."""
        await self._enter()
        leash = asyncio.timeout(None)
        passage = Passage(asyncio.get_running_loop().time(), leash)
        self._under_way.add(passage)
        try:
            async with leash:
                yield passage
        except TimeoutError:
            message = "This upload was too slow while others waited; send this box again in a few seconds."
            # What is left of the body would come no faster.
            raise busy(self._wait, message, headers={"Connection": "close"}) from None
        finally:
            self._under_way.discard(passage)
            self._slots.release()

    async def _enter(self) -> None:
        for _ in range(2):
            try:
                async with asyncio.timeout(self._limits.upload_wait):
                    await self._slots.acquire()
            except TimeoutError:
                if not self._let_the_slowest_go():
                    break
            else:
                return
        raise busy(self._wait)

    def _let_the_slowest_go(self) -> bool:
        now = asyncio.get_running_loop().time()
        # What has just begun cannot be judged yet.
        old = [passage for passage in self._under_way if passage.age(now) >= self._limits.upload_wait]
        slowest = min(old, key=lambda passage: passage.rate(now), default=None)
        if slowest is None or slowest.rate(now) >= self._limits.slow_rate:
            return False
        slowest.let_go(now)
        return True

    @property
    def _wait(self) -> int:
        return int(self._limits.upload_wait)
