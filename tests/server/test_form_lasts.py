"""A form may bring many boxes and take long: memory does not grow with it, and it is not cut as a single box is."""

import contextlib
import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from knothole_keys.boxes_file import Entry, Header
from knothole_server.config import Limits
from tests.server.serving import lay_out, process, read_answer, serving
from tests.support.drop import make_drop
from tests.support.measuring import peak
from tests.support.sealed_files import BOUNDARY, FORM_TYPE, boxes_file, form, look_alikes


@pytest.mark.whole
@pytest.mark.tool("/proc")
def test_a_form_of_128_mib_takes_little_memory(tmp_path: Path) -> None:
    drop = make_drop(size=2**20)
    config = lay_out(tmp_path, drop, Limits())
    boxes = look_alikes(drop, 4)
    start, end = form(("1.boxes", b"|")).split(b"|")

    def body() -> Iterator[bytes]:
        yield start + Header(drop.drop_id, 2**20).encode()
        for number in range(128):
            yield Entry(drop.epoch, number.to_bytes(16, "big")).encode() + boxes[number % 4].data
        yield end

    length = str(sum(map(len, body())))
    with process(config) as (running, port):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/permit")
        connection.getresponse().read()
        before = peak(running.pid)
        connection.request("POST", "/boxes", body=body(), headers={**FORM_TYPE, "Content-Length": length})
        answer = connection.getresponse()
        assert b'data-stored="128"' in answer.read()
        assert peak(running.pid) - before < 12 * 2**20
    for path in config.slabs.iterdir():
        path.unlink()


def test_a_form_outlasts_what_a_box_may_take(tmp_path: Path) -> None:
    drop = make_drop()
    limits = Limits(first_extent=0, later_extent=0, body_seconds=0.5, stall_seconds=5)
    body = form(("1.boxes", boxes_file(drop, look_alikes(drop, 1))))
    head = f"POST /boxes HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
    with (
        serving(drop, lay_out(tmp_path, drop, limits)) as served,
        socket.create_connection(("127.0.0.1", served.port)) as slow,
    ):
        slow.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:100_000])
        # Several times what a box would have had.
        time.sleep(3)
        slow.sendall(body[100_000:])
        assert read_answer(slow).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("sent", [b"", b"-", form(("1.boxes", b"|")).partition(b"|")[0]], ids=["nothing", "a byte", "no box"])
def test_a_form_without_a_box_has_no_more_time_than_a_box(tmp_path: Path, sent: bytes) -> None:
    drop = make_drop()
    limits = Limits(first_extent=0, later_extent=0, body_seconds=0.5, poll_seconds=0.1)
    head = f"POST /boxes HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM_TYPE['Content-Type']}\r\nContent-Length: 1000000\r\n\r\n"
    with (
        serving(drop, lay_out(tmp_path, drop, limits)) as served,
        # Much less than a form may say nothing at all.
        socket.create_connection(("127.0.0.1", served.port), timeout=limits.stall_seconds / 3) as slow,
    ):
        slow.sendall(head.encode() + sent)
        with contextlib.suppress(ConnectionResetError):
            assert slow.recv(1) == b"", "it was answered"
