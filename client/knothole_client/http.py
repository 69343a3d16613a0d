"""Talking to a drop's server: bounded answers, patient retries, no surprises from the environment.

The server is trusted with nothing. An answer is read piece by piece and refused the moment it is longer than its kind may
be, or takes longer; redirects are not followed, compression is accepted only where an audit asks as a browser, no cookie is
kept, and proxies come from the command line alone.
"""

import json
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx
import socksio

from knothole_client.address import address, proxy_address
from knothole_client.unpack import Damaged, Overfull, unpacked
from knothole_client.wire import Deadline, open_pool
from knothole_keys import fields
from knothole_keys.errors import Refused

Sink = Callable[[bytes], None]
JSON_LIMIT = 256 * 1024
LOOK = {"User-Agent": "knothole", "Accept": "*/*", "Accept-Encoding": "identity"}
# An address that never answered is more likely wrong than out of order.
FIRST_TRIES = 4


class Unreachable(Refused):
    """The network failed between us and the server; trying again may help."""


class BadAnswer(Refused):
    """The server answered with something that no drop's server answers."""


class TooLong(BadAnswer):
    """The server's answer did not end where its kind must."""


class Compressed(BadAnswer):
    """The server compressed an answer that no drop's server compresses."""


@dataclass(frozen=True)
class Patience:
    """How long to go on trying: `tries` in all, waiting `first` seconds, then twice as long each time, `most` at most."""

    tries: int = 9
    first: float = 1.0
    most: float = 60.0
    stopped: threading.Event = field(default_factory=threading.Event, compare=False)

    def wait(self, failures: int, tries: int | None = None) -> bool:
        """Sleep after the `failures`-th failure in a row; False when patience is at its end or somebody said stop.

        Jitter: clients that failed together do not come back together. `tries` may only shorten the patience.
        """
        if failures >= min(self.tries, tries or self.tries):
            return False
        # Jitter needs no secrecy.
        return not self.stopped.wait(random.uniform(0.5, 1) * min(self.most, self.first * 2 ** (failures - 1)))


@dataclass(frozen=True)
class Pace:
    """How slow a server may be, in seconds: `silence` before its next sign of life, `connect` until it is reached at all.

    A request and its answer may together take as long as their bytes need at `slowest` bytes a second, and `spare` besides.
    """

    silence: float = 120.0
    connect: float = 90.0
    spare: float = 120.0
    slowest: float = 2000.0

    def whole(self, length: int) -> float:
        """Seconds that `length` bytes may take, both ways together."""
        return self.spare + length / self.slowest


