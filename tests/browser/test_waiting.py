"""What is shown while the page waits or checks, and ways back from it."""

import pytest
from playwright.sync_api import Route, expect

from tests.support.browsers import Started, confirm_codename, until
from tests.support.newsroom import Newsroom

pytestmark = pytest.mark.whole


def test_a_message_without_files_is_not_called_reading_files(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, "only words")
    page.route("**/roster", lambda route: None)
    page.click("#send")
    expect(page.locator("main[data-state=hashing] h2")).to_have_text("Checking the list of readers")
    assert page.locator("progress").count() == 0
    page.click("#cancel")
    page.wait_for_selector("main[data-state=compose]")
    assert page.input_value("#message") == "only words"
    page.context.close()


def test_checking_has_a_way_back_and_then_nothing_is_sent(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, "only words")
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    page.route("**/roster", lambda route: None)
    confirm_codename(page)
    page.wait_for_selector("main[data-state=checking]")
    page.click("#cancel")
    page.wait_for_selector("main[data-state=compose]")
    assert page.input_value("#message") == "only words"
    page.context.close()
    room.fetch()
    assert list(room.out.glob("*/*.box")) == []


def test_while_the_script_runs_a_slow_start_is_not_blamed_on_the_browser(browser: Started, room: Newsroom) -> None:
    page = browser.new_context().new_page()
    page.route("**/roster", lambda route: None)
    page.goto(room.url)
    expect(page.locator(".late")).to_contain_text("slow to answer")
    expect(page.locator("main")).not_to_contain_text("too old")
    page.context.close()


# A device's clock that can be put forward while the page is open.
SKEW = "window.skew = 0; const now = Date.now; Date.now = () => now() + window.skew;"


def test_a_reader_who_left_during_a_long_pause_gets_nothing_more(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, "for the readers of now", before=SKEW)
    page.set_input_files("#files", {"name": "film.bin", "mimeType": "", "buffer": b"film" * 1_500_000})
    page.route("**/boxes/*/*", lambda route: None)
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=sending]")
    page.click("#pause")
    room("keys", "revoke", room.drop, room.id_of("Lee"))
    room.publish()
    page.evaluate("window.skew = 600_000")
    page.unroute("**/boxes/*/*")
    page.click("#pause")
    page.wait_for_selector("#error[data-kind=readers]", timeout=30_000)
    expect(page.locator("#error")).to_contain_text("Lee")
    page.click("#retry")
    page.wait_for_selector("main[data-state=compose]")
    expect(page.locator("#problem")).to_contain_text("Lee")
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    page.click("#confirm-send")
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    assert "Lee" not in page.locator("#sealed-for").inner_text()
    page.context.close()


def test_listed_but_wrong_words_are_shown_again_and_not_called_known(browser: Started, room: Newsroom) -> None:
    words = ["zebra", "absurd", "abacus", *["zebra"] * 5]
    page = browser.composing(room.url, "only words")
    page.set_input_files("#files", {"name": "film.bin", "mimeType": "", "buffer": b"film" * 600_000})
    page.click("#way-back")
    page.fill("#codename-entry", " ".join(words))
    expect(page.locator("#codename-aid")).to_contain_text("cannot know")
    page.click("#more")
    page.wait_for_selector("main[data-state=compose]")
    assert page.input_value("#message") == "only words"
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    assert "absurd" not in page.locator("main").inner_text()
    page.click("#reveal")
    expect(page.locator("#codename-again li")).to_have_text(words)
    puts: list[str] = []

    def letter_only(route: Route) -> None:
        puts.append(route.request.url)
        if len(puts) == 1:
            route.continue_()

    page.route("**/boxes/*/*", letter_only)
    page.click("#confirm-send")
    expect(page.locator("#fresh")).to_be_visible()
    page.context.close()


def test_covered_words_are_covered_for_screen_readers_and_enter_checks(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, "only words")
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    assert page.get_attribute("#codename", "aria-hidden") is None
    field = page.locator("input[data-word-index]").first
    field.focus()
    assert page.get_attribute("#codename", "aria-hidden") == "true"
    field.press("Enter")
    expect(page.locator("#problem")).not_to_be_empty()
    expect(page.locator("#problem")).to_be_in_viewport(ratio=1)
    page.click("#show-words")
    assert page.get_attribute("#codename", "aria-hidden") is None
    page.context.close()


def test_a_browser_without_timeouts_of_its_own_sends_all_the_same(browser: Started, room: Newsroom) -> None:
    older = "delete AbortSignal.timeout; delete AbortSignal.prototype.throwIfAborted;"
    page = browser.composing(room.url, "from an older browser", before=older)
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=30_000)
    page.context.close()


LOCKS = """
window.held = 0;
const request = async () => { window.held += 1; return { release: async () => { window.held -= 1; } }; };
Object.defineProperty(navigator, "wakeLock", { value: { request } });
"""


def test_the_screen_is_kept_on_while_sending_and_let_go_at_the_end(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, before=LOCKS)
    # Firefox has no word for what a policy allows, and heeds none for this.
    allowed = page.evaluate("document.featurePolicy?.allowsFeature('screen-wake-lock') ?? true")
    assert allowed, "the server's own policy forbids it"
    page.fill("#message", "x")
    held: list[Route] = []
    page.route("**/boxes/*/*", lambda route: held.append(route))
    page.click("#send")
    with page.expect_request("**/boxes/*/*", timeout=30_000):
        confirm_codename(page)
    until(page, "window.held === 1")
    held[0].continue_()
    page.wait_for_selector("main[data-state=done]", timeout=30_000)
    until(page, "window.held === 0")
    page.context.close()
