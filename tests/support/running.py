"""The real `knothole server run` in a process of its own: to be killed, measured, traced and looked into.

with running(room) as server:
    room.send("hello")
    server.kill()
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.measuring import peak
from tests.support.newsroom import Newsroom

KNOTHOLE = Path(sys.executable).with_name("knothole")
_URL = re.compile(r"http://[0-9.]+:([0-9]+)")


@dataclass
class Running:
    """A running server: its process (that of a tracer, when there is one), the server's own pid, its port."""

    process: subprocess.Popen[str]
    pid: int
    port: int

    def kill(self) -> None:
        """End it as a power cut would: no handler runs."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """End it as its operator would."""
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        # To the server itself: a tracer passes nothing on, and ends when the server has.
        if self.process.poll() is None:
            os.kill(self.pid, number)
            self.process.wait(30)

    @property
    def peak(self) -> int:
        """The largest resident size so far, in bytes."""
        return peak(self.pid)


@contextlib.contextmanager
def running(room: Newsroom, *, port: int = 0, before: Sequence[str | Path] = ()) -> Iterator[Running]:
    """Start the server of a newsroom, perhaps behind a tracer's words `before`; `room.url` leads to it. Stopped at the end."""
    command = [*map(str, before), str(KNOTHOLE), "server", "run", str(room.path / "server"), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = _URL.search(line)
        assert found, f"{line}{process.stderr.read() if process.stderr else ''}"
        pid = _child(process.pid) if before else process.pid
        room.url = found.group()
        server = Running(process, pid, int(found.group(1)))
        yield server
        server.stop()
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


def _child(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    end = time.monotonic() + 10
    while not (found := children.read_text().split()):
        assert time.monotonic() < end, "the tracer started nothing"
        time.sleep(0.01)
    return int(found[0])
