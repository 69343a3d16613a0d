"""Harmless causes are not an alarm, and a login page that answers for the server has stored nothing."""

import pytest
from playwright.sync_api import Route, expect

from tests.support.browsers import Started, confirm_codename
from tests.support.newsroom import Newsroom

pytestmark = pytest.mark.whole

LOGIN = "<!doctype html><title>Wi-Fi</title><p>Please log in."


def login_page(route: Route) -> None:
    route.fulfill(status=200, body=LOGIN, content_type="text/html")


def gateway(status: int) -> object:
    return lambda route: route.fulfill(status=status, body="Bad gateway", content_type="text/html")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(login_page, "between"), (gateway(403), "between"), (gateway(502), "trouble")],
    ids=["login", "403", "502"],
)
def test_a_foreign_answer_is_no_alarm_and_costs_no_draft(browser: Started, room: Newsroom, answer: object, kind: str) -> None:
    page = browser.composing(room.url, "two hours of writing")
    page.route("**/roster", answer)  # type: ignore[arg-type]
    page.click("#send")
    page.wait_for_selector(f"#error[data-kind={kind}]", timeout=30_000)
    expect(page.locator("#error-stored")).to_have_text("Nothing was sent. Your message and files are still here.")
    assert "circuit" not in page.locator("#error").inner_text()
    page.unroute("**/roster")
    page.click("#retry")
    page.wait_for_selector("main[data-state=compose]")
    assert page.input_value("#message") == "two hours of writing"
    page.context.close()


def test_a_passing_gateway_error_is_not_told_at_all(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, "two hours of writing")
    page.route("**/roster", gateway(502), times=1)  # type: ignore[arg-type]
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]", timeout=30_000)
    page.context.close()


def test_a_login_page_that_answers_to_a_box_has_not_stored_it(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, "two hours of writing")
    page.route("**/boxes/*/*", login_page)
    page.click("#send")
    confirm_codename(page)
    expect(page.locator("#notice[data-reason=between]")).to_be_visible()
    expect(page.locator("#count")).to_have_text("Nothing is stored yet.")
    page.unroute("**/boxes/*/*")
    page.wait_for_selector("main[data-state=done]", timeout=30_000)
    page.context.close()
    room.fetch()
    assert len(list(room.out.glob("*/*.box"))) == 1


def test_a_list_published_between_two_fetches_is_fetched_again(browser: Started, room: Newsroom) -> None:
    page = browser.new_context().new_page()
    older = room.roster.read_text()
    page.route("**/roster", lambda route: route.fulfill(body=older.replace('"root_version":1', '"root_version":2')), times=1)
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    page.context.close()
