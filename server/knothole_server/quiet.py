"""The HTTP layer, with the deadlines and bounds that uvicorn does not have, and without a word of its own.

uvicorn sets no deadline for a request's head, and httptools no bound on its length; a few hundred half-open connections
would hold everything. Here, for as long as a connection exists, it is in one of these states, and each of them ends:

    head    15 seconds and 32 KiB of heads
    body    never a minute's pause, never slower than `body_rate`, at most half an hour; a day for a form of many boxes
    answer  the server's turn; whoever does not read is let go after two minutes without progress
    idle    15 seconds since the last answer had left, whatever bytes come that are not a request

One request at a time: the next one may begin when the last answer has left. Whoever sends it earlier, or sends what is
not HTTP, gets the answer that is on its way, and nothing more. Answers of the parser look as those of the routes do.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from knothole_keys.page import HEADERS
from knothole_server.config import BOX_BEGUN, Limits
from knothole_server.headers import json_body
from knothole_server.narrow import PIECE

# After `_DONE`, the request is complete: an answer, then an idle connection.
_HEAD, _BODY, _DONE = "head", "body", "done"


class _Unwanted(Exception):
    """Raised inside the parser's callbacks to stop it: what follows is not read."""


class QuietProtocol(HttpToolsProtocol):
    """One connection. `limits` is set by `quiet_protocol`; times are the event loop's."""

    limits = Limits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or turn it away when there are too many."""
        super().connection_made(transport)
        self._ending = False
        self._unsent, self._moved = 0, self.loop.time()
        self._enter(_HEAD)
        self._watch()
        if len(self.connections) > self.limits.connections:
            self._turn_away(503, "busy", "The drop is busy; try again in a minute.")

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        self._watcher.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and bound the length of a head."""
        if self._ending or self.transport.is_closing():
            return
        self._heard, self._of_bodies = self.loop.time(), 0
        super().data_received(data)
        if self._phase == _HEAD:
            # A body's end and the next head may come in one piece.
            self._head_bytes += len(data) - self._of_bodies
            if self._head_bytes > self.limits.head_bytes:
                self._turn_away(431, "head", "The request's head is too long; send fewer headers.")

    def on_message_begin(self) -> None:
        """A request begins: its head's deadline runs from here."""
        # A piece of a few hundred kilobytes holds thousands of requests: each would wait in memory for its turn.
        if self._answering():
            raise _Unwanted
        super().on_message_begin()
        self._enter(_HEAD)

    def on_headers_complete(self) -> None:
        """The head is complete: the body's deadlines run from here."""
        self._enter(_BODY)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of a body."""
        self._body_bytes += len(body)
        self._of_bodies += len(body)
        if self.scope["method"] in ("GET", "HEAD"):
            # No route reads it: it would lie in memory for as long as the answer takes.
            raise _Unwanted
        super().on_body(body)
        if len(self.cycle.body) >= PIECE:
            self.flow.pause_reading()

    def on_message_complete(self) -> None:
        """The request is complete: now it is the server's turn."""
        self._enter(_DONE)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is complete; what was not read of a refused body must not lie beside an idle connection."""
        self.cycle.body = bytearray()
        super().on_response_complete()

    def resume_writing(self) -> None:
        """The peer has read most of what waited, even if as much again waits at the next look."""
        self._moved = self.loop.time()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are not ours
        """Answer what is not HTTP."""
        self._turn_away(400, "http", "This is not a request that the server can read.")

    def _enter(self, phase: str) -> None:
        self._phase = phase
        self._since = self._heard = self._looked = self.loop.time()
        self._head_bytes = self._body_bytes = 0

    def _answering(self) -> bool:
        # Nobody can have read an answer of which a part has not left.
        return (self.cycle is not None and not self.cycle.response_complete) or self.transport.get_write_buffer_size() > 0

    def _watch(self) -> None:
        # Until `connection_lost`: a transport that is closing waits for ever for a peer that does not read.
        self._watcher = self.loop.call_later(min(1.0, self.limits.head_seconds / 4), self._watch)
        if self._overdue(self.loop.time()):
            self.transport.abort()

    def _overdue(self, now: float) -> bool:
        limits, unsent = self.limits, self.transport.get_write_buffer_size()
        if unsent < self._unsent or not unsent:
            self._moved = now
        self._unsent = unsent
        if now - self._moved > limits.unread_seconds:
            return True
        if self._phase == _HEAD:
            return now - self._since > limits.head_seconds
        if self._phase == _BODY:
            return self._body_overdue(now)
        if self._answering():
            self._since = now
        return now - self._since > limits.idle_seconds

    def _body_overdue(self, now: float) -> bool:
        limits = self.limits
        if self.flow.read_paused:
            # It is the server that is slow, not the sender.
            self._heard = now
            self._since += now - self._looked
        self._looked = now
        taken = now - self._since
        wanted = limits.body_rate * (taken - limits.stall_seconds)
        most = limits.form_seconds if self.scope["state"].get(BOX_BEGUN) else limits.body_seconds
        return now - self._heard > limits.stall_seconds or self._body_bytes < wanted or taken > most

    def _turn_away(self, status: int, code: str, message: str) -> None:
        self._ending = True
        if self.cycle is not None and not self.cycle.response_complete:
            # A word in between would pass for a part of the answer that is on its way.
            self.cycle.keep_alive = False
            return
        if not self._answering():
            body = json_body({"error": code, "message": message})
            lines = [STATUS_LINE[status]]
            headers = [*HEADERS, ("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
            lines += [f"{name.lower()}: {value}\r\n".encode() for name, value in headers]
            self.transport.write(b"".join([*lines, b"connection: close\r\n\r\n", body]))
        self.transport.close()


def quiet_protocol(limits: Limits) -> type[QuietProtocol]:
    """The protocol class for a server with these limits."""
    return type("Bounded", (QuietProtocol,), {"limits": limits})
