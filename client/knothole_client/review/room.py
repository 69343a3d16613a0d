"""The vault as the review desk has it: open in one thread, locked when nobody asked for anything for five minutes.

A database is used by the thread that opened it. So everything that is done with the vault is done in one thread, a request
after the other; what takes long (a preview, an export) has its own way to the records (`Vault.beside`) in another.
"""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from knothole_client.desk import drop, keyfile
from knothole_client.desk import vault as vaults
from knothole_client.desk.boxes import Boxes
from knothole_client.desk.forgetting import forget
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.locks import Holding, asking
from knothole_client.review.desk import Desk
from knothole_keys.errors import KnotholeError, Refused

T = TypeVar("T")
IDLE_SECONDS = 300.0


class Locked(Exception):
    """The vault is locked."""


class Room:
    """A vault that is open or locked. `now` counts seconds, those of a machine that sleeps included."""

    def __init__(
        self,
        path: Path,
        key_file: Path | None = None,
        *,
        idle: float = IDLE_SECONDS,
        now: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
    ) -> None:
        self.path, self._key_file, self.idle = path, key_file, idle
        self._now, self._touched = now, now()
        self._thread = ThreadPoolExecutor(1, "vault")
        self._stack = ExitStack()
        self._desk: Desk | None = None
        self._busy = 0
        # Why it is locked, for the page that says so.
        self.because = ""

    @property
    def locked(self) -> bool:
        """Whether it is."""
        return self._desk is None

    @property
    def rested(self) -> float:
        """For how many seconds nobody asked for anything. Work that goes on is no rest."""
        return 0.0 if self._busy else self._now() - self._touched

    def touch(self) -> None:
        """Somebody is here."""
        self._touched = self._now()

    async def do(self, work: Callable[[Desk], T]) -> T:
        """Do something with the open vault, in its thread. Raises Locked, and what `work` raises."""

        def work_inside() -> T:
            if self._desk is None:
                raise Locked
            return work(self._desk)

        return await asyncio.get_running_loop().run_in_executor(self._thread, work_inside)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While something goes on that nobody waits for by asking, it is not locked for idleness."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self.touch()

    def holding(self, passphrase: bytes) -> Holding:
        """What opens the vault: the passphrase, and the key file that the command named where the vault asks for it."""
        missing = "This vault opens only with its key file as well: end the desk and start it with --key-file."
        return Holding(passphrase, keyfile.for_slots(vaults.slot_kinds(self.path), self._key_file, missing))

    def open(self, holding: Holding) -> None:
        """Open it, before anything is served. Raises Refused, WrongPassphrase."""
        self._thread.submit(self._open, holding).result()

    async def unlock(self, passphrase: bytes) -> None:
        """Open it again. Raises Refused, WrongPassphrase."""
        holding = self.holding(passphrase)
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._open, holding)
        finally:
            forget(holding.passphrase, holding.key_file)

    async def alone(self, passphrase: bytes, work: Callable[[Holding], T]) -> T:
        """Close the vault, have something done with what opens it, and open it again; it is locked where that fails.

        Raises Refused, WrongPassphrase, Locked, and what `work` raises.
        """
        if self._busy:
            raise Refused("Something is still under way here; try again when it is over.")
        holding = self.holding(passphrase)

        def inside() -> T:
            try:
                if self._desk is None:
                    raise Locked
                if not asking(self._desk.vault.locks.slots, holding, vaults.PURPOSE):
                    raise Refused("The passphrase is wrong.")
                self._close("")
                try:
                    return work(holding)
                finally:
                    self._open_again(holding)
            finally:
                forget(holding.passphrase, holding.key_file)

        with self.busy():
            return await asyncio.get_running_loop().run_in_executor(self._thread, inside)

    async def lock(self, because: str) -> None:
        """Forget everything; what is under way in the vault's thread is finished first."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close, because)

    def close(self) -> None:
        """Lock it for good."""
        self._thread.submit(self._close, "").result()
        self._thread.shutdown()

    def _open(self, holding: Holding) -> None:
        if self._desk is not None:
            return
        with ExitStack() as stack:
            vault = stack.enter_context(vaults.opened(self.path, holding))
            chain = drop.needed(vault.records).chain
            desk = stack.enter_context(Desk.over(vault, Inbox(vault.records, Boxes(vault.boxes, chain)), chain.current.drop))
            self._stack = stack.pop_all()
        self._desk = desk
        self.because = ""
        self.touch()

    def _open_again(self, holding: Holding) -> None:
        try:
            self._open(holding)
        except KnotholeError as error:
            self.because = f"What you asked for is done or was refused, but the vault could not be opened again: {error}"

    def _close(self, because: str) -> None:
        desk = self._desk
        if desk is None:
            return
        # Whoever finds it locked finds out why.
        self.because, self._desk = because, None
        desk.stopped.set()
        # Before anything is waited for, as the search may still be built.
        desk.vault.forget()
        self._stack.close()
        del desk
        # Pages and messages that were read are nobody's any more: now, and not when memory runs short.
        gc.collect()
