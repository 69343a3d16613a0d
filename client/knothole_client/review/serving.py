"""Serving the review desk on this machine's own loopback, and nowhere else; locking it when nobody is there."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import uvicorn

from knothole_client.review import browser
from knothole_client.review.app import HEADERS, create_app
from knothole_client.review.entrance import Entrance
from knothole_client.review.machine import Machine
from knothole_client.review.room import Room
from knothole_keys.errors import Refused

LOOPBACK = "127.0.0.1"
_LOOKS_EVERY = 1.0
_GRACE = 2


def bind(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one. Raises Refused."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen(64)
    except OSError as error:
        listening.close()
        raise Refused(f"Port {port} cannot be used: {(error.strerror or 'it failed').lower()}; choose another.") from None
    return listening


class Serving:
    """A review desk on a socket. `url` is where it is; `link` lets one browser in, once."""

    def __init__(self, room: Room, listening: socket.socket, machine: Machine | None = None) -> None:
        self.room, self._listening = room, listening
        port = listening.getsockname()[1]
        self.entrance = Entrance(port)
        self.url = f"http://{LOOPBACK}:{port}"
        settings = uvicorn.Config(
            create_app(room, self.entrance, f"{LOOPBACK}:{port}", machine),
            http="httptools",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            headers=HEADERS,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=_GRACE,
        )
        settings.load()
        self._server = uvicorn.Server(settings)
        # uvicorn fills these in at its first tick; an answer before that must carry them, too.
        self._server.server_state.default_headers = list(settings.encoded_headers)

    def link(self) -> str:
        """A new link; the one before is void, and so is the cookie that it became once the new one is used."""
        return self.url + self.entrance.new_link()

    async def run(self) -> None:
        """Serve until told to stop; the vault is locked then."""
        watch = asyncio.create_task(self._watch())
        try:
            await self._server.serve([self._listening])
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
            await self.room.lock("The desk ended.")

    def stop(self) -> None:
        """Have `run` end; may be called from another thread."""
        self._server.should_exit = True

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(min(_LOOKS_EVERY, self.room.idle / 4))
            if not self.room.locked and self.room.rested >= self.room.idle:
                await self.room.lock("Nobody was here for five minutes.")


def serve(room: Room, port: int, say: Callable[[str], None], *, open_browser: bool) -> None:
    """Serve an open room until Ctrl-C, and say where. Raises Refused."""
    logging.disable(logging.CRITICAL)
    os.umask(0o077)
    serving = Serving(room, bind(port))
    try:
        asyncio.run(_until_interrupted(serving, say, open_browser=open_browser))
    finally:
        room.close()


async def _until_interrupted(serving: Serving, say: Callable[[str], None], *, open_browser: bool) -> None:
    # A terminal that is closed, or a plain `kill`, must lock the vault and remove the browser's profile, too. uvicorn takes two
    # of these while it serves, and hands them on to what was there before.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: serving.stop())
    with contextlib.ExitStack() as stack:
        link = serving.link()
        if open_browser:
            started = stack.enter_context(browser.opened(link))
            stack.callback(asyncio.create_task(_gone(started, serving, say)).cancel)
            say(f"The review desk is open in a browser of its own, at {serving.url}.")
        else:
            say(f"The review desk is at {link}")
            say("This link lets one browser in, once.")
        say("It locks after five minutes without you. Ctrl-C ends it.")
        with _asked_for_links(serving, say):
            await serving.run()


async def _gone(started: "subprocess.Popen[bytes]", serving: Serving, say: Callable[[str], None]) -> None:
    """A browser that cannot start, or was closed, must not leave somebody before a desk that has no door."""
    while started.poll() is None:
        await asyncio.sleep(_LOOKS_EVERY / 2)
    say("The browser has ended. The desk is still here: Ctrl-C ends it, and this link lets another browser in, once:")
    say(serving.link())


@contextlib.contextmanager
def _asked_for_links(serving: Serving, say: Callable[[str], None]) -> Iterator[None]:
    """A line at the terminal asks for a new link."""
    if not sys.stdin.isatty():
        yield
        return

    def pressed() -> None:
        if os.read(sys.stdin.fileno(), 4096):
            say(serving.link())
        else:
            loop.remove_reader(sys.stdin)

    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, pressed)
    say("Press Enter here for a new link; it puts the browser out that is in.")
    try:
        yield
    finally:
        loop.remove_reader(sys.stdin)
