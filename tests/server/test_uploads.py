"""Who gets one of the few slots for uploads: bodies that come, and not whoever holds on longest."""

import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from knothole_server.config import Config
from knothole_server.state import State
from tests.server.serving import SMALL, Served, lay_out, read_answer, serving, wait_for
from tests.server.test_put import head_for
from tests.server.test_quiet import connect
from tests.support.drop import Drop

TWO = replace(SMALL, uploads=2, upload_wait=0.3)


@pytest.fixture
def two(tmp_path: Path, small_drop: Drop) -> Iterator[Served]:
    with serving(small_drop, lay_out(tmp_path, small_drop, TWO)) as served:
        yield served


@pytest.fixture
def begun(two: Served) -> Iterator[list[socket.socket]]:
    """Two connections that have sent a head and nothing else."""
    connections = [connect(two) for _ in range(2)]
    for connection in connections:
        connection.sendall(head_for(two, os.urandom(16), two.drop.geometry().size))
    yield connections
    for connection in connections:
        connection.close()


def test_heads_and_part_of_a_prefix_hold_no_slot(two: Served, begun: list[socket.socket]) -> None:
    for connection in begun:
        connection.sendall(two.fake_box()[:15])
    assert two.put(os.urandom(16), two.fake_box()).status_code == 201
    assert two.opened.uploads.taken == 0


def test_the_slowest_upload_makes_room_for_a_newcomer(two: Served, begun: list[socket.socket]) -> None:
    box, free = two.fake_box(), two.free_places()
    slow, fast = begun
    slow.sendall(box[:1000])
    fast.sendall(box[:200_000])
    wait_for(lambda: two.opened.uploads.taken == 2)
    assert two.put(os.urandom(16), box).status_code == 201
    answer = read_answer(slow)
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"retry-after: " in answer
    assert b"connection: close" in answer
    assert b'"busy"' in answer
    fast.sendall(box[200_000:])
    assert read_answer(fast).startswith(b"HTTP/1.1 201")
    assert two.free_places() == free - 2


def test_uploads_that_come_fast_enough_are_not_let_go(tmp_path: Path, small_drop: Drop) -> None:
    with serving(small_drop, lay_out(tmp_path, small_drop, replace(TWO, slow_rate=0))) as served:
        box = served.fake_box()
        begun = [connect(served) for _ in range(2)]
        for connection in begun:
            connection.sendall(head_for(served, os.urandom(16), len(box)) + box[:1000])
        wait_for(lambda: served.opened.uploads.taken == 2)
        answer = served.put(os.urandom(16), box)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 0
        assert answer.json()["error"] == "busy"
        for connection in begun:
            connection.sendall(box[1000:])
            assert read_answer(connection).startswith(b"HTTP/1.1 201")
            connection.close()
        assert served.put(os.urandom(16), box).status_code == 201


def difficult(config: Config) -> None:
    """What `knothole server difficulty DIR 1` does."""
    state = State(config.state)
    state.set_difficulty(1)
    state.close()


def test_one_proof_of_work_does_not_pay_for_a_third_upload_of_its_box(tmp_path: Path, small_drop: Drop) -> None:
    with serving(small_drop, lay_out(tmp_path, small_drop)) as served:
        difficult(served.config)
        wait_for(lambda: served.http.get("/permit").json()["difficulty"] == 1)
        box_id, box = os.urandom(16), served.fake_box()
        twins = [connect(served) for _ in range(2)]
        for connection in twins:
            connection.sendall(head_for(served, box_id, len(box)) + box[:1000])
        wait_for(lambda: served.opened.uploads.taken == 2)
        answer = served.put(box_id, box)
        assert (answer.status_code, answer.json()["error"]) == (503, "busy")
        assert served.put(os.urandom(16), box).status_code == 201
        for connection, status in zip(twins, (201, 200), strict=True):
            connection.sendall(box[1000:])
            assert int(read_answer(connection).split()[1]) == status
            connection.close()
        assert served.put(box_id, box).status_code == 200


def test_a_slow_disk_is_not_held_against_the_sender(tmp_path: Path, small_drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = replace(SMALL, head_seconds=0.4, stall_seconds=0.5, body_rate=10**6)
    with serving(small_drop, lay_out(tmp_path, small_drop, limits)) as served:
        real, disk, first = os.pwrite, threading.Event(), threading.Event()

        def pwrite(descriptor: int, data: bytes, offset: int) -> int:
            first.set()
            disk.wait(10)
            return real(descriptor, data, offset)

        monkeypatch.setattr(os, "pwrite", pwrite)
        with connect(served) as connection:
            box = served.fake_box()
            connection.sendall(head_for(served, os.urandom(16), len(box)) + box)
            assert first.wait(5)
            connection.settimeout(1.5)
            # Three times as long as a body may pause, and nothing happens.
            with pytest.raises(TimeoutError):
                connection.recv(1)
            disk.set()
            connection.settimeout(10)
            assert read_answer(connection).startswith(b"HTTP/1.1 201")
