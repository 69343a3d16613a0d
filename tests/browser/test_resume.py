"""A submission that everything happens to comes through, each box of it once.

The line is cut fifty times, at every point of a request; the server is killed and started again; the browser is killed
and the source returns with the codename, once with the same file and once with another.
"""

import hashlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page

from knothole_keys.box import Geometry
from knothole_server.slab_table import ENTRY, FREE, PAGE, Shape
from tests.support import browsers
from tests.support.browsers import Started, confirm_codename, until
from tests.support.faults import KINDS, FaultyLine
from tests.support.newsroom import Newsroom
from tests.support.returning import come_back
from tests.support.running import running

pytestmark = [pytest.mark.each, pytest.mark.whole, pytest.mark.timeout(600)]

SIZE = 2**18
CAPACITY = Geometry(SIZE, 4).capacity
FAULTS = 50


@pytest.fixture
def small(tmp_path: Path, passphrase: Path) -> Newsroom:
    """A newsroom with small boxes, so that a small file is many; its server is not running yet."""
    return Newsroom(tmp_path).copy("Dana", options=("--box-size", SIZE))


def entries(room: Newsroom) -> list[bytes]:
    """The box ids in every slab's tables, as they lie on the disk."""
    found = []
    for path in (room.path / "server" / "slabs").iterdir():
        data = path.read_bytes()
        shape = Shape.read(data[:PAGE])
        for extent in range(shape.extents_in(len(data))):
            table = data[shape.offset(extent) :][: shape.count(extent) * ENTRY]
            rows = (table[at : at + ENTRY] for at in range(0, len(table), ENTRY))
            found += [row[:16] for row in rows if row != FREE]
    return found


def settled(room: Newsroom) -> int:
    """How many boxes are stored, once the server has finished with what came before the line went dead."""
    count = -1
    while count != (count := len(entries(room))):
        time.sleep(1)
    return count


def begin(page: Page, url: str, message: str, file: Path, words: str = "") -> str:
    """Visit, write, choose, confirm; returns the codename."""
    page.goto(url)
    page.wait_for_selector("main[data-state=compose]", timeout=60_000)
    if words:
        come_back(page, words, to="compose")
    page.fill("#message", message)
    page.set_input_files("#files", file)
    page.click("#send")
    if not words:
        return confirm_codename(page)
    page.wait_for_selector("main[data-state=codename]", timeout=60_000)
    page.click("#confirm-send")
    return words


def exported(room: Newsroom, message: str, out: Path) -> dict[str, bytes]:
    room.fetch()
    room("desk", "import", room.vault("Dana"), room.out)
    (submission,) = [one for one in room.submissions("Dana") if one["message"] == message]
    assert submission["complete"]
    room("desk", "export", room.vault("Dana"), submission["id"], "--out", out)
    return {path.name: path.read_bytes() for path in (out / "files").iterdir()}


def test_fifty_cuts_and_a_killed_server_lose_and_double_nothing(browser: Started, small: Newsroom, tmp_path: Path) -> None:
    room, film = small, tmp_path / "film.mp4"
    film.write_bytes(os.urandom(60 * 250_000))
    with running(room) as first, FaultyLine(first.port, faults=FAULTS, seed=1) as line:
        page = browser.new_page()
        begin(page, f"http://127.0.0.1:{line.port}", "through everything", film)
        until(page, "document.querySelector('#progress')?.value > 8", 120)
        first.kill()
        with running(room) as second:
            line.upstream = second.port
            page.wait_for_selector("main[data-state=done]", timeout=240_000)
            page.context.close()
            assert line.left == 0, "the line was not cut as often as it should"
            assert set(line.done) == set(KINDS)
            assert exported(room, "through everything", tmp_path / "whole") == {"film.mp4": film.read_bytes()}
            ids = entries(room)
            assert len(ids) == len(set(ids))
            # A letter and the film's parts, and not one box more.
            assert len(ids) == 1 + -(-film.stat().st_size // CAPACITY)


def kill_browser(token: str) -> int:
    """Kill every process that carries the token in its environment, as a phone out of power would; returns how many."""
    mark, killed = f"KNOTHOLE_TOKEN={token}".encode(), 0
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)
                killed += 1
        except OSError:
            continue
    return killed


