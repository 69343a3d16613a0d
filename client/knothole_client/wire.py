"""Connections to a drop's server, each step of which ends by one moment: it must not hold us by answering slowly for ever.

httpcore rather than httpx speaks here. httpx keeps cookies, with which a server could tell one visit from another, and its
limits are for one read each: a server that sends a byte, or a notice that an answer will come, before each of them is over
would never be left.
"""

import math
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

MOST = 8
_IDLE = 20.0
# The system takes so little in a few steps, each of which has the same moment for its end.
_PIECE = 16 * 1024


class Deadline(threading.local):
    """The moment by which the request of the calling thread must be over, on the monotonic clock."""

    _at = math.inf

    def begin(self, seconds: float) -> None:
        """The calling thread's request begins now and may take so long."""
        self._at = time.monotonic() + seconds

    def left(self, timeout: float | None) -> float | None:
        """What a single step may take: `timeout`, or less. Raises httpcore.TimeoutException when the moment has come."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise httpcore.TimeoutException("The whole answer took too long.")
        least = left if timeout is None else min(left, timeout)
        return None if least == math.inf else least


class Backend(httpcore.NetworkBackend):
    """Opens connections that keep `deadline`; proxies' greetings and TLS handshakes are steps like all others."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline, self._opener = deadline, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """As in httpcore."""
        left = self._deadline.left(timeout)
        return _Stream(self._opener.connect_tcp(host, port, left, local_address, socket_options), self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self._stream.write(buffer[start : start + _PIECE], self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> "_Stream":
        left = self._deadline.left(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def open_pool(proxy: str | None, deadline: Deadline) -> httpcore.ConnectionPool:
    """Connections for requests that keep `deadline`, through a SOCKS proxy if one is named."""
    # Proxies, certificates and passwords named by the environment must not decide what a source shows of herself.
    context, backend = httpx.create_ssl_context(trust_env=False), Backend(deadline)
    if proxy is None:
        return httpcore.ConnectionPool(context, None, MOST, MOST, _IDLE, network_backend=backend)
    parsed = httpx.URL(proxy)
    # A name and a password given to Tor's proxy ask for a circuit of one's own.
    login = (parsed.username, parsed.password) if parsed.username else None
    plain = f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"
    return httpcore.SOCKSProxy(plain, login, context, MOST, MOST, _IDLE, network_backend=backend)
