"""What a visit costs on the wire: a proxy on loopback that counts each answer's bytes, head and body, as the server sent them.

with Counting(room.url) as line:
    line.hold("/worker.js")
    page.goto(line.url)
    line.go_on()
    line.answers  # [Counted("/", 17_280), …], in the order of asking
"""

import contextlib
import re
import socket
import threading
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


@dataclass
class Counted:
    """One request, and how many bytes its answer had; 0 until it is whole."""

    path: str
    size: int = 0


class Counting:
    """A proxy to the server at `target` (an http URL on loopback), for answers that say their length."""

    def __init__(self, target: str) -> None:
        self.answers: list[Counted] = []
        self._held: tuple[str, ...] = ()
        self._passing = threading.Event()
        self._target = ("127.0.0.1", urlsplit(target).port)
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on()
        for one in [self._listening, *self._open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def hold(self, *paths: str) -> None:
        """Pass no request for these on until `go_on`."""
        self._held = paths
        self._passing.clear()

    def go_on(self) -> None:
        """Let everything through."""
        self._held = ()
        self._passing.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self._listening.accept()
                server = socket.create_connection(self._target)
                self._open += [browser, server]
                threading.Thread(target=self._serve, args=(browser, server), daemon=True).start()

    def _serve(self, browser: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.closing(browser), contextlib.closing(server):
            asking, answering = _Messages(browser), _Messages(server)
            while request := asking.next():
                counted = Counted(request.split(b" ", 2)[1].decode("ascii"))
                self.answers.append(counted)
                if counted.path in self._held:
                    self._passing.wait()
                server.sendall(request)
                answer = answering.next()
                counted.size = len(answer)
                browser.sendall(answer)


class _Messages:
    """The messages of one direction of a connection."""

    def __init__(self, source: socket.socket) -> None:
        self._source, self._rest = source, b""

    def next(self) -> bytes:
        """Head and body; empty at the end."""
        data = self._rest
        while (end := data.find(b"\r\n\r\n") + 4) < 4:
            data += self._more()
            if not data:
                return b""
        length = _LENGTH.search(data, 0, end)
        whole = end + (int(length.group(1)) if length else 0)
        while len(data) < whole:
            data += self._more()
        self._rest = data[whole:]
        return data[:whole]

    def _more(self) -> bytes:
        data = self._source.recv(2**16)
        if not data and self._rest:
            raise OSError
        return data
