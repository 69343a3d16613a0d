"""A page that was left open: readers come and go, and what was typed and drawn must not be lost or change."""

import contextlib
from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Error, Page, expect

from tests.support.browsers import Started, confirm_codename
from tests.support.newsroom import Newsroom

pytestmark = pytest.mark.whole


def revoke_lee(room: Newsroom) -> None:
    lee = room.id_of("Lee")
    room("keys", "revoke", room.drop, lee)
    room.publish()


def add_kim(room: Newsroom) -> None:
    room.join("Kim")
    room.publish()


def messages(room: Newsroom, *journalists: str) -> list[list[str]]:
    room.fetch()
    for name in journalists:
        room("desk", "import", room.vault(name), room.out)
    return [room.messages(name) for name in journalists]


@pytest.mark.parametrize("at", ["compose", "codename"])
def test_a_reader_revoked_while_the_page_was_open_is_told_and_cannot_read(browser: Started, room: Newsroom, at: str) -> None:
    page = browser.composing(room.url)
    page.fill("#message", "not for Lee")
    if at == "codename":
        page.click("#send")
        page.wait_for_selector("main[data-state=codename]")
    revoke_lee(room)
    if at == "codename":
        confirm_codename(page)
    else:
        page.click("#send")
    expect(page.locator("#problem")).to_contain_text("Lee")
    assert page.get_attribute("main", "data-state") == "compose"
    assert "Lee" not in page.locator("#readers").inner_text()
    assert page.locator("#readers input:checked").count() == 1
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()
    assert messages(room, "Dana", "Lee") == [["not for Lee"], []]


@pytest.mark.parametrize("everybody", [True, False])
def test_a_new_reader_is_told_and_chosen_only_beside_all_others(browser: Started, room: Newsroom, everybody: bool) -> None:
    page = browser.composing(room.url)
    page.fill("#message", "hello")
    if not everybody:
        page.uncheck(f"#reader-{room.id_of('Lee')}")
    add_kim(room)
    page.click("#send")
    expect(page.locator("#problem")).to_contain_text("Kim")
    assert page.is_checked(f"#reader-{room.id_of('Kim')}") is everybody
    assert page.is_checked(f"#reader-{room.id_of('Lee')}") is everybody
    assert page.is_checked(f"#reader-{room.id_of('Dana')}")
    page.context.close()


def test_the_same_people_signed_anew_need_another_letter(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url)
    page.fill("#message", "sealed by the newest list")
    room.publish()
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    room.publish()
    confirm_codename(page)
    expect(page.locator("#problem")).to_contain_text("signed anew")
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()
    assert messages(room, "Dana") == [["sealed by the newest list"]]


def rolled_back(page: Page, room: Newsroom) -> None:
    older = room.roster.read_text()
    revoke_lee(room)
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    page.route("**/roster", lambda route: route.fulfill(body=older, content_type="text/plain"))


def cut_off(page: Page, room: Newsroom) -> None:
    page.route("**/roster", lambda route: route.abort())


@pytest.mark.parametrize(("kind", "happens"), [("altered", rolled_back), ("unreachable", cut_off)])
def test_an_older_list_is_an_alarm_and_none_is_unreachable(
    browser: Started, room: Newsroom, kind: str, happens: Callable[[Page, Newsroom], None]
) -> None:
    page = browser.composing(room.url)
    happens(page, room)
    page.fill("#message", "for nobody now")
    page.click("#send")
    page.wait_for_selector(f"#error[data-kind={kind}]", timeout=60_000)
    page.context.close()
    room.fetch()
    assert list(room.out.glob("*/*.box")) == []


def test_back_to_writing_keeps_the_codename_that_may_be_on_paper(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url)
    page.fill("#message", "one")
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    first = page.locator("#codename li").all_inner_texts()
    page.click("#back")
    page.fill("#message", "one and two")
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    assert page.locator("#codename li").all_inner_texts() == first
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()


def asks_before_leaving(page: Page) -> bool:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.click("h1")  # A browser asks only for a page that was touched.
    with contextlib.suppress(Error):
        page.goto("about:blank", timeout=3000)
    page.remove_listener("dialog", stay)
    return asked == ["beforeunload"]


def test_leaving_with_something_typed_is_asked_about(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url)
    page.fill("#message", "hours of work")
    assert asks_before_leaving(page)
    assert page.input_value("#message") == "hours of work"
    cut_off(page, room)
    page.click("#send")
    page.wait_for_selector("#error[data-kind=unreachable]", timeout=60_000)
    assert asks_before_leaving(page)
    page.context.close()


def test_leaving_an_untouched_form_is_not_asked_about(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url)
    assert not asks_before_leaving(page)
    page.context.close()
