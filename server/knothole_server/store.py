"""The store: the slabs of all kept epochs, and uploads into them. The one port that routes reach the disk through.

Slabs of the open epochs are made on the beat and not by the first box, so that a slab's birth tells nothing.
"""

import asyncio
import contextlib
import hashlib
import re
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from knothole_keys import files
from knothole_keys.box import Geometry
from knothole_keys.errors import Refused
from knothole_server.config import Limits
from knothole_server.disk import NoRoom, durably
from knothole_server.slab import Slab
from knothole_server.slab_commit import Committer
from knothole_server.slab_table import Shape, SlabDamaged

T = TypeVar("T")
_NAME = re.compile(r"(0|[1-9][0-9]{0,9})\.slab")
_PIECE = 65_536
_THREADS = 4
_RETRY_GROWING = 5.0


class BoxUnreadable(Exception):
    """A stored box's bytes are not those that were committed; `doctor` names it."""


def unreadable(path: Path, error: SlabDamaged | OSError) -> str:
    """The beginning of a sentence about a slab that cannot be opened."""
    why = (error.strerror or "it failed") if isinstance(error, OSError) else str(error).rstrip(".")
    return f"{path} cannot be read as a slab ({why.lower()})"


def slab_files(directory: Path) -> dict[int, Path]:
    """The slab files of a directory by epoch."""
    found = ((_NAME.fullmatch(path.name), path) for path in sorted(directory.iterdir()))
    return {int(match[1]): path for match, path in found if match}


