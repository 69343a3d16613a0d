"""Memory grows with neither box size nor senders: big boxes, many at once, in a process that is measured."""

import http.client
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from knothole_keys import clock
from knothole_keys.board import SLOT, SLOTS_A_DAY
from knothole_keys.epoch import DAY
from knothole_server.config import Config, Limits
from knothole_server.state import State
from tests.server.serving import lay_out, process, read_answer
from tests.support.drop import make_drop
from tests.support.measuring import peak

BIG = 2**24
SENDERS = 8


@pytest.mark.whole
@pytest.mark.tool("/proc")
def test_eight_boxes_of_16_mib_at_once_take_little_memory(tmp_path: Path) -> None:
    drop = make_drop(size=BIG)
    config = lay_out(tmp_path, drop, Limits())
    body = drop.geometry().prefix + os.urandom(BIG - 16)
    answers: list[int] = []
    with process(config) as (running, port):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/permit")
        permit = json.loads(connection.getresponse().read())["permit"]
        before = peak(running.pid)
        together = threading.Barrier(SENDERS)

        def send() -> None:
            sender = http.client.HTTPConnection("127.0.0.1", port)
            headers = {"Knothole-Permit": permit, "Knothole-Proof": "0"}
            together.wait()
            sender.request("PUT", f"/boxes/{drop.epoch}/{os.urandom(16).hex()}", body=body, headers=headers)
            answers.append(sender.getresponse().status)

        threads = [threading.Thread(target=send) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        grown = peak(running.pid) - before
    assert answers == [201] * SENDERS
    # 128 MiB came in; each sender may have a few socket buffers' worth in flight.
    assert grown < 24 * 2**20
    for path in config.slabs.iterdir():
        path.unlink()


def fill_board(config: Config) -> None:
    """A day's slots, 8 MiB: more than the kernel takes off the server's hands."""
    state = State(config.state)
    state.add_slots([os.urandom(SLOT) for _ in range(SLOTS_A_DAY)], clock.now() // DAY, SLOTS_A_DAY)
    state.close()


@contextmanager
def unread(port: int, request: bytes, count: int) -> Iterator[None]:
    """Connections that send `request` and read nothing."""
    with ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", port))
            connection.settimeout(0.2)
            # The server may stop reading, too.
            with suppress(TimeoutError):
                connection.sendall(request)
        yield


@pytest.mark.tool("/proc")
def test_requests_in_one_piece_do_not_pile_up(tmp_path: Path) -> None:
    config = lay_out(tmp_path, make_drop(), Limits(first_extent=0, later_extent=0))
    fill_board(config)
    with process(config) as (running, port):
        before = peak(running.pid)
        with unread(port, b"GET /board HTTP/1.1\r\n\r\n" * 10_000, 10), socket.create_connection(("127.0.0.1", port)) as other:
            other.sendall(b"GET /permit HTTP/1.1\r\n\r\n")
            assert read_answer(other).startswith(b"HTTP/1.1 200")
        # One that was allowed to pile them up took more than that alone.
        assert peak(running.pid) - before < 10 * 2**20


@pytest.mark.whole
@pytest.mark.tool("/proc")
def test_two_hundred_senders_and_sixty_who_do_not_read_fit_into_96_mib(tmp_path: Path) -> None:
    drop = make_drop(size=2**20)
    config = lay_out(tmp_path, drop, Limits())
    fill_board(config)
    body = drop.geometry().prefix + os.urandom(2**20 - 16)
    answers: list[bytes] = []
    with process(config) as (running, port):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/permit")
        permit = json.loads(connection.getresponse().read())["permit"]
        together = threading.Barrier(200)

        def send() -> None:
            head = f"PUT /boxes/{drop.epoch}/{os.urandom(16).hex()} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
            head += f"Knothole-Permit: {permit}\r\nKnothole-Proof: 0\r\n\r\n"
            with socket.create_connection(("127.0.0.1", port), timeout=60) as sender:
                together.wait()
                sender.sendall(head.encode() + body)
                answers.append(read_answer(sender)[9:12])

        with unread(port, b"GET /board HTTP/1.1\r\n\r\n", 60):
            threads = [threading.Thread(target=send) for _ in range(200)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        highest = peak(running.pid)
    assert answers == [b"201"] * 200
    assert highest < 96 * 2**20
    for path in config.slabs.iterdir():
        path.unlink()