def test_a_killed_browser_goes_on_where_it_was(browser: Started, small: Newsroom, tmp_path: Path) -> None:
    room, film = small, tmp_path / "film.mp4"
    film.write_bytes(os.urandom(40 * 250_000))
    token = os.urandom(8).hex()
    words: list[str] = []
    killed: list[int] = []

    def doomed(url: str) -> None:
        # Playwright allows one driver a thread, and this test's thread has one already.
        with browsers.start(browser.name, {**os.environ, "KNOTHOLE_TOKEN": token}) as own:
            page = own.new_page()
            words.append(begin(page, url, "first visit", film))
            try:
                until(page, "document.querySelector('#progress')?.value > 12", 90)
            finally:
                killed.append(kill_browser(token))

    with running(room) as server:
        thread = threading.Thread(target=_ignoring_errors, args=(doomed, room.url))
        thread.start()
        thread.join(150)
        assert words, "the first visit did not come to its codename"
        assert killed[0] > 0, "no browser was killed"
        stored = settled(room)
        assert 12 < stored < 1 + -(-film.stat().st_size // CAPACITY), "nothing was left to send"
        puts: list[str] = []
        page = browser.new_page()
        page.on("request", lambda request: puts.append(request.url) if request.method == "PUT" else None)
        begin(page, room.url, "second visit", film, words[0])
        page.wait_for_selector("main[data-state=done]", timeout=120_000)
        page.context.close()
        ids = entries(room)
        assert len(ids) == len(set(ids))
        # The letter of the second visit, and the parts that the first had not stored.
        assert len(set(puts)) == len(ids) - stored
        assert exported(room, "second visit", tmp_path / "second") == {"film.mp4": film.read_bytes()}
        assert exported(room, "first visit", tmp_path / "first") == {"film.mp4": film.read_bytes()}
        assert server.process.poll() is None


def _ignoring_errors(call: object, *arguments: object) -> None:
    try:
        call(*arguments)  # type: ignore[operator]
    except Error:
        pass
    except Exception as error:
        if "closed" not in str(error).lower():
            raise


def test_a_changed_file_is_another_file(browser: Started, small: Newsroom, tmp_path: Path) -> None:
    room, film = small, tmp_path / "film.mp4"
    before = os.urandom(12 * 250_000)
    film.write_bytes(before)
    with running(room):
        page = browser.new_page()
        words = begin(page, room.url, "as it was", film)
        page.wait_for_selector("main[data-state=done]", timeout=120_000)
        page.context.close()
        count = len(entries(room))
        # One byte, the same length, the same name.
        after = before[:1_000_000] + bytes([before[1_000_000] ^ 1]) + before[1_000_001:]
        time.sleep(0.01)
        film.write_bytes(after)
        page = browser.new_page()
        begin(page, room.url, "as it is now", film, words)
        page.wait_for_selector("main[data-state=done]", timeout=120_000)
        page.context.close()
        assert len(entries(room)) == 2 * count
        assert exported(room, "as it was", tmp_path / "was") == {"film.mp4": before}
        assert exported(room, "as it is now", tmp_path / "is") == {"film.mp4": after}
        assert hashlib.sha256(before).digest() != hashlib.sha256(after).digest()


def test_the_command_line_comes_through_fifty_cuts_and_a_killed_server(small: Newsroom, tmp_path: Path) -> None:
    room, film = small, tmp_path / "film.mp4"
    film.write_bytes(os.urandom(60 * 250_000))
    with running(room) as first, FaultyLine(first.port, faults=FAULTS, seed=2) as line:
        sending = threading.Thread(
            target=room,
            args=("source", "send", f"http://127.0.0.1:{line.port}", "--root", room.fingerprint, "-m", "by command", film),
        )
        sending.start()
        end = time.monotonic() + 60
        while len(entries(room)) < 8:
            assert time.monotonic() < end
            time.sleep(0.05)
        first.kill()
        with running(room) as second:
            line.upstream = second.port
            sending.join(240)
            assert not sending.is_alive()
            assert line.left == 0
            ids = entries(room)
            assert len(ids) == len(set(ids)) == 1 + -(-film.stat().st_size // CAPACITY)
            assert exported(room, "by command", tmp_path / "whole") == {"film.mp4": film.read_bytes()}
