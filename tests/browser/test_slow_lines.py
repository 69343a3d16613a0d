"""Slow and dead lines: everything arrives on the first, and the page does not look alive on the second.

The page's time runs twenty times faster here, so a line of 150 kB a second is to it what 7.5 kB a second is to a person.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsers import Started, confirm_codename
from tests.support.newsroom import Newsroom
from tests.support.slowline import SlowLine

pytestmark = pytest.mark.whole

FASTER = 20
HURRY = f"""
for (const name of ["setTimeout", "setInterval"]) {{
  const real = window[name].bind(window);
  window[name] = (action, delay = 0, ...more) => real(action, delay / {FASTER}, ...more);
}}
const now = performance.now.bind(performance);
performance.now = () => now() * {FASTER};
const timeout = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (delay) => timeout(delay / {FASTER});
"""


@pytest.fixture
def small(tmp_path: Path, passphrase: Path) -> Iterator[Newsroom]:
    """A drop of the smallest boxes, so that a slow line carries one in seconds."""
    made = Newsroom(tmp_path).copy("Dana", options=("--box-size", 2**18))
    with made.serving():
        yield made


def sending(browser: Started, line: SlowLine, boxes: int) -> Page:
    page = browser.new_context().new_page()
    page.add_init_script(HURRY)
    page.goto(line.url)
    page.wait_for_selector("main[data-state=compose]")
    page.set_input_files("#files", {"name": "film.bin", "mimeType": "", "buffer": b"film" * (boxes * 60_000)})
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=sending]")
    return page


def test_boxes_arrive_on_a_line_too_slow_for_four_at_once(browser: Started, small: Newsroom) -> None:
    with SlowLine(small.url, bytes_per_second=150_000) as line:
        page = sending(browser, line, boxes=4)
        page.wait_for_selector("main[data-state=done]", timeout=60_000)
        page.context.close()
    small.fetch()
    assert len(list(small.out.glob("*/*.box"))) == 5


def test_a_line_that_hangs_shows_no_speed_and_goes_on_when_it_can(browser: Started, small: Newsroom) -> None:
    with SlowLine(small.url, bytes_per_second=600_000) as line:
        page = sending(browser, line, boxes=24)
        figures = page.locator(".figures")
        expect(figures).to_contain_text("a second", timeout=30_000)
        line.hang()
        expect(page.locator("#notice[data-reason=quiet]")).to_be_visible(timeout=30_000)
        expect(figures).not_to_contain_text("a second")
        expect(figures).to_contain_text("not known")
        expect(page.locator("#notice[data-reason=slow]")).to_be_visible(timeout=60_000)
        line.go_on()
        page.wait_for_selector("main[data-state=done]", timeout=90_000)
        page.context.close()


def test_a_network_that_goes_is_told_at_once_with_no_speed_or_time(browser: Started, small: Newsroom) -> None:
    with SlowLine(small.url, bytes_per_second=600_000) as line:
        page = sending(browser, line, boxes=24)
        figures = page.locator(".figures")
        expect(figures).to_contain_text("a second", timeout=30_000)
        # As through Tor: requests only hang, and nothing but the browser's word tells that the network is gone.
        line.hang()
        page.evaluate("dispatchEvent(new Event('offline'))")
        expect(page.locator("#notice[data-reason=offline]")).to_be_visible()
        expect(figures).not_to_contain_text("a second")
        line.go_on()
        page.evaluate("dispatchEvent(new Event('online'))")
        page.wait_for_selector("main[data-state=done]", timeout=90_000)
        page.context.close()


def test_before_the_first_box_is_stored_the_page_says_that_nothing_is(browser: Started, small: Newsroom) -> None:
    with SlowLine(small.url, bytes_per_second=400_000) as line:
        line_page = sending(browser, line, boxes=2)
        expect(line_page.locator("#count")).to_have_text("Nothing is stored yet.")
        assert line_page.get_attribute("#progress", "aria-valuetext") == "Nothing is stored yet."
        expect(line_page.locator("#count")).to_have_text("The server says it has stored 1 of 3 boxes.")
        line_page.context.close()
