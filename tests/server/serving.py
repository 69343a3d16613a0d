"""A real server for tests: a drop's directory made by the product's own code, uvicorn in a thread, HTTP over loopback."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn

from knothole_keys import canonical, proof
from knothole_keys.languages import TRANSLATED
from knothole_keys.root import read_chain
from knothole_server import tokens
from knothole_server.config import Config, Limits
from knothole_server.drop import Drop as OpenDrop
from knothole_server.page import render
from knothole_server.published import Published
from knothole_server.serve import bind_tcp, make_server
from knothole_server.state import State
from tests.support.drop import Drop

WEB = Path(__file__).parents[2] / "server" / "web"

# The smallest extents: 16 places of 256 KiB.
SMALL = Limits(first_extent=0, later_extent=0, poll_seconds=0.1)


# A template without texts has none to translate.
NO_TEXTS = canonical.encode({one.code: {"reviewed": False, "texts": {}} for one in TRANSLATED}).decode()


def fake_built(folder: Path) -> Path:
    """A page that is small, but a page: the real one is tested in a browser."""
    folder.mkdir(exist_ok=True)
    page = '<!doctype html><html data-drop-id="{{ drop_id }}"><title>{{ drop }}</title><p>{{ fingerprint }}</p></html>'
    (folder / "page.html").write_text(page)
    shutil.copy(WEB / "form.html", folder)
    (folder / "texts.json").write_text(NO_TEXTS)
    (folder / "page.js").write_text('"use strict";\n')
    (folder / "page.css").write_text("body { margin: 0 }\n")
    (folder / "words.txt").write_text("abacus\n" * 50)
    (folder / "icon.svg").write_text("<svg/>\n")
    (folder / "facts.json").write_text("{}\n")
    return folder


def lay_out(folder: Path, drop: Drop, limits: Limits = SMALL, *, roster: bool = True) -> Config:
    """A server's directory for `drop`, as `init` and `publish` make it."""
    config = Config(folder / "served", fake_built(folder / "built"), limits)
    config.directory.mkdir(mode=0o700)
    published = Published(read_chain(drop.chain_bytes), None)
    State.create(config.state, published)
    for language, page in render(config.built, published.chain).items():
        config.page_in(language).write_bytes(page)
    if roster and drop.rosters:
        publish(config, drop)
    return config


def publish(config: Config, drop: Drop) -> None:
    """What `knothole server publish` does."""
    state = State(config.state)
    state.publish(drop.roster_bytes, drop.chain_bytes, drop.now)
    state.close()


def tree_hash(folder: Path) -> dict[str, str]:
    """Every file under `folder` with the SHA-256 of its bytes, slabs included."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                found[str(path.relative_to(folder))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


@dataclass
class Served:
    """A running server, and what a test needs to talk to it."""

    drop: Drop
    config: Config
    opened: OpenDrop
    port: int
    http: httpx.Client
    server: uvicorn.Server
    token: str

    def fake_box(self) -> bytes:
        """Bytes that the server cannot tell from a box."""
        geometry = self.drop.geometry()
        return geometry.prefix + os.urandom(geometry.size - len(geometry.prefix))

    def permit(self, box_id: bytes, epoch: int | None = None) -> dict[str, str]:
        """The headers of a PUT."""
        offered = self.http.get("/permit").json()
        nonce = proof.solve(offered["permit"], self.drop.epoch if epoch is None else epoch, box_id, offered["difficulty"])
        return {"Knothole-Permit": offered["permit"], "Knothole-Proof": str(nonce)}

    def put(self, box_id: bytes, data: bytes, *, epoch: int | None = None, **headers: str) -> httpx.Response:
        """PUT a box with a good permit."""
        epoch = self.drop.epoch if epoch is None else epoch
        sent = {**self.permit(box_id, epoch), **headers}
        return self.http.put(f"/boxes/{epoch}/{box_id.hex()}", content=data, headers=sent)

    @property
    def bearer(self) -> dict[str, str]:
        """A courier's header."""
        return {"Authorization": f"Bearer {self.token}"}

    def fetch(self, box_id: bytes, epoch: int | None = None) -> httpx.Response:
        """GET a box as a courier."""
        path = f"/courier/boxes/{self.drop.epoch if epoch is None else epoch}/{box_id.hex()}"
        return self.http.get(path, headers=self.bearer)

    def raw(self, request: bytes, *, shut: bool = False, timeout: float = 10) -> bytes:
        """Send bytes over a socket and read until the server is silent or closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            connection.sendall(request)
            if shut:
                connection.shutdown(socket.SHUT_WR)
            return read_answer(connection)

    def free_places(self, epoch: int | None = None) -> int:
        """How many places of the epoch's slab are free."""
        return self.opened.store.slabs[self.drop.epoch if epoch is None else epoch].free


def read_answer(connection: socket.socket) -> bytes:
    """One HTTP answer with a Content-Length, or whatever came before the end."""
    data = b""
    while True:
        try:
            piece = connection.recv(65_536)
        except (ConnectionResetError, TimeoutError):
            return data
        if not piece:
            return data
        data += piece
        head, separator, body = data.partition(b"\r\n\r\n")
        if separator and not head.startswith(b"HTTP/1.1 100"):
            lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            if lengths and len(body) >= int(lengths[0]):
                return data


def make_token(config: Config, days: int = 30) -> str:
    """What `knothole server courier-token` prints."""
    state = State(config.state)
    try:
        return tokens.make(state, days)
    finally:
        state.close()


@contextmanager
def serving(drop: Drop, config: Config) -> Iterator[Served]:
    """Serve `config` for `drop` until the block ends."""
    # Made before anybody looks at the disk: the server remembers its id.
    token = make_token(config)
    opened = OpenDrop(config)
    listening = bind_tcp("127.0.0.1", 0)
    server = make_server(opened)
    thread = threading.Thread(target=_run, args=(server, listening), daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    port = listening.getsockname()[1]
    try:
        plain = {"Accept-Encoding": "identity"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=plain, timeout=30) as http:
            yield Served(drop, config, opened, port, http, server, token)
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive()


def _run(server: uvicorn.Server, listening: socket.socket) -> None:
    server.run(sockets=[listening])


def wait_for(happened: Callable[[], object], seconds: float = 10) -> None:
    """Wait until `happened()` is true."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@contextmanager
def process(config: Config, before: str = "") -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The server in a process of its own, for killing and measuring; `before` is Python that runs first."""
    # Isolated, but with the code that this process tests.
    script = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from knothole_server.config import Config, Limits
from knothole_server.drop import Drop
from knothole_server.serve import be_silent, bind_tcp, make_server
{before}
be_silent()
drop = Drop(Config(Path({str(config.directory)!r}), Path({str(config.built)!r}), {config.limits!r}))
listening = bind_tcp("127.0.0.1", 0)
print(listening.getsockname()[1], flush=True)
make_server(drop).run(sockets=[listening])
"""
    running = subprocess.Popen([sys.executable, "-I", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    try:
        line = running.stdout.readline()
        assert line.strip().isdigit(), running.stderr.read() if running.stderr else ""
        yield running, int(line)
    finally:
        running.kill()
        running.wait()
        running.stdout.close()
        if running.stderr:
            running.stderr.close()


def copy_drop(config: Config, folder: Path) -> Config:
    """A copy of a stopped server's directory."""
    shutil.copytree(config.directory, folder)
    return Config(folder, config.built, config.limits)
