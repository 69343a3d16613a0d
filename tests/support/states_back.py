"""The states of coming back, of answers, and of leaving: a part of `states`."""

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

from knothole_keys import clock
from tests.support.newsroom import Newsroom
from tests.support.replying import Replying, post
from tests.support.returning import come_back

WORDS = "abacus walnut gravel envelope tulip canyon zebra absurd"
OTHERS = "zebra zebra zebra zebra zebra zebra zebra zebra"
THANKS = (
    "Thank you. We have your three files and have read everything twice.\n\n"
    "Two of us are checking the cables on page 4 with an engineer. Nothing will be published before we are sure "
    "of it, and the video will not be published at all.\n\n"
    "One question: was the report of 14 March signed by anybody besides the inspector? You need not answer. If you do, do it "
    "from a place that is not your work.\n\nTake care of yourself."
)
FIRST = "Your message has come. Give us a week.\n\nوصلت رسالتك، شكرًا."


def answered(room: Newsroom) -> None:
    """Put answers for WORDS on the board, among others."""
    # The same cards at each call: a board keeps repeats apart from nothing.
    first, second, *_ = sorted(path.name.removeprefix("vault-") for path in room.path.glob("vault-*"))
    mine = Replying(room, WORDS)
    post(
        room,
        mine.reply(second, FIRST, days_ago=6),
        mine.reply(first, THANKS, days_ago=1),
        mine.acknowledge(first, boxes=12, expected=12, files=3, of=3, days_ago=6),
        mine.acknowledge(second, boxes=12, expected=12, files=3, of=3, days_ago=5),
        mine.acknowledge(first, "a1" * 32, boxes=7, expected=31, files=1, of=2, days_ago=1),
        cover=40,
    )


def _coming_back(page: Page, room: Newsroom, folder: Path) -> Iterator[tuple[str, Page]]:
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    page.click("#way-back")
    page.wait_for_selector("main[data-state=returning]")
    yield "returning", page
    page.fill("#codename-entry", "zebra absurd abacus zoolgy ")
    yield "returning-wrong-word", page
    page.click("#look")
    yield "returning-incomplete", page
    page.route("**/board", lambda route: None)
    page.fill("#codename-entry", OTHERS)
    page.click("#look")
    page.wait_for_selector("main[data-state=looking]")
    yield "looking", page
    page.click("#cancel")
    page.unroute("**/board")
    page.click("#look")
    page.wait_for_selector("main[data-state=answers]")
    yield "answers-none", page
    page.click("#retype")
    page.fill("#codename-entry", WORDS)
    page.click("#look")
    page.wait_for_selector("#answers[data-replies='2']")
    yield "answers", page
    page.click("#more")
    page.wait_for_selector("main[data-state=compose]")
    page.click("#earlier summary")
    yield "writing-back", page


def _going_on(page: Page, room: Newsroom, folder: Path) -> Iterator[tuple[str, Page]]:
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    come_back(page, OTHERS, to="compose")
    yield "compose-kept", page
    page.fill("#message", "One more page.")
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    yield "codename-kept", page
    page.click("#reveal")
    yield "codename-kept-words", page
    page.route("**/roster", lambda route: None)
    page.click("#confirm-send")
    page.wait_for_selector("main[data-state=checking]")
    yield "checking", page


def _lapsed(page: Page, room: Newsroom, folder: Path) -> Iterator[tuple[str, Page]]:
    page.clock.set_fixed_time(clock.now() + 20 * 86400)
    page.goto(room.url)
    page.wait_for_selector("#error[data-kind=off]")
    yield "error-lapsed", page
    page.click("#to-answers")
    page.fill("#codename-entry", WORDS)
    page.route("**/board", lambda route: route.fulfill(body=b"x"))
    page.click("#look")
    page.wait_for_selector("#error[data-kind=board]")
    yield "error-board", page
    page.unroute("**/board")
    page.click("#retry")
    page.wait_for_selector("main[data-state=answers]")
    yield "answers-lapsed", page


def _left(page: Page, room: Newsroom, folder: Path) -> Iterator[tuple[str, Page]]:
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    # As if the browser refused to go.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    yield "left", page


WALKS = (_coming_back, _going_on, _lapsed, _left)
