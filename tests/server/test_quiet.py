"""Visitors who are slow, long-winded or many: the server's patience and memory have bounds."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.server.serving import SMALL, Served, lay_out, read_answer, serving, wait_for
from tests.server.test_put import head_for
from tests.support.drop import Drop

HASTY = replace(
    SMALL, head_seconds=0.4, idle_seconds=0.5, stall_seconds=0.6, unread_seconds=0.6, body_seconds=2.5, connections=20
)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory, small_drop: Drop) -> Iterator[Served]:
    with serving(small_drop, lay_out(tmp_path_factory.mktemp("hasty"), small_drop, HASTY)) as running:
        yield running


def seconds_until_closed(connection: socket.socket, trickle: bytes = b"") -> float:
    """How long until the server ends the connection, while one byte is sent every 50 ms."""
    start, sent = time.monotonic(), 0
    connection.settimeout(0.05)
    while time.monotonic() - start < 8:
        try:
            if sent < len(trickle):
                connection.send(trickle[sent : sent + 1])
                sent += 1
            if connection.recv(65_536) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - start


def connect(served: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port))


def test_a_connection_that_says_nothing_is_closed(hasty: Served) -> None:
    with connect(hasty) as connection:
        assert 0.3 < seconds_until_closed(connection) < 6


def test_half_a_head_is_closed(hasty: Served) -> None:
    with connect(hasty) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x")
        assert 0.3 < seconds_until_closed(connection) < 6


def test_a_head_in_drops_is_closed_at_its_deadline(hasty: Served) -> None:
    with connect(hasty) as connection:
        assert 0.3 < seconds_until_closed(connection, b"GET / HTTP/1.1\r\nX: " + b"a" * 500) < 6


def test_a_second_head_has_a_deadline_too(hasty: Served) -> None:
    with connect(hasty) as connection:
        connection.sendall(b"GET /permit HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(connection).startswith(b"HTTP/1.1 200")
        assert 0.3 < seconds_until_closed(connection, b"GET / HTTP/1.1\r\nX: " + b"a" * 500) < 6


def test_a_body_that_stops_frees_its_place(hasty: Served) -> None:
    free, box = hasty.free_places(), hasty.fake_box()
    with connect(hasty) as connection:
        connection.sendall(head_for(hasty, os.urandom(16), len(box)) + box[:100_000])
        wait_for(lambda: hasty.free_places() == free - 1)
        assert 0.5 < seconds_until_closed(connection) < 6
    wait_for(lambda: hasty.free_places() == free)


def test_a_body_in_drops_ends_at_its_deadline(hasty: Served) -> None:
    box = hasty.fake_box()
    with connect(hasty) as connection:
        connection.sendall(head_for(hasty, os.urandom(16), len(box)) + box[:100_000])
        assert 2.3 < seconds_until_closed(connection, box[100_000:101_000]) < 8


@pytest.mark.parametrize("head", [b"GET /" + b"a" * 40_000, b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000])
def test_a_head_without_end_is_refused(shared: Served, head: bytes) -> None:
    with connect(shared) as connection:
        connection.settimeout(5)
        connection.sendall(head)
        answer = read_answer(connection)
        assert answer.startswith(b"HTTP/1.1 431")
        assert b"cache-control: no-store" in answer


def test_many_small_headers_are_bounded_too(shared: Served) -> None:
    head = b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(5000))
    with connect(shared) as connection:
        connection.settimeout(5)
        connection.sendall(head)
        assert read_answer(connection).startswith(b"HTTP/1.1 431")


def test_too_many_connections_are_turned_away(hasty: Served) -> None:
    held = [connect(hasty) for _ in range(HASTY.connections)]
    try:
        with connect(hasty) as one_more:
            one_more.settimeout(5)
            answer = read_answer(one_more)
        assert answer.startswith(b"HTTP/1.1 503")
        assert answer.endswith(b" ")
        assert b"cache-control: no-store" in answer
    finally:
        for connection in held:
            connection.close()
    wait_for(lambda: hasty.raw(b"GET /permit HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200"))


def test_a_reader_who_stops_reading_is_let_go(tmp_path: Path, small_drop: Drop) -> None:
    with serving(small_drop, lay_out(tmp_path, small_drop, replace(HASTY, unread_seconds=0.2))) as served:
        for _ in range(4):
            slots = os.urandom(2048 * 512)
            assert served.http.post("/courier/slots", content=slots, headers=served.bearer).status_code == 200
        open_before = set(served.server.server_state.connections)
        with connect(served) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET /board HTTP/1.1\r\nHost: x\r\n\r\n")
            wait_for(lambda: served.server.server_state.connections - open_before)
            wait_for(lambda: not served.server.server_state.connections - open_before, 5)


def everything(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    connection.settimeout(5)
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            data += piece
    return data


def test_requests_in_a_row_on_one_connection_are_answered_in_order(hasty: Served) -> None:
    with connect(hasty) as connection:
        for path, word in ((b"/roots", b"knothole-root/1"), (b"/page.css", b"margin"), (b"/permit", b"difficulty")):
            connection.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
            assert word in read_answer(connection)


@pytest.mark.parametrize("second", [b"GET /page.css HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /pa", b"\x00garbage\r\n\r\n"])
def test_what_comes_before_the_answer_ends_the_connection_after_it(hasty: Served, second: bytes) -> None:
    with connect(hasty) as connection:
        connection.sendall(b"GET /permit HTTP/1.1\r\nHost: x\r\n\r\n" + second)
        data = everything(connection)
    assert data.startswith(b"HTTP/1.1 200")
    assert data.count(b"HTTP/1.1") == 1
    assert len(data.partition(b"\r\n\r\n")[2]) == 16_384


def test_a_get_with_a_body_is_the_last_of_its_connection(hasty: Served) -> None:
    with connect(hasty) as connection:
        connection.sendall(b"GET /permit HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123456789GET /permit HTTP/1.1\r\n\r\n")
        data = everything(connection)
    assert data.startswith(b"HTTP/1.1 200")
    assert data.count(b"HTTP/1.1") == 1


@pytest.fixture(scope="module")
def terse(tmp_path_factory: pytest.TempPathFactory, small_drop: Drop) -> Iterator[Served]:
    with serving(small_drop, lay_out(tmp_path_factory.mktemp("terse"), small_drop, replace(SMALL, head_bytes=500))) as served:
        yield served


def test_a_body_does_not_count_as_a_head_when_the_next_head_comes_with_it(terse: Served) -> None:
    refused = b"PUT /boxes/1/%s HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n" % (b"0" * 32)
    with connect(terse) as connection:
        connection.sendall(refused)
        assert read_answer(connection).startswith(b"HTTP/1.1 409")
        connection.sendall(bytes(3000) + b"GET /permit HTTP/1.1\r\nHo")
        time.sleep(0.1)
        connection.sendall(b"st: x\r\n\r\n")
        assert read_answer(connection).startswith(b"HTTP/1.1 200")


def test_a_stored_box_is_not_answered_as_too_long_a_head(terse: Served) -> None:
    box = terse.fake_box()
    with connect(terse) as connection:
        connection.sendall(head_for(terse, os.urandom(16), len(box)) + box[:-3000])
        time.sleep(0.1)
        connection.sendall(box[-3000:] + b"GET /permit HTTP/1.1\r\n")
        assert read_answer(connection).startswith(b"HTTP/1.1 201")
