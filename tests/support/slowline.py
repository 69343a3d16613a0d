"""A slow line: a TCP proxy on loopback that lets so many bytes a second through to the server, all connections together.

    with SlowLine(room.url, bytes_per_second=18_000) as line:
        page.goto(line.url)

Answers come back at full speed: what a source suffers from is the way up. `line.hang()` makes it a dead line that nobody
closed: connections stay open and nothing passes any more; `line.go_on()` lets it pass again.
"""

import contextlib
import socket
import threading
import time
from typing import Self
from urllib.parse import urlsplit

# Small pieces and small buffers: otherwise the machine's own buffers swallow whole boxes, and the line seems fast.
PIECE = 2048
BUFFER = 8192


class SlowLine:
    """A proxy to the server at `target` (an http URL on loopback) with one bucket of bytes for all connections."""

    def __init__(self, target: str, bytes_per_second: int) -> None:
        address = urlsplit(target)
        assert address.hostname is not None
        self._target = (address.hostname, address.port)
        self._rate = bytes_per_second
        self._bucket = threading.Lock()
        self._next = time.monotonic()
        self._passing = threading.Event()
        self._passing.set()
        self._open: list[socket.socket] = []
        self._listening = socket.socket()
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(64)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on()
        for one in [self._listening, *self._open]:
            _close(one)

    def hang(self) -> None:
        """Let nothing more through, and close nothing."""
        self._passing.clear()

    def go_on(self) -> None:
        """Let it through again."""
        self._passing.set()

    def _accept(self) -> None:
        while True:
            try:
                source, _ = self._listening.accept()
                server = socket.create_connection(self._target)
            except OSError:
                return
            self._open += [source, server]
            threading.Thread(target=self._pump, args=(source, server, PIECE), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, source, None), daemon=True).start()

    def _pump(self, taking: socket.socket, giving: socket.socket, piece: int | None) -> None:
        with contextlib.suppress(OSError):
            while data := taking.recv(piece or 2**16):
                if piece:
                    self._wait_for(len(data))
                self._passing.wait()
                giving.sendall(data)
        _close(taking)
        _close(giving)

    def _wait_for(self, count: int) -> None:
        with self._bucket:
            now = time.monotonic()
            self._next = max(self._next, now) + count / self._rate
            pause = self._next - now
        time.sleep(pause)


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
