"""Below the requests: no server holds us for ever, none can mark us, and a proxy that is none is a sentence."""

import contextlib
import socket
import threading
from collections.abc import Callable

import pytest

from knothole_client.http import Connection, Pace, Unreachable
from tests.client.served import lie


def hold(say: Callable[[socket.socket], None], *, pace: Pace, content: bytes | None = None, proxied: bool = False) -> str:
    """Ask a server that says `say` after every beat and never finishes; the sentence with which it is left."""
    over = threading.Event()

    def keep_on(other: socket.socket) -> None:
        with other, contextlib.suppress(OSError):
            while not over.wait(0.01):
                say(other)

    def serve(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=keep_on, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        here = f"127.0.0.1:{listening.getsockname()[1]}"
        url, proxy = ("http://abcdefghij.onion", f"socks5h://{here}") if proxied else (f"http://{here}", None)
        try:
            with Connection(url, proxy=proxy, pace=pace) as connection, pytest.raises(Unreachable) as refused:
                connection.once("GET", "/roots", limit=4 * 2**20, content=content)
        finally:
            over.set()
    return str(refused.value)


# Silence is borne for long here, so that nothing but the moment for the whole ends these.
SOON = Pace(spare=0.5, slowest=10**9)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "begin",
    [
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
        b"HTTP/1.1 200 OK\r\nX",
        b"",
    ],
)
def test_a_server_that_answers_slowly_for_ever_is_left(begin: bytes):
    said = set[socket.socket]()

    def drip(other: socket.socket) -> None:
        again = b"103" in begin
        other.sendall(begin if again or other not in said else b"1\r\na\r\n" if b"chunked" in begin else b"a")
        said.add(other)

    assert "did not answer in time" in hold(drip, pace=SOON)


@pytest.mark.timeout(30)
def test_a_server_that_takes_a_box_in_sips_is_left():
    assert "did not answer in time" in hold(lambda other: other.recv(1), pace=SOON, content=bytes(16 * 2**20))


@pytest.mark.timeout(30)
def test_a_proxy_that_never_answers_is_left():
    assert "did not answer in time" in hold(lambda other: None, pace=SOON, proxied=True)


def test_a_slow_answer_has_the_time_that_its_length_needs():
    assert Pace().whole(2**20) == 120 + 2**20 / 2000
    pace = Pace(spare=0, slowest=2**17)
    with lie(lambda _: (200, bytes(2**20))) as (url, _), Connection(url, pace=pace) as connection:
        assert len(connection.once("GET", "/roots", limit=2**20).body) == 2**20


def test_a_cookie_tags_nobody():
    tag = {"Set-Cookie": "tag=source-1; Path=/"}
    with lie(lambda _: (200, b"", tag)) as (url, asked), Connection(url) as connection:
        for _ in range(3):
            connection.once("GET", "/roots", limit=10)
    assert len(asked) == 3
    assert not [one for one in asked if "cookie" in one.headers]


def test_an_ipv6_address_is_named_whole():
    with lie(lambda _: (200, b"")) as (url, asked), Connection(url) as connection:
        connection.once("GET", "/roots", limit=10)
    assert asked[0].headers["host"] == url.removeprefix("http://")
    seen: list[bytes] = []
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listening:

        def answer() -> None:
            other, _ = listening.accept()
            with other:
                seen.append(other.recv(1000))
                other.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        port = listening.getsockname()[1]
        with Connection(f"http://[::1]:{port}") as connection:
            connection.once("GET", "/roots", limit=10)
        thread.join()
    assert b"host: [::1]:%d\r\n" % port in seen[0].lower()


def test_a_proxy_that_is_none_is_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            other, _ = listening.accept()
            with other:
                other.recv(100)
                other.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        proxy = f"socks5h://127.0.0.1:{listening.getsockname()[1]}"
        with Connection("http://abcdefghij.onion", proxy=proxy) as connection, pytest.raises(Unreachable, match="proxy"):
            connection.once("GET", "/roots", limit=10)


def test_names_are_looked_up_by_the_proxy_not_here():
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:

        def socks() -> None:
            other, _ = proxy.accept()
            other.recv(100)
            other.sendall(b"\x05\x00")
            seen.append(other.recv(1000))
            other.sendall(b"\x05\x05\x00\x01" + bytes(6))
            other.close()

        thread = threading.Thread(target=socks, daemon=True)
        thread.start()
        with (
            Connection("http://abcdefghij.onion", proxy=f"socks5h://127.0.0.1:{proxy.getsockname()[1]}") as connection,
            pytest.raises(Unreachable, match="proxy"),
        ):
            connection.once("GET", "/roots", limit=10)
        thread.join()
    assert b"abcdefghij.onion" in seen[0]
