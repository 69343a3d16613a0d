"""The real server in a thread of the tests' process, on a free port, and a second server that tells lies.

with serve(drop, tmp_path / "server") as served:
    Connection(served.url, token=served.token)
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from knothole_client.http import Connection, Patience
from knothole_server import tokens
from knothole_server.config import Config, Limits
from knothole_server.drop import Drop as ServerDrop
from knothole_server.published import Published
from knothole_server.serve import bind_tcp, make_server
from knothole_server.state import State
from tests.server.serving import fake_built
from tests.support.drop import Drop

QUICK = Patience(tries=3, first=0.01, most=0.02)
LIMITS = Limits(first_extent=4 * 2**20, later_extent=4 * 2**20, least_places=8)


@dataclass(frozen=True)
class Served:
    """A running server: where it is, what its courier may show, and the drop inside it."""

    url: str
    token: str
    server: ServerDrop

    def connect(self, *, token: bool = False, patience: Patience = QUICK) -> Connection:
        return Connection(self.url, token=self.token if token else None, patience=fresh(patience))

    def count(self, epoch: int) -> int:
        slab = self.server.store.slabs.get(epoch)
        return 0 if slab is None else len(slab.listing())


def fresh(patience: Patience) -> Patience:
    return Patience(patience.tries, patience.first, patience.most)


@contextlib.contextmanager
def serve(drop: Drop, folder: Path) -> Iterator[Served]:
    built = folder / "built"
    config = Config(folder / "drop", built, LIMITS)
    if not config.directory.exists():
        built.mkdir(parents=True)
        fake_built(built)
        config.directory.mkdir()
        State.create(config.state, Published(drop.chain, None))
        if drop.rosters:
            state = State(config.state)
            state.publish(drop.roster_bytes, None, drop.now)
            state.close()
    inside = ServerDrop(config)
    state = State(config.state)
    token = tokens.make(state, 1)
    state.close()
    listening = bind_tcp("127.0.0.1", 0)
    server = make_server(inside)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", token, inside)
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


Reply = tuple[int, bytes] | tuple[int, bytes, dict[str, str]]


@dataclass(frozen=True)
class Asked:
    """One request as the lying server got it."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]


@contextlib.contextmanager
def lie(answer: Callable[[Asked], Reply]) -> Iterator[tuple[str, list[Asked]]]:
    """A server that answers whatever `answer` makes up; yields its address and the list of what it was asked."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            one = Asked(self.command, self.path, body, {k.lower(): v for k, v in self.headers.items()})
            asked.append(one)
            status, content, *more = answer(one)
            headers = more[0] if more else {}
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers and headers.get("Transfer-Encoding") != "chunked":
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(content)

        do_GET = do_PUT = do_POST = handle_any  # noqa: N815 - http.server's names

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