@dataclass(frozen=True)
class Answer:
    """A status and a whole body, no longer than was allowed; `headers` as they came, names in lower case."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def object(self) -> dict[str, Any]:
        """The body as a JSON object (padded with spaces as the server does). Raises BadAnswer."""
        try:
            value = json.loads(self.body) if len(self.body) <= JSON_LIMIT else None
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise BadAnswer("The server's answer is not what a drop's server answers; is the address right?")
        return value

    @property
    def is_passing(self) -> bool:
        """Whether the server failed in a way that may be over in a minute; "no room" and an expired roster are not."""
        if self.status < 500 or self.status == 507:
            return False
        return not self.is_off

    @property
    def is_off(self) -> bool:
        """Whether the drop takes nothing until its administrators publish: the one 503 that waiting does not mend."""
        try:
            return self.status == 503 and self.object.get("error") == "sealing_off"
        except BadAnswer:
            return False

    @property
    def reason(self) -> str:
        """What the server says about a refusal, fit to be shown on a terminal; empty when it is not."""
        try:
            message = self.object.get("message")
        except BadAnswer:
            return ""
        if not isinstance(message, str) or not 0 < len(message) <= 300 or fields.has_forbidden(message):
            return ""
        return message


def refusal(answer: Answer, what: str) -> Refused:
    """The sentence for an answer that is not the one hoped for; `what` begins it, as "The box". Unreachable if it may pass."""
    meanings = {
        401: "the server does not accept this token; make a new one with `knothole server courier-token`",
        403: "the server does not accept this token; make a new one with `knothole server courier-token`",
        404: "the server does not have it; is the address right?",
        503: "the server is busy; try again in a few minutes",
        507: "the server has no room left; try again later",
    }
    if 300 <= answer.status < 400:
        return BadAnswer(f"{what}: the server sends us to another address; use the drop's own address.")
    meaning = meanings.get(answer.status, f"the server answered with code {answer.status}")
    if answer.is_off:
        meaning = "the drop takes nothing, because its roster or its root has run out; try again in a day or two"
    said = f' It says: "{answer.reason}"' if answer.reason else ""
    kind = Unreachable if answer.is_passing else Refused
    return kind(f"{what}: {meaning}.{said}")


class Connection:
    """A drop's server at one address. May be used by several threads; use it as a context manager."""

    def __init__(
        self,
        url: str,
        *,
        proxy: str | None = None,
        token: str | None = None,
        patience: Patience | None = None,
        pace: Pace | None = None,
        look: Mapping[str, str] | None = None,
    ) -> None:
        """`look`: the headers of every request, in this order, instead of those of this program."""
        self.url = address(url, proxied=proxy is not None)
        self.patience, self._pace = patience or Patience(), pace or Pace()
        self._headers = {
            # httpcore would leave the brackets of an IPv6 address out.
            "Host": httpx.URL(self.url).netloc.decode("ascii"),
            **(LOOK if look is None else look),
        }
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._answered = False
        self._deadline = Deadline()
        self._pool = open_pool(proxy_address(proxy), self._deadline)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.patience.stopped.set()
        self._pool.close()

    def once(
        self,
        method: str,
        path: str,
        *,
        limit: int,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        sink: Sink | None = None,
        packed: bool = False,
    ) -> Answer:
        """One request, one answer of at most `limit` bytes. Raises Unreachable, BadAnswer.

        `packed`: what was hoped for may come as gzip, and then has at most `limit` bytes packed and unpacked. With a `sink`,
        what was hoped for goes there piece by piece, and the answer's body is empty.
        """
        # A refusal may be longer than the small answer that was hoped for, and is never poured.
        longest = JSON_LIMIT if sink else max(limit, JSON_LIMIT)
        pace = self._pace
        self._deadline.begin(pace.whole(len(content or b"") + max(limit, longest)))
        limits = {"connect": pace.connect, "read": pace.silence, "write": pace.silence, "pool": pace.silence}
        try:
            with self._pool.stream(
                method,
                self.url + path,
                headers=[*self._headers.items(), *(headers or {}).items()],
                content=content,
                extensions={"timeout": limits},
            ) as response:
                self._answered = True
                is_hoped_for = 200 <= response.status < 300
                body = _body(
                    response,
                    limit if is_hoped_for else longest,
                    sink if is_hoped_for else None,
                    packed=packed and is_hoped_for,
                )
                return Answer(response.status, body, _texts(response))
        except (httpcore.ProxyError, socksio.SOCKSError):
            raise Unreachable("The proxy did not let us through; is Tor running, and is the --proxy address right?") from None
        except httpcore.TimeoutException:
            raise Unreachable(f"{self.url} did not answer in time; try again later.") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise BadAnswer(f"The certificate of {self.url} does not verify: it may be somebody else's server.") from None
            raise Unreachable(f"{self.url} cannot be reached; check the address and the network, then try again.") from None
        except ValueError:
            raise BadAnswer("The server's answer is not what a drop's server answers; is the address right?") from None

    def persist(
        self,
        method: str,
        path: str,
        *,
        limit: int,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        tries: int | None = None,
        begin: Callable[[], Sink] | None = None,
    ) -> Answer:
        """Like `once`, again and again while the network or the server fails; `tries` may shorten the patience.

        All our calls may be repeated. `begin` gives a sink anew for each try.
        """
        failures = 0
        while True:
            try:
                sink = begin() if begin else None
                answer = self.once(method, path, limit=limit, content=content, headers=headers, sink=sink)
            except Unreachable:
                failures += 1
                if not self.patience.wait(failures, tries or (None if self._answered else FIRST_TRIES)):
                    raise
                continue
            failures += 1
            if not answer.is_passing or not self.patience.wait(failures, tries):
                return answer

    def get(self, path: str, *, limit: int, what: str) -> bytes:
        """The body of a 200 answer. Raises Refused, with `what` as its beginning, for any other."""
        answer = self.persist("GET", path, limit=limit)
        if answer.status != 200:
            raise refusal(answer, what)
        return answer.body

    def pour(self, path: str, *, limit: int, what: str, begin: Callable[[], Sink]) -> None:
        """Like `get`, for an answer that is too long for memory: its pieces go to a sink, which `begin` gives for each try."""
        answer = self.persist("GET", path, limit=limit, begin=begin)
        if answer.status != 200:
            raise refusal(answer, what)


def _body(response: httpcore.Response, limit: int, sink: Sink | None, *, packed: bool) -> bytes:
    too_long = TooLong("The server's answer is longer than it may be; nothing of it was used.")
    encodings = [encoding for encoding in _values(response, b"content-encoding") if encoding != b"identity"]
    if encodings and not (packed and encodings == [b"gzip"]):
        raise Compressed("The server compressed its answer, which no drop's server does; nothing of it was used.")
    if any(claimed.isdigit() and int(claimed[:20]) > limit for claimed in _values(response, b"content-length")):
        raise too_long
    pieces, length = [], 0
    stream = response.iter_stream()
    try:
        for piece in unpacked(stream, limit) if encodings else stream:
            length += len(piece)
            if length > limit:
                raise too_long
            if sink is None:
                pieces.append(piece)
            else:
                sink(piece)
    except Overfull:
        raise too_long from None
    except Damaged:
        raise BadAnswer("The server's answer is called gzip but is not one whole stream of it; nothing was used.") from None
    return b"".join(pieces)


def _texts(response: httpcore.Response) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers)


def _values(response: httpcore.Response, name: bytes) -> list[bytes]:
    return [value for key, value in response.headers if key.lower() == name]
