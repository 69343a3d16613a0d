"""A journalist's day at the review desk, in a real browser: Chinese and Arabic letters, the keyboard, axe, narrow and wide.

With KNOTHOLE_SHOTS set to a folder, every state is left there as a picture, light and dark, 360 and 1280 pixels wide.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from knothole_client.review.serving import Serving
from tests.browser.test_accessibility import RULES, violations, width
from tests.desk.conftest import PASSPHRASE, Desk, desk, drop  # noqa: F401 - fixtures
from tests.review.conftest import at_noon, letters  # noqa: F401 - fixtures
from tests.review.desks import QUIET, served
from tests.review.test_copying import Walls, walls  # noqa: F401 - a fixture
from tests.support.browsers import Started

SHOTS = os.environ.get("KNOTHOLE_SHOTS")
SIZES = {"wide": (1280, 800), "phone": (360, 740)}
# A page goes away after five idle minutes, and nobody can switch that off: the lock is what the desk is for (WCAG 2.2.1 excepts
# what is essential). Any click puts it off, and the page for answering says so and keeps drafts.
UNTIMED = {**RULES, "rules": {"meta-refresh": {"enabled": False}}}
UNBROKEN = "W" * 300 + "<script>document.title='ran'</script>\u202e"


@pytest.fixture
def serving(desk: Desk, letters: dict[str, str]) -> Iterator[Serving]:  # noqa: F811
    with served(desk.path, QUIET) as one:
        yield one


def enter(browser: Started, serving: Serving, **options: object) -> Page:
    context: BrowserContext = browser.new_context(**options)
    page = context.new_page()
    page.goto(serving.link())
    return page


def looked_at(page: Page, name: str) -> None:
    """No page breaks, runs anything, or is hard for anybody; in both sizes and schemes where pictures are wanted."""
    assert page.title() != "ran"
    assert page.locator("script").count() == 0
    for size, (across, down) in SIZES.items():
        page.set_viewport_size({"width": across, "height": down})
        assert width(page) <= across, f"{name} is wider than {across} pixels"
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page, UNTIMED) == [], f"{name}, {size}, {scheme}"
            if SHOTS:
                Path(SHOTS).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=Path(SHOTS) / f"{name}-{size}-{scheme}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")


@pytest.mark.whole
def test_a_whole_day(browser: Started, serving: Serving, letters: dict[str, str], tmp_path: Path) -> None:  # noqa: F811
    page = enter(browser, serving)
    assert page.title() == "Inbox (3 unread) · Knothole desk"
    looked_at(page, "inbox-unread")

    # Reads the letter from Arabic, from right to left, and marks it.
    page.locator(".line", has_text="وثائق").locator("a.open").click()
    text = page.locator(".letter > .text")
    assert text.evaluate("one => getComputedStyle(one).direction") == "rtl"
    page.select_option("#mark-state", "verifying")
    page.fill("#labels", "ministry, 部门")
    page.fill("#assigned", "editor")
    page.fill("#reminder", "2026-11-01")
    page.check("[name=star]")
    page.click("text=Keep marks")
    page.fill("#note", f"Call the auditor.\n{UNBROKEN}\nهذه ملاحظة")
    page.click("text=Add the note")
    page.fill("#text", "شكرا لك. متى كان ذلك؟")
    page.click("text=Queue the answer")
    assert "Waits for the next file of slots" in page.inner_text(".ours")
    looked_at(page, "letter-arabic")

    # Searches in Chinese, and reads what was found.
    page.fill("#query", "公开的")
    page.press("#query", "Enter")
    assert page.locator("mark").count() >= 1
    looked_at(page, "found")
    page.click("a.open")
    assert page.locator(".letter").count() == 1
    looked_at(page, "letter-chinese")
    page.click("ul.files a.name >> nth=0")
    looked_at(page, "file")
    if page.locator("text=Look into the file").count():
        page.locator("button", has_text="Look into the file").click()
        page.wait_for_selector("#dangers", timeout=120_000)
        looked_at(page, "file-looked")

    # Takes it out, looks at the log, and marks the rest.
    page.goto(f"{serving.url}/letters/{letters['chinese']}")
    page.fill("#folder", str(tmp_path / "case"))
    page.locator("button", has_text="Export").click()
    page.wait_for_selector("main .said")
    assert (tmp_path / "case" / "SHA256SUMS").is_file()
    page.goto(f"{serving.url}/log")
    looked_at(page, "log")
    page.goto(f"{serving.url}/help")
    looked_at(page, "help")
    page.goto(serving.url)
    looked_at(page, "inbox")
    page.check(".line >> nth=0 >> input[type=checkbox]")
    page.locator("button", has_text="Mark unread").click()
    page.wait_for_selector("main .said")
    page.goto(f"{serving.url}/letters/{letters['chinese']}/print")
    looked_at(page, "print")

    # Somebody is at the door.
    page.goto(serving.url)
    page.locator("button[accesskey=l]").click()
    page.wait_for_selector("#passphrase")
    assert serving.room.locked
    assert "وثائق" not in page.content()
    looked_at(page, "locked")
    page.fill("#passphrase", PASSPHRASE.passphrase.decode())
    page.keyboard.press("Enter")
    page.wait_for_selector(".lines")
    page.context.close()


@pytest.mark.whole
def test_what_leaves_and_what_goes(
    browser: Started,
    serving: Serving,
    letters: dict[str, str],  # noqa: F811
    walls: Walls,  # noqa: F811
    tmp_path: Path,
) -> None:
    page = enter(browser, serving)

    # Templates: none, two, one of them in an answer below what was written.
    page.click("text=Templates")
    looked_at(page, "templates-none")
    for name, text in (("thanks", "Thank you.\nWe are reading it, and answer within a week."), (UNBROKEN[:56], "谢谢。" * 90)):
        page.fill("#name", name)
        page.fill("#text", text)
        page.click("text=Keep the template")
    looked_at(page, "templates")
    page.locator("a.name", has_text="thanks").click()
    looked_at(page, "template")
    page.goto(f"{serving.url}/letters/{letters['arabic']}")
    page.fill("#text", "شكرا لك.")
    page.locator("summary", has_text="Templates").focus()
    page.keyboard.press("Enter")
    page.locator("button", has_text="thanks").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("main .said")
    assert page.input_value("#text") == "شكرا لك.\n\nThank you.\nWe are reading it, and answer within a week."
    page.locator("summary", has_text="Templates").click()
    looked_at(page, "letter-template")

    # A working copy that still tells something, exported with a tick.
    page.goto(f"{serving.url}/letters/{letters['chinese']}/files/2")
    page.click("text=Make a working copy")
    page.wait_for_selector("#exposure")
    looked_at(page, "copy")
    page.fill("#folder", str(tmp_path / "page"))
    page.check("[name=anyway]")
    page.click("text=Export the copy")
    page.wait_for_selector("main .said")
    assert len(list((tmp_path / "page").iterdir())) == 1
    page.goto(f"{serving.url}/letters/{letters['chinese']}/files/2")
    looked_at(page, "file-copies")

    # An archive for a colleague, and a letter that goes for good.
    page.goto(f"{serving.url}/letters/{letters['chinese']}/archive")
    looked_at(page, "archive")
    page.fill("#file", str(tmp_path / "letter.tar.age"))
    page.fill("#passphrase", "for a colleague alone")
    page.fill("#again", "for a colleague alone")
    page.keyboard.press("Enter")
    page.wait_for_selector("main .said", timeout=120_000)
    assert (tmp_path / "letter.tar.age").is_file()
    page.click("text=Shred this letter for good")
    looked_at(page, "shred")
    page.fill("#id", letters["chinese"][:10])
    page.fill("#passphrase", PASSPHRASE.passphrase.decode())
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text-is('Shredded')", timeout=120_000)
    looked_at(page, "shredded")
    page.context.close()


def test_the_inbox_by_keyboard_alone_and_without_scripts(browser: Started, serving: Serving) -> None:
    page = enter(browser, serving, java_script_enabled=False)
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator("a.open:focus").count():
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".letter")
    assert page.locator(".letter .text").count() == 1
    page.context.close()
