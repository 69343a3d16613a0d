"""How quick the review desk's pages are over a vault of 10,000 submissions: bench/review_pages.py [SUBMISSIONS [FILES]].

Unlocking and the first inbox, then the median of each page over real HTTP on loopback; and the memory of it all.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.desk.conftest import NOW, Desk
from tests.review.desks import Visitor, served
from tests.support.big_vault import fill
from tests.support.drop import make_drop
from tests.support.measuring import MIB, peak

ROUNDS = 15


def main(submissions: int, files: int) -> None:
    """Make a vault, serve it, ask for each page."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "vault", make_drop(recipients=[], now=NOW)).join()
        with desk.opened() as (vault, _):
            ids = fill(vault, submissions, files)
        began = time.perf_counter()
        with served(desk.path) as serving:
            visitor = Visitor(serving).enter()
            print(f"unlock to inbox, {submissions:,} submissions: {time.perf_counter() - began:.2f} s")
            opened = serving.room._desk
            assert opened
            opened.search._index.wait()
            print(f"search built after {time.perf_counter() - began:.1f} s")
            inbox = visitor.get("/")
            pages = ["/", "/?page=40", "/?show=unread&sort=day", "/?sort=-size", f"/letters/{ids[7]}", "/log"]
            for path in pages:
                print(f"{path[:40]:42}{timed(lambda path=path: visitor.get(path)):7.1f} ms")
            letter = visitor.get(f"/letters/{ids[8]}")
            at = f"/letters/{ids[8]}/note"
            print(f"{'a note (with its page)':42}{timed(lambda: visitor.fill(letter, at, ('note', 'x'))):7.1f} ms")
            query = "case77 bridge"
            print(f"{'search (with its page)':42}{timed(lambda: visitor.fill(inbox, '/search', ('query', query))):7.1f} ms")
            print(f"memory at most: {peak_of_self() // MIB} MiB")


def timed(ask: Callable[[], object]) -> float:
    """The median in milliseconds."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def peak_of_self() -> int:
    """This process's largest size."""
    return peak(os.getpid())


if __name__ == "__main__":
    main(*map(int, [*sys.argv[1:], "10000", "10"][:2] if len(sys.argv) != 2 else [sys.argv[1], "10"]))
