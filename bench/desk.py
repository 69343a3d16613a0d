"""What the desk costs with thousands of submissions: `python bench/desk.py [SUBMISSIONS=10000] [FILES=10]`.

Makes a vault of records (its boxes are not there, as nothing here opens one), and prints the time of each thing that a person
waits for, and the memory of the process after it. Run it when nothing else does; figures say what this machine took, no more.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parent.parent))

from knothole_client.desk import vault as vaults
from knothole_client.desk.boxes import Boxes
from knothole_client.desk.custody import Custody
from knothole_client.desk.drop import needed
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.listing import Filter, Listing, page, threads
from knothole_client.desk.looking import look, mark
from knothole_client.desk.marks import STATES, Mark, Marks
from knothole_client.desk.search import Document, Index
from tests.desk.conftest import NOW, PASSPHRASE, Desk
from tests.support.big_vault import fill, text_of
from tests.support.drop import make_drop

T = TypeVar("T")
# Characters of a message in the vault, and of a document that only the index gets.
SHORT, LONG = 400, 6400
QUERIES = ("bridge", "three firms", '"sent home with"', "dep*", "一座", "桥", "三家公司", "case4711")


def timed(what: str, action: Callable[[], T], times: int = 1) -> T:
    """Print how long an action took, at most of so many times, and what the process holds after it."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        result = action()
        taken.append(time.perf_counter() - began)
    print(f"{what:54}{1000 * max(taken):10.1f} ms   {memory():5.0f} MiB", flush=True)
    return result


def memory() -> float:
    """Mebibytes that this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def lists(vault: vaults.Vault) -> None:
    """Inbox, pages, marks."""
    kept = Listing(vault)
    rows = timed("inbox: every row, joined, after unlock", kept.rows)
    timed("a page of 50, filtered and sorted", lambda: page(kept.rows(), Filter(unread=True), "-day", 500, 50), 20)
    timed("by source thread", lambda: threads(kept.rows()), 5)
    timed("one mark, logged and durable", lambda: mark(vault, rows[7].id, Mark(star=True), NOW))
    timed("the inbox after that mark", kept.rows)
    inbox = Inbox(vault.records, Boxes(vault.boxes, needed(vault.records).chain))
    timed("one submission with marks, notes and duplicates", lambda: look(vault, inbox, inbox.submission(rows[7].summary)))
    timed("custody log: check", lambda: Custody(vault.records).check())


def searches(vault: vaults.Vault, count: int) -> None:
    """The index of what is in the vault, and of longer texts."""
    index = Index()

    def build() -> None:
        index.start(vault)
        index.wait()

    timed(f"index of {count} submissions ({SHORT} characters each)", build)
    index.close()
    long = Index()
    texts = [Document(str(i), (("text", "a", text_of(i, LONG)),)) for i in range(count)]
    print(f"{'':54}{'':13}   {memory():5.0f} MiB   with {sum(len(one.fields[0][2]) for one in texts) / 1e6:.0f} M characters")

    def fill_long() -> None:
        for one in texts:
            long.add(one)

    timed(f"index of {count} documents ({LONG} characters each)", fill_long)
    texts.clear()
    for query in QUERIES:
        found = long.search(query)
        timed(f"search {query!r}: {found.total} documents, 50 shown", lambda query=query: long.search(query), 5)  # type: ignore[misc]
    print(f"{'':54}{'':13}   {memory():5.0f} MiB   at the end")


def main(count: int, files: int) -> None:
    """Fill a vault and go through it."""
    with tempfile.TemporaryDirectory() as scratch:
        drop = make_drop(recipients=[], now=NOW)
        desk = Desk(Path(scratch) / "vault", drop).join()
        with desk.opened() as (vault, _), vault.changing():
            ids = fill(vault, count, files, SHORT)
            for number, one in enumerate(ids[::2]):
                Marks(vault.records).put(one, Mark(seen=True, state=STATES[number % 7], labels=("tax",)))
        print(f"{count} submissions, {count * files} files, half of them marked; {memory():.0f} MiB before the vault is opened")
        with vaults.opened(desk.path, PASSPHRASE) as vault:
            lists(vault)
            searches(vault, count)


if __name__ == "__main__":
    main(*[int(given) for given in sys.argv[1:]] or [10_000, 10])
