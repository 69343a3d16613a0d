"""Connections that somebody wants to hold without paying for it: each state ends, and only an honest request renews it."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.server.serving import SMALL, Served, lay_out, read_answer, serving, wait_for
from tests.support.drop import Drop

# The stall of a body is long here, so that nothing but the rule under test lets a connection go.
SHORT = replace(SMALL, head_seconds=0.4, idle_seconds=0.5, stall_seconds=60, unread_seconds=0.6, connections=20)
# More than what the kernel takes off the server's hands.
BIG = 12 * 2**20


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory, small_drop: Drop) -> Iterator[Served]:
    config = lay_out(tmp_path_factory.mktemp("short"), small_drop, SHORT)
    (config.built / "big.js").write_bytes(b"/" * BIG)
    with serving(small_drop, config) as served:
        yield served


@contextlib.contextmanager
def let_go(served: Served, keep_on: Callable[[socket.socket], object], *, narrow: bool = False) -> Iterator[socket.socket]:
    """A connection to hold; afterwards `keep_on` is done to it until the server has let it go."""
    connections = served.server.server_state.connections
    wait_for(lambda: not connections)
    with socket.socket() as connection:
        if narrow:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", served.port))
        yield connection

        def gone() -> bool:
            with contextlib.suppress(OSError):
                keep_on(connection)
            time.sleep(0.05)
            return not connections

        wait_for(gone, 6)


def nothing(_: socket.socket) -> None:
    pass


def test_line_ends_do_not_hold_an_answered_connection(short: Served) -> None:
    with let_go(short, lambda connection: connection.send(b"\r\n")) as connection:
        connection.sendall(b"GET /permit HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(connection).startswith(b"HTTP/1.1 200")


def test_one_line_end_does_not_hold_it_either(short: Served) -> None:
    # It stops uvicorn's own timer.
    with let_go(short, nothing) as connection:
        connection.sendall(b"GET /permit HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(connection).startswith(b"HTTP/1.1 200")
        connection.sendall(b"\r\n")


def test_a_body_after_its_refusal_does_not_hold_the_connection(short: Served) -> None:
    with let_go(short, nothing) as connection:
        connection.sendall(b"PUT /boxes/1/%s HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n" % (b"0" * 32))
        assert read_answer(connection).startswith(b"HTTP/1.1 409")
        connection.sendall(b"x" * 10)


def test_an_unread_last_answer_does_not_hold_the_connection(short: Served) -> None:
    with let_go(short, nothing, narrow=True) as connection:
        connection.sendall(b"GET /big.js HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")


def test_an_unread_answer_does_not_hold_the_connection(short: Served) -> None:
    with let_go(short, nothing, narrow=True) as connection:
        connection.sendall(b"GET /big.js HTTP/1.1\r\nHost: x\r\n\r\n")


def test_more_requests_do_not_renew_an_unread_answer(short: Served) -> None:
    more = b"GET /permit HTTP/1.1\r\nHost: x\r\n\r\n"
    with let_go(short, lambda connection: connection.send(more), narrow=True) as connection:
        connection.sendall(b"GET /big.js HTTP/1.1\r\nHost: x\r\n\r\n")


def test_a_slow_reader_who_goes_on_gets_all(short: Served) -> None:
    with socket.create_connection(("127.0.0.1", short.port)) as connection:
        connection.sendall(b"GET /big.js HTTP/1.1\r\nHost: x\r\n\r\n")
        start, length = time.monotonic(), 0
        while length < BIG:
            piece = connection.recv(131_072)
            assert piece
            length += len(piece)
            time.sleep(0.015)
        # It took longer than an answer may lie unread.
        assert time.monotonic() - start > SHORT.unread_seconds


def test_an_idle_connection_is_good_for_another_request(short: Served) -> None:
    with socket.create_connection(("127.0.0.1", short.port)) as connection:
        for _ in range(4):
            connection.sendall(b"GET /permit HTTP/1.1\r\nHost: x\r\n\r\n")
            assert read_answer(connection).startswith(b"HTTP/1.1 200")
            time.sleep(0.25)


def test_a_body_slower_than_the_least_rate_is_let_go(tmp_path: Path, small_drop: Drop) -> None:
    with serving(small_drop, lay_out(tmp_path, small_drop, replace(SHORT, stall_seconds=0.5, body_rate=50_000))) as served:
        box = served.fake_box()
        head = f"PUT /boxes/{small_drop.epoch}/{'ab' * 16} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(box)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in served.permit(bytes.fromhex("ab" * 16)).items())
        served.http.close()
        with let_go(served, lambda connection: connection.send(b"x")) as connection:
            connection.sendall(head.encode() + b"\r\n" + box[:20_000])
        wait_for(lambda: served.free_places() == 16)


def test_a_body_as_fast_as_the_least_rate_is_taken(tmp_path: Path, small_drop: Drop) -> None:
    with serving(small_drop, lay_out(tmp_path, small_drop, replace(SHORT, stall_seconds=0.5, body_rate=50_000))) as served:
        box = served.fake_box()
        # Each piece is a tenth of a second's worth of twice the rate.
        pieces = (box[start : start + 10_000] for start in range(0, len(box), 10_000))

        def slowly() -> Iterator[bytes]:
            for piece in pieces:
                time.sleep(0.1)
                yield piece

        path = f"/boxes/{small_drop.epoch}/{'ab' * 16}"
        headers = {**served.permit(bytes.fromhex("ab" * 16)), "Content-Length": str(len(box))}
        assert served.http.put(path, content=slowly(), headers=headers).status_code == 201
