"""Memory grows with neither box size nor senders: big boxes, many at once, in a process that is measured."""

import http.client
import json
import os
import threading
from pathlib import Path

import pytest

from knothole_server.config import Limits
from tests.server.serving import lay_out, process
from tests.support.drop import make_drop

BIG = 2**24
SENDERS = 8


def peak(pid: int) -> int:
    """The process's largest resident size so far, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


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
