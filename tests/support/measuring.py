"""How much memory processes take, as the kernel counts it. Linux only: `tool("/proc")`."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

MIB = 2**20


def descendants(pid: int) -> list[int]:
    """The process and all that it started, directly or not."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(child) for child in task.read_text().split()]
    return found


def proportional(pid: int) -> int:
    """A process's memory in bytes, pages that it shares counted in part (PSS); 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def peak(pid: int) -> int:
    """A process's largest resident size so far, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


class Watch:
    """Samples of what some processes take together, in bytes, every half second while `watching`.

    `pids` is asked for every sample: a browser starts processes as it goes.
    """

    def __init__(self, pids: Callable[[], list[int]]) -> None:
        self.samples: list[int] = []
        self._pids = pids

    def sample(self) -> int:
        """What they take now."""
        return sum(map(proportional, self._pids()))

    @contextlib.contextmanager
    def watching(self) -> Iterator["Watch"]:
        """Sample until the block ends."""
        over = threading.Event()

        def run() -> None:
            while not over.is_set():
                self.samples.append(self.sample())
                over.wait(0.5)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join()
