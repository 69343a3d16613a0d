"""A gibibyte through a real browser: bit for bit, with a page whose memory does not grow and a server that stays small.

Only `make test-all` runs it: it takes minutes and five times its size of disk.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browsers import Started, confirm_codename, until
from tests.support.measuring import MIB, Watch, descendants
from tests.support.newsroom import Newsroom
from tests.support.running import running

pytestmark = [pytest.mark.whole, pytest.mark.alone, pytest.mark.tool("/proc"), pytest.mark.timeout(900)]

GIB = 2**30


def write_random(path: Path, size: int) -> str:
    """A file of random bytes; returns its SHA-256."""
    hasher = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(size // MIB):
            piece = os.urandom(MIB)
            hasher.update(piece)
            file.write(piece)
    return hasher.hexdigest()


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.fixture
def roomy(unserved: Newsroom) -> Iterator[Newsroom]:
    """The newsroom's folder is gone afterwards: pytest would keep several gibibytes of it."""
    yield unserved
    shutil.rmtree(unserved.path, ignore_errors=True)


def page_processes(browser: Started) -> list[int]:
    """The browser's processes. Of a Firefox only those of pages: its first process serves the driver's network monitor,
    which keeps every request (driven by Marionette, without that monitor, it stays at 284 MiB while 400 MiB are sent).
    """
    found = [pid for pid in descendants(os.getpid()) if pid != os.getpid()]
    return [pid for pid in found if (b"tab" if browser.kind.firefox else b"chrom") in command_line(pid)]


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.kinds("chromium", "firefox")
def test_a_gibibyte_comes_out_bit_for_bit(browser: Started, roomy: Newsroom) -> None:
    a_gibibyte_through(browser, roomy)


# The same program, six minutes long.
@pytest.mark.soak
@pytest.mark.kinds("firefox-safer")
def test_a_gibibyte_comes_out_bit_for_bit_where_no_script_is_compiled(browser: Started, roomy: Newsroom) -> None:
    a_gibibyte_through(browser, roomy)


def a_gibibyte_through(browser: Started, roomy: Newsroom) -> None:
    room, film = roomy, roomy.path / "film.mp4"
    expected = write_random(film, GIB)
    page = browser.new_page()
    watch = Watch(lambda: page_processes(browser))
    with running(room) as server:
        page.goto(room.url)
        page.wait_for_selector("main[data-state=compose]")
        page.fill("#message", "one gibibyte")
        before = watch.sample()
        with watch.watching():
            page.set_input_files("#files", film)
            page.click("#send")
            page.wait_for_selector("main[data-state=codename]", timeout=400_000)
        read = max(watch.samples)
        confirm_codename(page)
        until(page, "document.querySelector('#progress')?.value > 40", 200)
        watch.samples.clear()
        with watch.watching():
            page.wait_for_selector("main[data-state=done]", timeout=600_000)
        page.context.close()
        server_peak = server.peak
        film.unlink()
        room.fetch()
    room("desk", "import", room.vault("Dana"), room.out)
    shutil.rmtree(room.out)
    (submission,) = room.submissions("Dana")
    assert submission["complete"]
    room("desk", "export", room.vault("Dana"), submission["id"], "--out", room.path / "exported")
    assert digest(room.path / "exported" / "files" / "film.mp4") == expected
    third = len(watch.samples) // 3
    first, last = min(watch.samples[:third]), min(watch.samples[-third:])
    print(
        f"{browser.name}: the page {before // MIB} MiB before, {read // MIB} at most while it read the film; while it sent, "
        f"{first // MIB} at least in the first third, {last // MIB} in the last, "
        f"{max(watch.samples) // MIB} at most; server {server_peak // MIB} MiB at most"
    )
    assert third >= 5, "too few samples to say anything"
    assert min(before, *watch.samples) > 30 * MIB, "no process of the page was found"
    assert read < before + 512 * MIB, "the page kept the film while it was reading"
    # A browser collects its garbage when it likes: its size is a saw, whose teeth are hundreds of MiB high and stand anywhere,
    # and whose feet stay where they were. A page that kept what it sends would grow by the film, of which two thirds lie
    # between the least of the first third (near its start) and that of the last (at its start): its foot would rise by some
    # 640 MiB.
    assert last < first + 256 * MIB, "the page grew while it was sending"
    assert max(watch.samples) < before + 640 * MIB, "the page kept what it sent"
    assert server_peak < 96 * MIB
