"""A roster that nobody renewed: sources find a clear page, those in the middle are told, and one command opens it again."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from knothole_keys import clock
from tests.support.browsers import Started, confirm_codename
from tests.support.newsroom import Newsroom

pytestmark = pytest.mark.whole

DAY = 86400
FILE = {"name": "long.bin", "mimeType": "", "buffer": bytes(range(256)) * 40_000}


class Clocks:
    """The clock of the newsroom's machines, which a page's is set by."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begin, self.ahead = clock.now(), 0
        monkeypatch.setattr(clock, "now", lambda: self.begin + self.ahead)

    def turn(self, ahead: int, *pages: Page) -> None:
        """Set all clocks `ahead` seconds past the beginning."""
        # The pages first: one that is told by the server what its own clock does not say has no date to name.
        for page in pages:
            page.clock.set_fixed_time(self.begin + ahead)
        self.ahead = ahead


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


@pytest.fixture
def short(room: Newsroom, clocks: Clocks) -> Newsroom:
    """A newsroom whose roster lasts for a day."""
    room.roster.unlink()
    room("keys", "roster", room.drop, "--admin", "admin-1", "--days", 1, "-o", room.roster)
    room("keys", "cosign", room.drop, room.roster, "--admin", "admin-2")
    room("courier", "publish", room.url, "--token-file", room.token, room.roster)
    return room


def long_day(t: int) -> str:
    return datetime.fromtimestamp(t, UTC).strftime("%B %-d, %Y")


def renew(room: Newsroom, by: str) -> None:
    room.issue()
    if by == "courier":
        room("courier", "publish", room.url, "--token-file", room.token, room.roster)
    else:
        room("server", "publish", room.path / "server", room.roster)


@pytest.mark.parametrize("by", ["courier", "server"])
def test_a_lapsed_roster_closes_the_page_and_one_command_opens_it(
    browser: Started, short: Newsroom, clocks: Clocks, by: str
) -> None:
    page = browser.new_page()
    puts: list[str] = []
    page.on("request", lambda request: puts.append(request.url) if request.method == "PUT" else None)
    clocks.turn(DAY + 60, page)
    page.goto(short.url)
    page.wait_for_selector("#error[data-kind=off]")
    text = page.locator("#error").inner_text()
    assert f"ran out on {long_day(clocks.begin + DAY)}" in text
    assert "Nothing that was stored here before is lost" in text
    assert "come back in a day or two" in text
    assert "another of the newsroom’s contacts" in text
    assert page.locator("textarea").count() == 0
    assert puts == []
    renew(short, by)
    if by == "server":
        # A running server looks about once in a while whether somebody published.
        page.wait_for_timeout(500)
    page.click("#retry")
    page.wait_for_selector("main[data-state=compose]")
    page.fill("#message", "patience")
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()
    short.fetch()
    short("desk", "import", short.vault("Dana"), short.out)
    assert short.messages("Dana") == ["patience"]


def test_a_source_in_the_middle_of_sending_is_told_and_goes_on_when_it_is_renewed(
    browser: Started, short: Newsroom, clocks: Clocks
) -> None:
    page = browser.new_page()
    clocks.turn(0, page)
    page.goto(short.url)
    page.wait_for_selector("main[data-state=compose]")
    page.fill("#message", "in the middle")
    page.set_input_files("#files", [FILE])
    page.click("#send")
    stored: list[str] = []
    page.on("response", lambda answer: stored.append(answer.url) if answer.request.method == "PUT" and answer.ok else None)

    def turn_after_two(route: object) -> None:
        if len(stored) >= 2:
            clocks.turn(DAY + 60, page)
        route.continue_()  # type: ignore[attr-defined]

    page.route("**/boxes/*/*", turn_after_two)
    confirm_codename(page)
    page.wait_for_selector("#error[data-kind=off]", timeout=60_000)
    text = page.locator("#error").inner_text()
    assert f"ran out on {long_day(clocks.begin + DAY)}" in text
    expect(page.locator("#error-stored")).to_contain_text("What the server says it has stored stays stored.")
    expect(page.locator("#error-stored")).to_contain_text("Your message and files are still here.")
    assert page.locator("#reveal").count() == 1
    page.unroute("**/boxes/*/*")
    renew(short, "courier")
    before = len(stored)
    assert before >= 2
    page.click("#retry")
    page.wait_for_selector("main[data-state=compose]")
    page.click("#send")
    page.click("#confirm-send")
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()
    short.fetch()
    short("desk", "import", short.vault("Dana"), short.out)
    # Another roster is another letter; the file's boxes serve both.
    whole = [one for one in short.submissions("Dana") if one["complete"]]
    assert {one["message"] for one in whole} == {"in the middle"}
