"""A complaint stands where the person looks: beside what it is about, inside the screen, and tied to its field."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.support.browsers import Started
from tests.support.newsroom import Newsroom

pytestmark = pytest.mark.whole

SCREENS: list[ViewportSize] = [{"width": 360, "height": 740}, {"width": 1280, "height": 800}]


def nothing(page: Page, room: Newsroom, folder: Path) -> None:
    page.click("#send")


def nobody(page: Page, room: Newsroom, folder: Path) -> None:
    for reader in page.locator("#readers input").all():
        reader.uncheck()
    page.click("#send")


def half_a_codename(page: Page, room: Newsroom, folder: Path) -> None:
    page.click("#way-back")
    page.fill("#codename-entry", "zebra")
    page.click("#look")


def new_reader(page: Page, room: Newsroom, folder: Path) -> None:
    page.fill("#message", "x")
    room.join("Kim")
    room.publish()
    page.click("#send")


def vanished_file(page: Page, room: Newsroom, folder: Path) -> None:
    film = folder / "film.bin"
    film.write_bytes(bytes(3_000_000))
    page.set_input_files("#files", film)
    film.unlink()
    page.click("#send")


@pytest.mark.parametrize("screen", SCREENS, ids=["phone", "wide"])
@pytest.mark.parametrize(
    ("happens", "field"),
    [
        (nothing, "#message"),
        (nobody, "#readers input >> nth=0"),
        (half_a_codename, "#codename-entry"),
        (new_reader, "#readers input >> nth=0"),
        (vanished_file, "#files"),
    ],
)
def test_a_complaint_is_on_the_screen_and_described_by_its_field(
    browser: Started,
    room: Newsroom,
    tmp_path: Path,
    screen: ViewportSize,
    happens: Callable[[Page, Newsroom, Path], None],
    field: str,
) -> None:
    page = browser.new_context(viewport=screen).new_page()
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    happens(page, room, tmp_path)
    problem = page.locator("#problem")
    expect(problem).not_to_be_empty()
    expect(problem).to_be_in_viewport(ratio=1)
    expect(page.locator(field)).to_be_in_viewport(ratio=0.5)
    expect(page.locator(field)).to_be_focused()
    assert "problem" in (page.get_attribute(field, "aria-describedby") or "").split()
    assert page.get_attribute(field, "aria-invalid") == "true"
    page.context.close()


def test_a_mended_complaint_is_not_tied_to_its_field_any_more(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url)
    page.click("#send")
    page.fill("#message", "x")
    expect(page.locator("#problem")).to_be_empty()
    assert page.get_attribute("#message", "aria-describedby") == "message-hint"
    assert page.get_attribute("#message", "aria-invalid") == "false"
    page.context.close()
