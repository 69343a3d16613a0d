"""Leaving leaves nothing: in a hurry, by Back, by a reload; and nothing of a visit comes back."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsers import Started, confirm_codename, until, within
from tests.support.measuring import descendants
from tests.support.newsroom import Newsroom
from tests.support.replying import Replying, post
from tests.support.returning import come_back

pytestmark = pytest.mark.whole

WORDS = "abacus abdomen abdominal abide abiding ability ablaze able"
SECRET = "the canary is Zaunkoenig"


def writing(page: Page, room: Newsroom) -> None:
    page.fill("#message", SECRET)
    page.set_input_files("#files", {"name": "Zaunkoenig.bin", "mimeType": "", "buffer": b"Zaunkoenig" * 300_000})


def at_the_codename(page: Page, room: Newsroom) -> None:
    writing(page, room)
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")


def sending(page: Page, room: Newsroom) -> None:
    page.route("**/boxes/*/*", lambda route: None)
    at_the_codename(page, room)
    with page.expect_request("**/boxes/*/*"):
        confirm_codename(page)


def typing_a_codename(page: Page, room: Newsroom) -> None:
    page.click("#way-back")
    page.fill("#codename-entry", WORDS)


def looking(page: Page, room: Newsroom) -> None:
    page.route("**/board", lambda route: None)
    typing_a_codename(page, room)
    page.click("#look")
    page.wait_for_selector("main[data-state=looking]")


def reading(page: Page, room: Newsroom) -> None:
    post(room, Replying(room, WORDS).reply("Dana", SECRET))
    come_back(page, WORDS)
    expect(page.locator(".letter")).to_have_count(1)


def failing(page: Page, room: Newsroom) -> None:
    page.route("**/board", lambda route: route.fulfill(status=403, body="no"))
    typing_a_codename(page, room)
    page.click("#look")
    page.wait_for_selector("main[data-state=error]")


def in_other_languages(page: Page, room: Newsroom) -> None:
    for tag in ("fr", "zh-Hans"):
        page.focus(".skip")
        page.keyboard.press("Enter")
        until(page, "location.hash === '#main' && document.activeElement.id === 'main'")
        page.click(f".languages a[hreflang='{tag}']")
        page.wait_for_selector(f"html[lang='{tag}'] main[data-state=compose]")


STATES = [in_other_languages, writing, at_the_codename, sending, typing_a_codename, looking, reading, failing]


def by_button(page: Page) -> None:
    page.click("#leave")


def by_keys(page: Page) -> None:
    for _ in range(3):
        page.keyboard.press("Escape")


def holds(page: Page) -> list[str]:
    """What of the visit is in the page, its fields included."""
    text = page.content() + str(page.evaluate("[...document.querySelectorAll('input, textarea')].map(one => one.value)"))
    return [word for word in ("Zaunkoenig", "abdominal", "The Example") if word in text]


WAYS = [*((state, by_button) for state in STATES), (writing, by_keys), (sending, by_keys)]


@pytest.mark.parametrize(("state", "leave"), WAYS)
def test_leaving_quickly_empties_the_tab_and_back_does_not_return(
    browser: Started, room: Newsroom, state: Callable[[Page, Newsroom], None], leave: Callable[[Page], None]
) -> None:
    page = browser.new_page()
    warned: list[str] = []
    page.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.accept()))
    page.goto("data:text/html,<title>before</title>before")
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    state(page, room)
    page.unroute_all(behavior="ignoreErrors")
    leave(page)
    page.wait_for_url("about:blank")
    assert holds(page) == []
    assert warned == [], "nobody in a hurry answers a question first"
    within(page, lambda: at_rest(browser, page), "workers live on")
    go_back(page)
    within(page, lambda: "before" in page.content(), "Back did not lead to what was there before")
    assert holds(page) == []
    page.context.close()


def at_rest(browser: Started, page: Page) -> bool:
    """No worker is left. In Firefox, no thread of workers does anything: it keeps them for half a minute, to be used again."""
    if not browser.kind.firefox:
        return page.workers == []
    before = worked()
    page.wait_for_timeout(500)
    return worked() == before


def worked() -> int:
    """How long this process' Firefox had worker threads at work, in the system's ticks."""
    ticks = 0
    for process in descendants(os.getpid()):
        for stat in Path(f"/proc/{process}/task").glob("*/stat"):
            with contextlib.suppress(OSError):
                name, _, numbers = stat.read_text().partition("(")[2].rpartition(")")
                if name.startswith("DOM Worker"):
                    ticks += sum(map(int, numbers.split()[11:13]))
    return ticks


def go_back(page: Page) -> None:
    # Stock Firefox never tells Playwright's own that a page which is not fetched has come.
    page.evaluate("setTimeout(() => history.back())")


@pytest.mark.parametrize("answered", [False, True], ids=["the page", "the form's answer"])
def test_without_scripts_a_plain_link_leads_away_and_says_that_back_comes_here(
    browser: Started, room: Newsroom, tmp_path: Path, answered: bool
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(room.url)
    if answered:
        (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n" + bytes(9000))
        page.set_input_files("#boxes", tmp_path / "a.pdf")
        page.focus("form button")
        page.keyboard.press("Enter")
        within(page, lambda: page.locator("#answer").count() == 1, "no answer came")
    leave = page.locator("#leave")
    assert leave.is_visible()
    assert leave.get_attribute("aria-describedby") == "leave-hint"
    assert "close the tab" in page.locator("#leave-hint").inner_text()
    page.focus("#leave")
    page.keyboard.press("Enter")
    within(page, lambda: page.url == "about:blank", "the tab was not emptied")
    assert holds(page) == []
    page.context.close()


def test_escape_pressed_twice_or_slowly_leaves_nothing_behind_undone(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, SECRET)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_timeout(2200)
    page.keyboard.press("Escape")
    assert page.input_value("#message") == SECRET
    assert page.get_attribute("main", "data-state") == "compose"
    page.context.close()


def test_the_button_is_the_second_thing_that_the_keyboard_reaches(browser: Started, room: Newsroom) -> None:
    page = browser.new_page()
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    page.evaluate("document.activeElement.blur()")
    page.evaluate("getSelection().removeAllRanges(); document.body.tabIndex = -1; document.body.focus()")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "leave"
    page.keyboard.press("Enter")
    page.wait_for_url("about:blank")
    page.context.close()


def test_a_browser_that_refuses_to_go_shows_an_emptied_page(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, SECRET)
    puts: list[str] = []
    page.on("request", lambda request: puts.append(request.url))
    # The page's own script must not be able to go: what it does before that has to be enough.
    page.evaluate("navigation.addEventListener('navigate', event => event.preventDefault())")
    page.click("#leave")
    page.wait_for_selector("main[data-state=left]")
    assert page.url.startswith(room.url)
    assert holds(page) == []
    assert puts == []
    assert page.locator("textarea, input, button").count() == 0
    page.context.close()


@pytest.mark.parametrize("state", [writing, typing_a_codename, reading])
def test_back_forward_and_reload_bring_nothing_back(
    browser: Started, room: Newsroom, state: Callable[[Page, Newsroom], None]
) -> None:
    page = browser.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    state(page, room)
    page.goto("data:text/html,elsewhere")
    page.go_back()
    page.wait_for_selector("main[data-state=compose]")
    assert holds(page) == ["The Example"]
    state_again = {writing: writing, typing_a_codename: typing_a_codename}.get(state)
    if state_again:
        state_again(page, room)
    page.reload()
    page.wait_for_selector("main[data-state=compose]")
    assert holds(page) == ["The Example"]
    page.context.close()


def test_a_page_that_is_left_has_emptied_itself_before_anything_keeps_it(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, SECRET)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert holds(page) == []
    assert page.get_attribute("main", "data-state") == "left"
    page.context.close()


def test_no_field_of_any_state_is_remembered_or_spell_checked(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, SECRET)
    for step in (lambda: None, lambda: page.click("#way-back"), lambda: page.click("#way-new"), lambda: page.click("#send")):
        step()
        page.wait_for_timeout(200)
        for field in page.locator("textarea, input[type=text], select").all():
            assert field.get_attribute("autocomplete") == "off", field
            assert field.get_attribute("spellcheck") == "false", field
        for field in page.locator("input").all():
            assert field.get_attribute("autocomplete") == "off", field
        assert page.locator("form").count() == 0, "a form's submission is what histories remember"
    page.context.close()
