"""What a first visit costs on a slow line, in real browsers, counted behind them: the form is there before all else."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from knothole_keys.languages import LANGUAGES, Language
from tests.support.browsers import Started, confirm_codename, until
from tests.support.counting import Counting
from tests.support.newsroom import Newsroom

pytestmark = pytest.mark.whole

MOST_BYTES = 96 * 1024
MOST_REQUESTS = 4
LISTS = ("/roots", "/roster")
WORKERS = ("/worker.js", "/examiner.js")
WORDS = "/words.txt"


@pytest.fixture
def line(room: Newsroom) -> Iterator[Counting]:
    with Counting(room.url) as counting:
        yield counting


def first_visit(browser: Started, line: Counting, language: Language) -> dict[str, int]:
    """Open the page while no worker's script comes: the bytes of each answer until the form was there."""
    line.answers.clear()
    line.hold(*WORKERS)
    page = browser.new_page()
    page.goto(line.url + language.address)
    page.wait_for_selector("main[data-state=compose]")
    until(page, "document.readyState === 'complete'")
    asked = [one for one in line.answers if one.path not in WORKERS]
    assert len({one.path for one in asked}) == len(asked), "nothing is asked for twice"
    page.fill("#message", "something")
    line.go_on()
    sizes = {one.path: one.size for one in asked}
    page.context.close()
    return sizes


def test_the_first_view_is_light_in_every_language_and_needs_no_worker(browser: Started, line: Counting) -> None:
    documents = set()
    for language in LANGUAGES:
        sizes = first_visit(browser, line, language)
        lists = {path: sizes.pop(path) for path in LISTS}
        names = {language.address: "document", language.script: "script", "/page.css": "style", "/icon.svg": "icon"}
        assert sizes.keys() <= names.keys(), "what is not needed for the first view"
        assert sizes.keys() >= {language.address, language.script, "/page.css"}
        row = {names[path]: size for path, size in sizes.items()}
        print(browser.name, language.tag, row, "=", sum(sizes.values()), "besides", lists)
        assert len(sizes) <= MOST_REQUESTS
        # A browser without a window may leave the icon out; a person's does not.
        assert sum(sizes.values()) + (0 if "/icon.svg" in sizes else 2000) <= MOST_BYTES
        documents.add(sizes[language.address])
    assert len(documents) == 1, "the page's length does not tell its language"


def test_what_comes_after_the_form_comes_for_everybody_and_the_words_when_a_codename_does(
    browser: Started, line: Counting
) -> None:
    page = browser.composing(line.url, "for the newsroom")
    until_asked(page, line, *WORKERS)
    assert WORDS not in paths(line)
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    first = [one for one in line.answers if one.path == WORDS]
    page.click("#back")
    page.wait_for_selector("main[data-state=compose]")
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    assert [one for one in line.answers if one.path == WORDS] == first
    assert len(first) == 1
    after = {path: [one.size for one in line.answers if one.path == path] for path in (*WORKERS, WORDS)}
    print(browser.name, "after the form:", after)
    page.context.close()


def paths(line: Counting) -> list[str]:
    return [one.path for one in line.answers]


def until_asked(page: Page, line: Counting, *wanted: str) -> None:
    for _ in range(200):
        if set(wanted) <= set(paths(line)):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{wanted} were not asked for")


def test_a_draft_submitted_before_the_workers_came_waits_for_them_and_can_be_taken_back(
    browser: Started, line: Counting
) -> None:
    line.hold("/worker.js")
    page = browser.composing(line.url, "quick words")
    page.click("#send")
    page.wait_for_selector("main[data-state=hashing]")
    page.click("#cancel")
    page.wait_for_selector("main[data-state=compose]")
    assert page.input_value("#message") == "quick words"
    page.click("#send")
    page.wait_for_selector("main[data-state=hashing]")
    assert not [path for path in paths(line) if path.startswith("/boxes") or path == "/permit"]
    line.go_on()
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()


def test_files_chosen_before_the_examiner_came_are_looked_into_when_it_does(browser: Started, line: Counting) -> None:
    line.hold("/examiner.js")
    page = browser.composing(line.url)
    page.set_input_files("#files", {"name": "note.txt", "mimeType": "", "buffer": b"words"})
    expect(page.locator(".files li")).to_have_count(1)
    line.go_on()
    until(page, "!document.querySelector('.files').textContent.includes('Looking')")
    page.context.close()


def altered(route: Route) -> None:
    body = route.fetch().body().replace(b"abacus", b"abacas")
    route.fulfill(status=200, content_type="text/plain", body=body)


def test_another_list_of_words_is_an_alarm_before_a_codename_is_shown(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, "words")
    page.route("**/words.txt", altered)
    page.click("#send")
    page.wait_for_selector("#error[data-kind=altered]")
    expect(page.locator("#error")).to_contain_text("words.txt")
    page.context.close()
    room.fetch()
    assert list(room.out.glob("*/*.box")) == []


def test_coming_back_waits_for_the_words_and_says_why_they_do_not_come(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url)
    held: list[Route] = []
    page.route("**/words.txt", lambda route: held.append(route))
    page.click("#way-back")
    page.fill("#codename-entry", "abacus evidnet ")
    expect(page.locator("#codename-aid")).to_contain_text("2 words")
    page.click("#look")
    until_held(page, held)
    held.pop().continue_()
    expect(page.locator("#codename-aid")).to_contain_text("evident")
    page.context.close()

    page = browser.composing(room.url)
    page.route("**/words.txt", lambda route: route.fulfill(status=404, body=json.dumps({"error": "not_found"})))
    page.click("#way-back")
    page.fill("#codename-entry", "abacus")
    page.click("#look")
    page.wait_for_selector("#error[data-kind=refused]")
    page.context.close()


def until_held(page: Page, held: list[Route]) -> None:
    for _ in range(100):
        if held:
            return
        page.wait_for_timeout(50)
    raise AssertionError("the words were not asked for")
