"""The way back: answers found among thousands of slots, by nothing that a server could tell from not finding any."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, expect

from knothole_client.desk import drop, vault
from knothole_client.desk.boxes import Boxes
from knothole_client.desk.inbox import Inbox
from knothole_keys import clock
from tests.support.browsers import Started, confirm_codename
from tests.support.newsroom import Newsroom
from tests.support.replying import Replying, holding, post
from tests.support.returning import come_back

pytestmark = pytest.mark.each

WORDS = "abacus abdomen abdominal abide abiding ability ablaze able"
REPLY = "We have read it, and we believe you.\n\nWho else was in the room?  — رسالتك وصلت"


def looked(browser: Started, room: Newsroom, words: str = WORDS) -> Page:
    page = browser.composing(room.url)
    come_back(page, words)
    return page


def test_a_source_sends_and_reads_the_answer_by_name_and_day(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, "page 4 names the cables")
    page.click("#send")
    words = confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    expect(page.locator("#done")).to_contain_text("come back")
    page.click("#look")
    page.wait_for_selector("main[data-state=answers]")
    expect(page.locator("h2")).to_have_text("No answer so far")
    assert "wrong" not in page.locator("#nothing").inner_text(), "a codename confirmed on this page is not wrong"
    mine = Replying(room, words)
    # Another letter is confirmed, and this one is not.
    post(room, mine.acknowledge("Dana", boxes=1, expected=1))
    page.click("#again")
    expect(page.locator("h2")).to_have_text("The newsroom has 1 letter of yours")
    expect(page.locator("#unconfirmed")).to_contain_text("No reader has confirmed it yet")
    expect(page.locator("#unlisted")).to_contain_text("not confirmed yet")
    long = "A long answer. " * 300
    post(room, mine.reply("Dana", REPLY), mine.reply("Lee", long), cover=20)
    page.click("#again")
    page.wait_for_selector("#answers[data-replies='2']")
    letters = page.locator(".letter")
    expect(letters.nth(0).locator("h3")).to_have_text("Lee wrote to you")
    expect(letters.nth(1).locator("h3")).to_have_text("Dana wrote to you")
    assert letters.nth(1).locator(".text").text_content() == REPLY
    assert letters.nth(0).locator(".text").text_content() == long
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    room.fetch()
    room("desk", "import", room.vault("Dana"), room.out)
    (submission,) = room.submissions("Dana")
    post(room, mine.acknowledge("Dana", submission["id"], boxes=1, expected=1))
    page.click("#again")
    expect(page.locator("#status li[data-whole=true]")).to_have_count(2)
    expect(page.locator("#unconfirmed")).to_have_count(0)
    page.context.close()


def test_what_the_newsroom_has_is_said_in_words(browser: Started, room: Newsroom) -> None:
    mine = Replying(room, WORDS)
    post(
        room,
        mine.acknowledge("Dana", boxes=3, expected=12, files=0, of=3),
        mine.acknowledge("Dana", boxes=12, expected=12, files=3, of=3),
        mine.acknowledge("Lee", "a0" * 32, boxes=7, expected=12, files=1, of=3),
    )
    page = looked(browser, room)
    status = page.locator("#status")
    expect(status.locator("li[data-whole=true]")).to_contain_text("The newsroom has it.")
    expect(status.locator("li[data-whole=true]")).to_contain_text("Dana has opened 12 of 12 boxes. Whole files: 3 of 3.")
    expect(status.locator("li[data-whole=false]")).to_contain_text("Lee has opened 7 of 12 boxes. Whole files: 1 of 3.")
    expect(status).not_to_contain_text("3 of 12", use_inner_text=True)
    page.context.close()


def test_slots_of_others_forgeries_and_repeats_are_not_shown(browser: Started, room: Newsroom) -> None:
    mine, others = Replying(room, WORDS), Replying(room, WORDS.replace("able", "zebra", 1))
    real = mine.reply("Dana", "the one that is real")
    post(
        room,
        real,
        mine.slots("Dana", "reply", "in another drop", other_drop=True),
        mine.forged("not on the list"),
        others.reply("Dana", "for somebody else"),
    )
    post(room, real, Replying(room, WORDS).reply("Dana", "the one that is real"))
    page = looked(browser, room)
    expect(page.locator(".letter .text")).to_have_text(["the one that is real"])
    expect(page.locator("#ignored")).to_contain_text("nobody on the list of readers has signed")
    page.context.close()


def test_one_answer_is_found_among_two_thousand_slots(browser: Started, room: Newsroom) -> None:
    post(room, Replying(room, WORDS).reply("Lee", "found"), cover=1999)
    page = looked(browser, room)
    expect(page.locator(".letter .text")).to_have_text(["found"])
    page.context.close()


@pytest.mark.whole
def test_the_requests_of_a_visit_are_the_same_with_none_one_and_many_answers(browser: Started, room: Newsroom) -> None:
    seen = []
    mine = Replying(room, WORDS)
    for already, more in ((0, 0), (0, 1), (1, 63)):
        post(room, *(mine.reply("Dana", f"number {n}") for n in range(more)), cover=5)
        page = browser.new_page()
        asked: list[tuple[str, str, dict[str, str]]] = []

        def note(request: Request, asked: list[tuple[str, str, dict[str, str]]] = asked) -> None:
            asked.append((request.method, request.url, request.headers))

        page.on("request", note)
        page.goto(room.url)
        page.wait_for_selector("main[data-state=compose]")
        come_back(page, WORDS)
        expect(page.locator(".letter")).to_have_count(already + more)
        page.click("#leave")
        page.wait_for_url("about:blank")
        seen.append(
            sorted((method, url.removeprefix(room.url), str(sorted(headers.items()))) for method, url, headers in asked)
        )
        page.context.close()
    assert seen[0] == seen[1] == seen[2]
    assert sum(path == "/board" for _, path, _ in seen[0]) == 1


def test_the_next_letter_names_the_answers_that_were_read(browser: Started, room: Newsroom) -> None:
    mine = Replying(room, WORDS)
    post(room, mine.reply("Dana", "one"), mine.reply("Lee", "two"), mine.acknowledge("Lee", boxes=1, expected=1))
    page = looked(browser, room)
    page.click("#more")
    page.wait_for_selector("main[data-state=compose]")
    page.click("#earlier summary")
    expect(page.locator("#earlier .letter .text")).to_have_text(["two", "one"])
    page.fill("#message", "to both of you")
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    page.click("#confirm-send")
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()
    room.fetch()
    room("desk", "import", room.vault("Dana"), room.out)
    (submission,) = room.submissions("Dana")
    assert submission["message"] == "to both of you"
    with vault.opened(room.vault("Dana"), holding()) as opened:
        inbox = Inbox(opened.records, Boxes(opened.boxes, drop.needed(opened.records).chain))
        letter, _ = inbox.letter(inbox.find(submission["id"]).group)
    assert set(letter.read) == {(room.id_of("Dana"), 1), (room.id_of("Lee"), 2)}


def test_wrong_words_and_no_answer_yet_are_not_told_apart(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, "kept meanwhile")
    page.click("#way-back")
    page.fill("#codename-entry", "zebra absurd")
    page.click("#look")
    expect(page.locator("#problem")).to_contain_text("not a codename")
    expect(page.locator("#codename-entry")).to_be_focused()
    page.fill("#codename-entry", WORDS)
    page.press("#codename-entry", "Enter")
    page.wait_for_selector("main[data-state=answers]")
    expect(page.locator("#nothing")).to_contain_text("A word is wrong")
    expect(page.locator("#nothing")).to_contain_text("does not mean that what you sent was lost")
    page.click("#retype")
    assert page.input_value("#codename-entry") == WORDS
    page.click("#way-new")
    page.wait_for_selector("main[data-state=compose]")
    assert page.input_value("#message") == "kept meanwhile"
    page.context.close()


def dead(page: Page) -> None:
    page.route("**/board", lambda route: route.abort())


def foreign(page: Page) -> None:
    page.route("**/board", lambda route: route.fulfill(status=200, body="<p>Please log in.", content_type="text/html"))


def cut(page: Page) -> None:
    page.route("**/board", lambda route: route.fulfill(status=200, body=b"x" * 3000))


def blocked(page: Page) -> None:
    page.route("**/board", lambda route: route.fulfill(status=403, body="<p>No."))


@pytest.mark.parametrize(("happens", "kind"), [(dead, "unreachable"), (foreign, "board"), (cut, "board"), (blocked, "between")])
def test_a_board_that_does_not_come_is_told_and_asked_for_again(
    browser: Started, room: Newsroom, happens: Callable[[Page], None], kind: str
) -> None:
    page = browser.composing(room.url)
    happens(page)
    page.click("#way-back")
    page.fill("#codename-entry", WORDS)
    page.click("#look")
    page.wait_for_selector(f"#error[data-kind={kind}]", timeout=60_000)
    expect(page.locator("#error-stored")).to_contain_text("nothing is lost")
    page.unroute("**/board")
    page.click("#retry")
    page.wait_for_selector("main[data-state=answers]")
    page.context.close()


def test_looking_can_be_stopped(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url)
    page.route("**/board", lambda route: None)
    page.click("#way-back")
    page.fill("#codename-entry", WORDS)
    page.click("#look")
    page.wait_for_selector("main[data-state=looking]")
    page.click("#cancel")
    page.wait_for_selector("main[data-state=returning]")
    page.click("#way-new")
    page.wait_for_selector("main[data-state=compose]")
    page.context.close()


def test_answers_are_read_when_the_list_of_readers_has_run_out(browser: Started, room: Newsroom) -> None:
    post(room, Replying(room, WORDS).reply("Dana", "still readable"))
    page = browser.new_page()
    page.clock.set_fixed_time(clock.now() + 15 * 86400)
    page.goto(room.url)
    page.wait_for_selector("#error[data-kind=off]")
    page.click("#to-answers")
    page.wait_for_selector("main[data-state=returning]")
    page.fill("#codename-entry", WORDS)
    page.click("#look")
    page.wait_for_selector("main[data-state=answers]")
    expect(page.locator(".letter .text")).to_have_text(["still readable"])
    expect(page.locator("#lapsed")).to_contain_text("ran out on")
    assert page.locator("#more").count() == 0
    page.context.close()
