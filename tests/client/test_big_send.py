"""A long film by the command line: the sender's memory does not grow with it, nor the server's. Only `make test-all`."""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from knothole_keys.box import Geometry
from tests.support.measuring import MIB, peak
from tests.support.newsroom import Newsroom
from tests.support.running import KNOTHOLE, running
from tests.support.soak import SOAK

pytestmark = [pytest.mark.whole, pytest.mark.alone, pytest.mark.tool("/proc"), pytest.mark.timeout(1800)]

# 4 GiB in `make soak`; the first GiB shows already whether anything grows.
SIZE = (4 if SOAK else 1) * 2**30


@pytest.fixture
def roomy(tmp_path: Path, passphrase: Path) -> Iterator[Newsroom]:
    """A newsroom whose folder is gone afterwards: pytest would keep gibibytes of it."""
    yield Newsroom(tmp_path).make("Dana")
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_a_long_film_takes_little_memory(roomy: Newsroom) -> None:
    room, film = roomy, roomy.path / "film.mp4"
    with film.open("wb") as file:
        for _ in range(SIZE // MIB):
            file.write(os.urandom(MIB))
    with running(room) as server:
        command = [KNOTHOLE, "source", "send", room.url, "--root", room.fingerprint, "-m", "a long film", film]
        sender = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        highest = 0
        try:
            while sender.poll() is None:
                # After its end a process has no status left to read.
                with contextlib.suppress(subprocess.TimeoutExpired, OSError, StopIteration):
                    highest = max(highest, peak(sender.pid))
                    sender.wait(0.2)
        finally:
            sender.kill()
        assert sender.returncode == 0
        print(f"{SIZE // MIB} MiB sent: sender {highest // MIB} MiB at most, server {server.peak // MIB} MiB at most")
        assert 0 < highest < 200 * MIB
        assert server.peak < 96 * MIB
        status = json.loads(room("server", "status", room.path / "server", "--json"))
    stored = sum(epoch["boxes"] for epoch in status["epochs"])
    assert stored == 1 + -(-SIZE // Geometry(2**20, 4).capacity), "a letter and every part of the film"
