"""What the page does when the server or the world is not as it should be: it stops, says so, and sends nothing."""

import json
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, Route

from knothole_keys import note
from tests.support.browsers import Started, confirm_codename
from tests.support.newsroom import Newsroom


def visit_with(browser: Started, room: Newsroom, path: str, answer: object) -> tuple[Page, list[str]]:
    page = browser.new_context().new_page()
    puts: list[str] = []
    page.on("request", lambda request: puts.append(request.url) if request.method == "PUT" else None)
    page.route(f"**{path}", answer)  # type: ignore[arg-type]
    page.goto(room.url)
    return page, puts


def edited(change: object) -> object:
    def answer(route: Route) -> None:
        fetched = route.fetch()
        route.fulfill(response=fetched, body=change(fetched.body()))  # type: ignore[operator]

    return answer


def drop_a_signature(body: bytes) -> bytes:
    lines = body.split(b"\n")
    return b"\n".join([*lines[:-2], b""])


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/roster", lambda body: body.replace(b"Dana", b"Mole")),
        ("/roster", drop_a_signature),
        ("/roster", lambda body: body[: len(body) // 2]),
        ("/roster", lambda body: b"<html>nothing here</html>"),
        ("/roots", lambda body: body.replace(b"The Example", b"The Exemple")),
        ("/roots", drop_a_signature),
        ("/roots", lambda body: b""),
    ],
    ids=["edited", "unsigned", "cut", "html", "root-edited", "root-unsigned", "root-empty"],
)
def test_roots_or_roster_that_do_not_verify_stop_the_page(browser: Started, room: Newsroom, path: str, change: object) -> None:
    page, puts = visit_with(browser, room, path, edited(change))
    page.wait_for_selector("main[data-state=error]")
    assert page.locator("textarea").count() == 0
    assert len(page.locator("#error").inner_text()) > 40
    assert puts == []
    page.context.close()


def test_another_drops_roots_and_roster_stop_the_page(browser: Started, room: Newsroom) -> None:
    other = Newsroom(room.path / "other")
    other.path.mkdir()
    other.make("Mole", options=("--box-size", 2**18))
    roots, roster = (other.drop / "root.note").read_text(), other.roster.read_text()
    page = browser.new_context().new_page()
    page.route("**/roots", lambda route: route.fulfill(body=roots, content_type="text/plain"))
    page.route("**/roster", lambda route: route.fulfill(body=roster, content_type="text/plain"))
    page.goto(room.url)
    page.wait_for_selector("main[data-state=error]")
    assert "Mole" not in page.content()
    page.context.close()


@pytest.mark.parametrize(("days", "kind"), [(-7, "clock"), (-3, "clock"), (40, "off"), (400, "off")])
def test_a_clock_that_is_wrong_stops_the_page_with_its_date(browser: Started, room: Newsroom, days: int, kind: str) -> None:
    issued = note.parse(room.roster.read_bytes()).value["issued"]
    page = browser.new_context().new_page()
    page.clock.set_fixed_time(issued + days * 86400)
    page.goto(room.url)
    page.wait_for_selector(f"#error[data-kind={kind}]")
    text = page.locator("#error").inner_text()
    today = datetime.fromtimestamp(issued + days * 86400, UTC).strftime("%B %-d, %Y")
    assert today in text
    assert "try again" in text
    page.context.close()


def test_a_clock_a_week_ahead_is_refused_by_the_server_and_named(browser: Started, room: Newsroom) -> None:
    """The roster of a fortnight is in force a week from now, too, so only the server can tell that the week is not open."""
    issued = note.parse(room.roster.read_bytes()).value["issued"]
    page = browser.new_context().new_page()
    page.clock.set_fixed_time(issued + 9 * 86400)
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    page.fill("#message", "from next week")
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=error]")
    assert page.get_attribute("#error", "data-kind") == "clock"
    page.context.close()
    room.fetch()
    assert list(room.out.glob("*/*.box")) == []


@pytest.mark.whole
def test_a_full_disk_keeps_the_place_and_goes_on(browser: Started, room: Newsroom) -> None:
    page, puts = visit_with(browser, room, "/nothing", lambda route: route.abort())
    full = {"on": True}

    def answer(route: Route) -> None:
        if full["on"]:
            body = json.dumps({"error": "NoRoom", "message": "There is no room."})
            route.fulfill(status=507, body=body, content_type="application/json")
        else:
            route.continue_()

    page.route("**/boxes/*/*", answer)
    page.wait_for_selector("main[data-state=compose]")
    page.fill("#message", "patience")
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("#notice[data-reason=full]", timeout=30_000)
    full["on"] = False
    page.wait_for_selector("main[data-state=done]", timeout=120_000)
    page.context.close()
    assert puts
    room.fetch()
    room("desk", "import", room.vault("Dana"), room.out)
    assert room.messages("Dana") == ["patience"]
