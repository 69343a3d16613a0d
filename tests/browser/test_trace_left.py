"""What a whole visit leaves on the source's own disk: nothing of what was written, chosen or shown.

A message, a file's name and contents, and the codename go the whole way, to "done"; then the browser is closed and all that
it has ever written (profile, home, scratch) is searched, packed files unpacked. A browser that is not private remembers the
address of the visit: that is found, and said on the page.
"""

import itertools
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.support.browsers import confirm_codename
from tests.support.newsroom import Newsroom
from tests.support.profiles import WAYS, browsed, contents, unpack_lz4, unpack_snappy

MARKERS = [f"{bird}{os.urandom(6).hex()}" for bird in ("Steinschmaetzer", "Braunkehlchen", "Neuntoeter")]
MESSAGE, NAME, CONTENTS = MARKERS


def ways(*, remembering: bool = False) -> list[object]:
    names = [name for name, way in WAYS.items() if not (remembering and way.private)]
    return [pytest.param(name, marks=pytest.mark.tool(WAYS[name].program)) for name in names]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place with a short name: Chromium's socket in it has a longest one."""
    with tempfile.TemporaryDirectory(prefix="kh-") as name:
        yield Path(name)


def spelled(word: str) -> list[bytes]:
    return [word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")]


def found(left: Path, words: list[str]) -> list[str]:
    """`word in place` for every word that is anywhere below a folder, spelled in UTF-8 or UTF-16."""
    wanted = [(word, spelling) for word in words for spelling in spelled(word)]
    return [f"{word} in {place}" for place, data in contents(left) for word, spelling in wanted if spelling in data]


def arrive(context: BrowserContext, room: Newsroom) -> Page:
    page = context.pages[0]
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    return page


def visit(context: BrowserContext, room: Newsroom, file: Path) -> str:
    page = arrive(context, room)
    page.click("#message")
    # Typed, as spelling checkers and form histories see it.
    page.keyboard.type(f"the word is {MESSAGE}")
    page.set_input_files("#files", file)
    page.click("#send")
    words = confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=90_000)
    page.click("#reveal")
    page.reload()
    page.wait_for_selector("main[data-state=compose]")
    return words


def pairs(words: str) -> Iterator[str]:
    """Neighbours of a codename, joined as text, markup and JSON join them."""
    one = words.split()
    for joint in (" ", "-", "+", ",", '","', "\n", "%20", ""):
        yield from (joint.join(pair) for pair in itertools.pairwise(one))


@pytest.mark.whole
@pytest.mark.parametrize("way", ways())
def test_after_a_visit_the_disk_has_no_word_of_it(way: str, room: Newsroom, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "chosen" / f"{NAME}.txt"
    file.parent.mkdir()
    file.write_text(f"{CONTENTS} " * 30_000)
    left, plain = folder / "left", folder / "plain"
    browsed(way, plain, lambda context: arrive(context, room))
    words = browsed(way, left, lambda context: visit(context, room, file))
    assert sum(path.is_file() for path in left.rglob("*")) > 20, "the browser kept its profile elsewhere"
    assert found(left, [*MARKERS, *pairs(words)]) == []
    # A single word of the list may be anywhere in a browser: only one that is there since the visit tells.
    single = [word for word in words.split() if len(word) > 6]
    there = {hit.split()[0] for hit in found(plain, single)}
    assert [hit for hit in found(left, single) if hit.split()[0] not in there] == []
    remembered = found(left, [room.url.removeprefix("http://")])
    assert bool(remembered) is not WAYS[way].private, remembered


def leave(context: BrowserContext, room: Newsroom) -> None:
    page = arrive(context, room)
    page.evaluate(f"document.title = '{MESSAGE}'.repeat(3); localStorage.setItem('draft', '{CONTENTS}'.repeat(50))")
    page.wait_for_timeout(2500)


@pytest.mark.whole
@pytest.mark.parametrize("way", ways(remembering=True))
def test_what_a_page_leaves_is_found(way: str, room: Newsroom, folder: Path) -> None:
    """The search above can fail: a page that keeps a draft, or puts a word into its title, is noticed."""
    browsed(way, folder, lambda context: leave(context, room))
    hits = found(folder, [MESSAGE, CONTENTS])
    assert [hit for hit in hits if CONTENTS in hit], "what localStorage holds was not found"
    assert [hit for hit in hits if MESSAGE in hit], "a page's title was not found"
    if WAYS[way].preferences is not None:
        packed = [data for place, data in contents(folder) if place.endswith("lz4 (unpacked)")]
        assert packed, "there is no packed file"
        assert all(json.loads(data) for data in packed)


def test_packed_files_are_unpacked() -> None:
    # "abcabcabcabcX": three literals, nine more by looking back three, one literal.
    assert unpack_lz4(bytes([0x35]) + b"abc" + bytes([3, 0, 0x10]) + b"X") == b"abcabcabcabcX"
    assert unpack_snappy(bytes([13, 2 << 2]) + b"abc" + bytes([(9 - 4) << 2 | 1, 3, 0]) + b"X") == b"abcabcabcabcX"
