"""Every state of the source's page, one after another, for whoever wants to look at it: tests and `scripts/screenshots`."""

import contextlib
import copy
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Page, Route

from knothole_keys.languages import SOURCE, Language
from tests.support import states_back
from tests.support.browsers import Started, until
from tests.support.newsroom import Newsroom

MESSAGE = (
    "I worked on the bridge inspection. The report that was published is not the one we wrote: page 4 names the cables.\n\n"
    "The video is the original from my phone. Please do not publish it as it is."
)


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def _picture() -> bytes:
    # No picture, but all that the page needs to find what a camera writes: a device, a serial number, a person, a remark.
    texts = {0x0110: b"Canon EOS R5\0", 0x013B: b"Jo Smith\0", 0xC62F: b"4071-8832\0", 0x0132: b"2026:03:14 15:09:26\0"}
    at = 8 + 2 + 12 * len(texts) + 4
    entries, values = b"", b""
    for tag, text in sorted(texts.items()):
        entries += tag.to_bytes(2, "big") + b"\0\x02" + len(text).to_bytes(4, "big") + (at + len(values)).to_bytes(4, "big")
        values += text
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + len(texts).to_bytes(2, "big") + entries + bytes(4) + values
    return b"\xff\xd8" + _segment(0xE1, exif) + _segment(0xFE, b"for K.") + _segment(0xDA, bytes(6)) + b"\xff\xd9"


_REPORT = b"%PDF-1.7\n1 0 obj <</Author (Jo Smith)/Producer (Writer)>> endobj\n"
# What each file begins with, and how many zeros follow.
FILES: dict[str, tuple[bytes, int]] = {
    "IMG_2040.jpg": (_picture(), 0),
    "inspection-report-before-changes.pdf": (_REPORT, 2_400_000),
    "IMG_2041.MOV": (b"moov", 18_300_000),
    "رسالة.docx": (b"PK", 91_000),
}


def files(folder: Path) -> list[Path]:
    """FILES, on disk: what is handed to a browser by its bytes takes ten seconds on the way."""
    inside = folder / "to send"
    if not inside.exists():
        inside.mkdir()
        for name, (begins, zeros) in FILES.items():
            (inside / name).write_bytes(begins + bytes(zeros))
    return [inside / name for name in FILES]


def states(
    browser: Started, room: Newsroom, folder: Path, *, language: Language = SOURCE, **options: Any
) -> Iterator[tuple[str, Page]]:
    """Yield (name, page) for each state of the page, in a context with these options (viewport, color_scheme, …)."""
    # Couriers know the drop's address, visitors a page's.
    states_back.answered(room)
    room = copy.copy(room)
    room.url += language.address
    # Resisting fingerprinting includes not telling a page that the network has gone.
    sending = functools.partial(_compose_and_send, told_offline=browser.name != "firefox-safer")
    for walk in (_loading, sending, _hashing, *states_back.WALKS, _errors):
        context = browser.new_context(**options)
        context.set_default_timeout(90_000)
        page = context.new_page()
        yield from walk(page, room, folder)
        context.close()
    context = browser.new_context(**options, java_script_enabled=False)
    page = context.new_page()
    page.goto(room.url)
    yield "noscript", page
    context.close()


def _loading(page: Page, room: Newsroom, folder: Path) -> Iterator[tuple[str, Page]]:
    page.route("**/roster", lambda route: None)
    page.goto(room.url)
    yield "loading", page


def _compose_and_send(page: Page, room: Newsroom, folder: Path, *, told_offline: bool) -> Iterator[tuple[str, Page]]:
    held: list[Route] = []
    passed = 9

    def hold(route: Route) -> None:
        nonlocal passed
        passed -= 1
        route.continue_() if passed > 0 else held.append(route)

    page.route("**/boxes/*/*", hold)
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    yield "compose-empty", page
    page.click("#send")
    yield "compose-nothing", page
    page.fill("#message", MESSAGE)
    page.set_input_files("#files", files(folder))
    until(page, "document.querySelector('.copies') && !document.querySelector('[data-traces=waiting]')")
    yield "compose", page
    page.check(".copies div:last-child input")
    page.evaluate("document.querySelector('.traces details').open = true")
    yield "compose-cleaned", page
    for reader in page.locator("#readers input").all():
        reader.uncheck()
    page.click("#send")
    yield "compose-nobody", page
    for reader in page.locator("#readers input").all():
        reader.check()
    for details in page.locator("details").all():
        details.evaluate("part => part.open = true")
    yield "compose-help", page
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    yield "codename", page
    words = [word.strip() for word in page.locator("#codename li").all_inner_texts()]
    for field in page.locator("input[data-word-index]").all():
        field.fill("zebra")
    page.click("#confirm-send")
    yield "codename-wrong", page
    for field in page.locator("input[data-word-index]").all():
        field.fill(words[int(field.get_attribute("data-word-index") or 0) - 1])
    page.click("#confirm-send")
    until(page, "document.querySelector('#progress')?.value > 3")
    yield "sending", page
    if told_offline:
        page.context.set_offline(True)
        page.wait_for_selector("#notice[data-reason=offline]")
        yield "sending-offline", page
        page.context.set_offline(False)
    page.click("#pause")
    yield "sending-paused", page
    page.click("#pause")
    page.unroute("**/boxes/*/*")
    for route in held:
        # Pausing gave up the requests that were under way; the page sends those boxes again.
        with contextlib.suppress(Error):
            route.continue_()
    page.wait_for_selector("main[data-state=done]")
    yield "done", page
    page.click("#reveal")
    yield "done-codename", page


def _hashing(page: Page, room: Newsroom, folder: Path) -> Iterator[tuple[str, Page]]:
    sparse = folder / "a-long-video.mp4"
    if not sparse.exists():
        with sparse.open("wb") as file:
            file.truncate(3 * 2**30)
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    page.set_input_files("#files", sparse)
    page.click("#send")
    until(page, "document.querySelector('#hash-progress')?.value > 2e8")
    yield "hashing", page
    page.click("#cancel")


def _errors(page: Page, room: Newsroom, folder: Path) -> Iterator[tuple[str, Page]]:
    def spoil(route: Route) -> None:
        fetched = route.fetch()
        route.fulfill(response=fetched, body=fetched.body().replace(b"Dana", b"Mole"))

    def off(route: Route) -> None:
        route.fulfill(
            status=404, body=json.dumps({"error": "NoRoster", "message": "No roster."}), content_type="application/json"
        )

    def login(route: Route) -> None:
        route.fulfill(status=200, body="<p>Please log in.", content_type="text/html")

    answers = {"altered": spoil, "off": off, "unreachable": lambda route: route.abort(), "between": login}
    for kind, answer in answers.items():
        page.route("**/roster", answer)
        page.goto(room.url)
        page.wait_for_selector(f"#error[data-kind={kind}]", timeout=90_000)
        yield f"error-{kind}", page
        page.unroute("**/roster")
