"""kill -9 of a desk at any moment: the killer, and copies of a desk to be killed."""

import os
import random
import shutil
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.desk.conftest import Desk


class Killer:
    """Runs an action in a process of its own and kills that at a moment anywhere between its start and its end."""

    def __init__(self) -> None:
        self.chance = random.Random(7)
        self.longest = 0.0
        self.killed = self.survived = 0

    def measure(self, action: Callable[[], object]) -> None:
        """How long the action takes when nobody kills it: the least of three, as the first one warms things up."""
        taken = []
        for _ in range(3):
            began = time.monotonic()
            self._run(action, None)
            taken.append(time.monotonic() - began)
        self.longest = min(taken)
        self.killed = self.survived = 0

    def kill(self, action: Callable[[], object]) -> bool:
        """Run it and kill it, if it has not ended before. Whether it was killed."""
        before = self.killed
        self._run(action, self.chance.uniform(0, self.longest * 1.1))
        return self.killed > before

    def check(self, moments: int) -> None:
        """Most of what was to be killed was, when there were enough moments to say so."""
        assert self.killed > moments // 5 or moments < 50

    def _run(self, action: Callable[[], object], after: float | None) -> None:
        pid = os.fork()
        if pid == 0:
            # Whatever happens in here ends in here: pytest lives in the parent.
            code = 1
            try:
                action()
                code = 0
            except BaseException:  # noqa: BLE001 - told here, as nobody else will hear of it
                traceback.print_exc()
            finally:
                os._exit(code)
        if after is not None:
            time.sleep(after)
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status):
            self.killed += 1
        else:
            self.survived += 1
            assert os.waitstatus_to_exitcode(status) == 0, "the action itself failed"


def copy_of(path: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(path, to)
    return to


def at(desk: Desk, path: Path) -> Desk:
    """The same desk with its vault in another folder."""
    moved = object.__new__(Desk)
    moved.path, moved.drop = path, desk.drop
    return moved


def leftovers(path: Path) -> list[Path]:
    """What a crash left half written below a folder."""
    return [found for found in path.rglob("*") if found.name.endswith((".part", ".new", ".tmp", ".old"))]
