"""A line that fails: an HTTP proxy that drops answers after the server has committed, cuts and doubles requests.

with FaultyLine(port, faults=50, seed=1) as line:
    …  # use http://127.0.0.1:{line.port}; `line.done` counts what was done to whom

Each request is read whole, then one of KINDS happens to it, until `faults` have happened. The server behind it may be
killed and started again meanwhile: what cannot be reached is a closed connection.
"""

import contextlib
import http.client
import random
import socket
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

KINDS = ("cut before", "cut within", "answer dropped", "answer cut", "sent twice")
_HOP = {"connection", "keep-alive", "transfer-encoding"}


class FaultyLine:
    """The proxy; `of` names the paths that faults befall (by default: boxes), all others pass."""

    def __init__(self, upstream: int, *, faults: int, seed: int, odds: float = 0.6, of: str = "/boxes/") -> None:
        self.upstream = upstream
        self.left, self.done = faults, Counter[str]()
        self._random, self._odds, self._of = random.Random(seed), odds, of
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "FaultyLine":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fate(self, path: str) -> str:
        """What happens to the next request: one of KINDS, or "passed"."""
        with self._lock:
            if self.left == 0 or not path.startswith(self._of) or self._random.random() > self._odds:
                return "passed"
            self.left -= 1
            # Each kind in turn, so that none is left out.
            kind = KINDS[self.left % len(KINDS)]
            self.done[kind] += 1
            return kind


def _handler(line: FaultyLine) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                super().handle_one_request()
                return
            self.close_connection = True

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name in the base
            pass

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fate = line.fate(self.path)
            if fate == "cut before":
                return self._hang_up()
            if fate == "cut within":
                self._half(body)
                return self._hang_up()
            if fate == "sent twice":
                self._whole(body)
            status, headers, answer = self._whole(body)
            if fate == "answer dropped":
                return self._hang_up()
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer[: len(answer) // 2] if fate == "answer cut" else answer)
            return self._hang_up() if fate == "answer cut" else None

        do_GET = do_HEAD = do_PUT = do_POST = _any  # noqa: N815 - names that the base looks up

        def _whole(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            connection = http.client.HTTPConnection("127.0.0.1", line.upstream, timeout=60)
            try:
                connection.request(self.command, self.path, body=body or None, headers=dict(self.headers))
                answer = connection.getresponse()
                return answer.status, answer.getheaders(), answer.read()
            finally:
                connection.close()

        def _half(self, body: bytes) -> None:
            head = f"{self.command} {self.path} HTTP/1.1\r\n{self.headers}".encode().replace(b"\r\n", b"\n").strip()
            with socket.create_connection(("127.0.0.1", line.upstream), timeout=60) as connection:
                connection.sendall(head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body[: len(body) // 2])

        def _hang_up(self) -> None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    return Handler
