"""One drop, open for serving: its directory's lock, state, store and page, and the beat that tends them."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request

from knothole_keys import clock, files
from knothole_keys.board import BOARD_DAYS
from knothole_keys.epoch import accepts, epoch_of
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.page import ANSWER, HTML
from knothole_server.config import Config
from knothole_server.disk import NoRoom
from knothole_server.page import Asset, read_assets, read_template, render
from knothole_server.permits import WINDOW, Permits
from knothole_server.published import Published
from knothole_server.state import COURIER, PERMIT, State
from knothole_server.state_thread import StateThread
from knothole_server.store import Store
from knothole_server.tokens import Tokens
from knothole_server.uploads import Uploads

PAGE_BYTES = 2**22


@dataclass(frozen=True)
class _Read:
    version: int
    published: Published
    difficulty: int
    permit_secrets: list[bytes]
    tokens: Tokens


class Drop:
    """Everything a route needs. Opening verifies roots and roster anew. Raises Refused, KnotholeError."""

    def __init__(self, config: Config) -> None:
        self.config = config
        with contextlib.ExitStack() as undo:
            if not config.directory.is_dir():
                raise Refused(f"{config.directory} does not exist; make a drop with `knothole server init`.")
            undo.enter_context(_naming(config))
            undo.callback(os.close, _lock(config))
            self.state = StateThread(config.state)
            undo.callback(self.state.close)
            self._retired, self._signed = dict[bytes, int](), list[bytes]()
            self._learn(self.state.call_now(_read_state))
            self.assets = {**self._render_pages(), **read_assets(config.built)}
            self.answer = read_template(config.built, ANSWER)
            self.store = Store(config.slabs, config.limits)
            undo.callback(self.store.close)
            self._make_open_slabs()
            self.uploads = Uploads(config.limits)
            self._undo = undo.pop_all()

    def close(self) -> None:
        """Commit what waits, close every file, give up the lock."""
        self._undo.close()

    async def refresh(self) -> None:
        """Switch to what another process has published or set, if it has."""
        if await self.state.call(State.version) != self._version:
            # What another process wrote was verified by it; if it does not verify here, what was known stays in force.
            with contextlib.suppress(KnotholeError):
                self._learn(await self.state.call(_read_state))

    async def publish(self, roster: bytes, roots: bytes | None) -> None:
        """Apply a roster, and roots if any came, together. Raises KnotholeError."""
        self.published = await self.state.call(State.publish, roster, roots, clock.now())

    async def require_courier(self, request: Request) -> None:
        """Check a courier's token, by what is revoked at this moment. Raises Refusal (401)."""
        await self.refresh()
        self.tokens.require(request)

    async def beat(self) -> None:
        """What is due on the steady beat: file times, slabs of the open epochs, the end of old slabs and slots."""
        now = clock.now()
        self._make_open_slabs()
        self.store.remove_kept_until(lambda epoch: self.published.is_over(epoch, now))
        self.store.beat()
        await self.state.call(State.drop_slots, self.published.day_agreed(now) - BOARD_DAYS + 1)

    async def tend(self) -> None:
        """Beat and refresh until cancelled."""
        limits, loop = self.config.limits, asyncio.get_running_loop()
        due = loop.time()
        while True:
            # A disk that is full or fails for a moment must not end the beat; uploads report it to whoever asks.
            with contextlib.suppress(OSError, Refused):
                await self.refresh()
                if loop.time() >= due:
                    due = loop.time() + limits.beat_seconds
                    await self.beat()
            await asyncio.sleep(limits.poll_seconds)

    def _learn(self, read: _Read) -> None:
        self._version, self.published = read.version, read.published
        *older, newest = read.permit_secrets
        window = clock.now() // WINDOW
        # This process may know more of them than are kept: somebody may rotate twice in ten minutes.
        known = {*older, *self._retired, *self._signed} - {newest}
        since = {secret: self._retired.get(secret, window) for secret in known}
        self._retired = {secret: last for secret, last in since.items() if last >= window - 1}
        self._signed = [newest]
        self.permits = Permits(newest, read.difficulty, self._retired)
        self.tokens = read.tokens

    def _make_open_slabs(self) -> None:
        now = clock.now()
        for epoch in range(epoch_of(now) - 1, epoch_of(now) + 2):
            geometry = self.published.geometry(epoch) if accepts(epoch, now) else None
            if geometry is not None:
                # The first upload that finds no room says so.
                with contextlib.suppress(NoRoom, Refused):
                    self.store.make(epoch, geometry)

    def _render_pages(self) -> dict[str, Asset]:
        # A release brings its own template; page and scripts must be of one release.
        shown = {}
        for language, page in render(self.config.built, self.published.chain).items():
            path = self.config.page_in(language)
            if not path.is_file() or files.read(path, PAGE_BYTES) != page:
                files.write_whole(path, page)
            shown[language.address] = Asset(page, HTML)
        return shown


@contextlib.contextmanager
def _naming(config: Config) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Refused(f"{config.directory} cannot be used: {(error.strerror or 'it failed').lower()}.") from None


def _lock(config: Config) -> int:
    descriptor = os.open(config.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise Refused(f"Another server runs on {config.directory}; stop it first.") from None
    return descriptor


def _read_state(state: State) -> _Read:
    # The version comes first: a change in between is then noticed at the next poll.
    version = state.version()
    tokens = Tokens(state.secrets(COURIER), [token_id for token_id, _, _ in state.tokens()])
    return _Read(version, state.published(), state.difficulty(), state.secrets(PERMIT), tokens)