class Store:
    """All slabs of a drop. Methods that are not `async` belong to start, stop and the beat."""

    def __init__(self, directory: Path, limits: Limits) -> None:
        self.slabs: dict[int, Slab] = {}
        self._directory = directory
        self._limits = limits
        self._full_until = 0.0
        self._growing = asyncio.Lock()
        directory.mkdir(mode=0o700, exist_ok=True)
        for unfinished in directory.glob(".*.slab.new"):
            unfinished.unlink()
        for epoch, path in slab_files(directory).items():
            try:
                slab = Slab.open(path)
            except (SlabDamaged, OSError) as error:
                raise Refused(f"{unreadable(path, error)}; restore it, or move it away, and start again.") from None
            if slab.shape.epoch != epoch:
                raise Refused(f"{path} holds another epoch than its name says; put its name right and start again.")
            self.slabs[epoch] = slab
        self._threads = ThreadPoolExecutor(_THREADS, "disk")
        self._committer = Committer()

    def has(self, epoch: int, box_id: bytes) -> bool:
        """Whether a box is stored and durable; answered from memory."""
        slab = self.slabs.get(epoch)
        return slab is not None and box_id in slab.index

    def make(self, epoch: int, geometry: Geometry) -> Slab:
        """The slab of an open epoch, made if need be.

        A root may change the look of an epoch that the server already opens, in the day before it begins: an empty slab
        of the old look gives way. Raises NoRoom; Refused when boxes of another look lie there.
        """
        slab = self.slabs.get(epoch)
        if slab is not None and (slab.shape.size, slab.shape.slots) != (geometry.size, geometry.slots):
            if slab.index or slab.damaged or not slab.idle:
                raise Refused(f"The slab of epoch {epoch} holds boxes of another size than the root says.")
            self._remove(epoch)
            slab = None
        if slab is None:
            limits = self._limits
            extents = {"first": limits.first_extent, "later": limits.later_extent, "least": limits.least_places}
            shape = Shape.plan(epoch, geometry.size, geometry.slots, **extents)
            slab = self.slabs[epoch] = Slab.create(self._directory / f"{epoch}.slab", shape)
        return slab

    def remove_kept_until(self, over: Callable[[int], bool]) -> None:
        """Delete the slabs of the epochs for which `over` is true; one that is in use waits for the next beat."""
        for epoch in [epoch for epoch, slab in self.slabs.items() if over(epoch) and slab.idle]:
            self._remove(epoch)

    def beat(self) -> None:
        """Touch every slab's times."""
        for slab in list(self.slabs.values()):
            slab.beat()

    async def upload(self, epoch: int, geometry: Geometry) -> "Upload":
        """A place for one box; nothing is written yet. Raises NoRoom, Refused."""
        slab = self.slabs.get(epoch)
        if slab is None or slab.shape.size != geometry.size or slab.shape.slots != geometry.slots:
            slab = self.make(epoch, geometry)
        if slab.low and time.monotonic() >= self._full_until:
            await self._grow(slab)
        position = slab.take()
        if position is None:
            raise NoRoom
        return Upload(slab, position, self._threads, self._committer)

    async def read(self, epoch: int, box_id: bytes) -> AsyncIterator[bytes]:
        """A stored box, piece by piece.

        The last piece is handed out only when the whole matches its SHA-256, so that a damaged box is never complete
        anywhere else; it is given up, and whoever asks for missing boxes hears that it is. Raises KeyError, BoxUnreadable.
        """
        slab = self.slabs[epoch]
        position, digest = slab.index[box_id]
        hasher = hashlib.sha256()
        with slab.held():
            for offset in range(0, slab.shape.size, _PIECE):
                try:
                    piece = await self._in_thread(slab.read, position, offset, _PIECE)
                except (OSError, SlabDamaged):
                    raise BoxUnreadable from None
                hasher.update(piece)
                if offset + _PIECE >= slab.shape.size and hasher.digest() != digest:
                    with contextlib.suppress(NoRoom):
                        await self._in_thread(slab.condemn, box_id, position)
                    raise BoxUnreadable
                yield piece

    def close(self) -> None:
        """Commit what waits and close every slab."""
        self._committer.close()
        self._threads.shutdown()
        for slab in self.slabs.values():
            slab.close()
        self.slabs.clear()

    async def _grow(self, slab: Slab) -> None:
        # Whoever still finds a free place does not wait for somebody else's growing.
        if self._growing.locked() and slab.free:
            return
        async with self._growing:
            if not slab.low:
                return
            try:
                await self._in_thread(slab.grow)
            except NoRoom:
                self._full_until = time.monotonic() + _RETRY_GROWING

    async def _in_thread(self, call: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    def _remove(self, epoch: int) -> None:
        slab = self.slabs.pop(epoch)
        slab.path.unlink(missing_ok=True)
        with contextlib.suppress(NoRoom), durably("a slab's end"):
            files.sync_directory(self._directory)
        slab.close()


class Upload:
    """One body on its way into its place. End it with `close`, whatever happened."""

    def __init__(self, slab: Slab, position: int, threads: ThreadPoolExecutor, committer: Committer) -> None:
        self._slab = slab
        self._position = position
        self._ours = True
        self._threads = threads
        self._committer = committer
        self._hasher = hashlib.sha256()
        self._written = 0
        self._last: Future[None] | None = None

    async def write(self, piece: bytes) -> None:
        """Hash and write the next piece. Raises NoRoom, OSError.

        It is done off the event loop, so that a slow disk keeps nobody from reading the board.
        """
        self._last = self._threads.submit(self._put, piece)
        await asyncio.wrap_future(self._last)

    async def commit(self, box_id: bytes) -> bool:
        """True when the box is stored and durable, False when its id was there before, and is durable, too."""
        self._ours = False
        waiting = self._committer.submit(self._slab, self._position, box_id, self._hasher.digest())
        stored = await asyncio.shield(asyncio.wrap_future(waiting))
        self._ours = not stored
        return stored

    async def close(self) -> None:
        """Give the place back, wiped, unless an entry holds it."""
        if self._ours:
            self._ours = False
            await asyncio.shield(asyncio.wrap_future(self._threads.submit(self._undo)))

    def _put(self, piece: bytes) -> None:
        offset, self._written = self._written, self._written + len(piece)
        self._hasher.update(piece)
        self._slab.write(self._position, offset, piece)

    def _undo(self) -> None:
        # A cancelled request leaves its last write behind in the pool: the place must not be another's before it is over.
        if self._last is not None:
            wait([self._last])
        self._slab.give_back(self._position, self._written)
