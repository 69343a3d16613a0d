"""The HTTP layer, with the deadlines and bounds that uvicorn does not have, and without a word of its own.

uvicorn sets no deadline for a request's head, and httptools no bound on its length; a few hundred half-open connections
would hold everything. Here a head has 15 seconds and 32 KiB, a body may not pause for a minute, and there are at most
512 connections. Answers of the parser look as those of the routes do.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from knothole_server.config import Limits
from knothole_server.headers import HEADERS, json_body

_HEAD, _BODY, _IDLE = "head", "body", "idle"


class QuietProtocol(HttpToolsProtocol):
    """One connection. `limits` is set by `quiet_protocol`; times are the event loop's."""

    limits = Limits()
    _stuck_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or turn it away when there are too many."""
        super().connection_made(transport)
        self._watcher: asyncio.TimerHandle | None = None
        self._enter(_HEAD)
        if len(self.connections) > self.limits.connections:
            self._turn_away(503, "busy", "The drop is busy; try again in a minute.")
            return
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        if self._watcher is not None:
            self._watcher.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and bound the length of a head."""
        if self.transport.is_closing():
            return
        self._heard = self.loop.time()
        super().data_received(data)
        if self._phase == _HEAD:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.head_bytes and not self.transport.is_closing():
                self._turn_away(431, "head", "The request's head is too long; send fewer headers.")

    def on_message_begin(self) -> None:
        """A request begins: its head's deadline runs from here."""
        super().on_message_begin()
        self._enter(_HEAD)

    def on_headers_complete(self) -> None:
        """The head is complete: the body's deadlines run from here."""
        self._enter(_BODY)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is complete: now it is the server's turn."""
        self._enter(_IDLE)
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The peer does not read its answer."""
        self._stuck_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._stuck_since = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are not ours
        """Answer what is not HTTP."""
        self._turn_away(400, "http", "This is not a request that the server can read.")

    def _enter(self, phase: str) -> None:
        self._phase = phase
        self._since = self._heard = self.loop.time()
        self._head_bytes = 0
        self._stuck_since = None

    def _watch(self) -> None:
        if self.transport.is_closing():
            return
        if self._overdue(self.loop.time()):
            self.transport.abort()
            return
        self._watcher = self.loop.call_later(min(1.0, self.limits.head_seconds / 4), self._watch)

    def _overdue(self, now: float) -> bool:
        limits = self.limits
        if self._stuck_since is not None and now - self._stuck_since > 2 * limits.stall_seconds:
            return True
        if self._phase == _HEAD:
            return now - self._since > limits.head_seconds
        if self._phase == _BODY:
            if self.flow.read_paused:
                # It is the server that is slow, not the sender.
                self._heard = now
            return now - self._heard > limits.stall_seconds or now - self._since > limits.body_seconds
        return False

    def _turn_away(self, status: int, code: str, message: str) -> None:
        body = json_body({"error": code, "message": message})
        lines = [STATUS_LINE[status]]
        headers = [*HEADERS, ("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        lines += [f"{name.lower()}: {value}\r\n".encode() for name, value in headers]
        self.transport.write(b"".join([*lines, b"connection: close\r\n\r\n", body]))
        self.transport.close()


def quiet_protocol(limits: Limits) -> type[QuietProtocol]:
    """The protocol class for a server with these limits."""
    return type("Bounded", (QuietProtocol,), {"limits": limits})
