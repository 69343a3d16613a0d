"""How long the desk takes to import, beside copying the same folder: `make bench-import [BOXES=1024]`.

The allowance is the time of `cp -r` and a sync of every file, plus 2 ms a box. Prints a table: median, least and most of
the runs, which alternate so that both meet the same machine; run it when nothing else does.
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.desk.conftest import NOW, Desk
from tests.support.drop import make_drop, seal_submission, write_out

RUNS = 5


def copy(folder: Path, to: Path) -> None:
    """Copy a folder and make the copy durable."""
    shutil.copytree(folder, to)
    for path in to.rglob("*"):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def main(boxes: int) -> None:
    """Seal one film of so many boxes of 1 MiB, then copy and import it in turn."""
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        drop = make_drop(recipients=[], now=NOW, size=2**20)
        desk = Desk(here / "vault", drop).join()
        film = os.urandom((boxes - 1) * drop.geometry().capacity)
        out = write_out(here / "carried", drop, seal_submission(drop, "film", {"film.mp4": film}).boxes)
        copies, imports = [], []
        for run in range(RUNS):
            copies.append(timed(lambda run=run: copy(out, here / f"copy-{run}")))  # type: ignore[misc]
            shutil.rmtree(here / f"copy-{run}")
            shutil.copytree(desk.path, here / f"vault-{run}")
            fresh = object.__new__(Desk)
            fresh.path, fresh.drop = here / f"vault-{run}", drop
            imports.append(timed(lambda fresh=fresh: fresh.take_in(out)))  # type: ignore[misc]
            shutil.rmtree(fresh.path)
        print(f"{boxes} boxes of 1 MiB, {RUNS} runs, load {os.getloadavg()[0]:.1f}")
        print(f"{'':22}{'median':>9}{'least':>9}{'most':>9}")
        for name, times in (("cp -r and sync", copies), ("desk import", imports)):
            print(f"{name:22}{statistics.median(times):8.2f}s{min(times):8.2f}s{max(times):8.2f}s")
        allowed = statistics.median(copies) + 0.002 * boxes
        print(f"{'copy + 2 ms a box':22}{allowed:8.2f}s     import / allowance: {statistics.median(imports) / allowed:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1024)
