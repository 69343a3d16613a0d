"""The page in other languages: nothing stays English, it reads from its own side, and choosing one loses nothing silently."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page

from knothole_keys import release
from knothole_keys.languages import SOURCE, TRANSLATED, Language
from tests.browser.test_accessibility import violations
from tests.support.browsers import Started, within
from tests.support.everybody import complaints
from tests.support.newsroom import Newsroom
from tests.support.states import states

pytestmark = pytest.mark.whole

WEB = Path(__file__).parents[2] / "server" / "web"
# Neither in Latin letters.
FOREIGN = ("ar", "zh-hans")
PHONE = {"viewport": {"width": 320, "height": 640}, "reduced_motion": "reduce"}
# What stands on the page, and what screen readers say; not what people wrote, nor what is marked as English on purpose.
SAID = """() => {
  const said = [];
  const apart = (node) => node.closest("script, style, code, textarea, .languages ul, [lang=en]:not(:root)");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.nodeType === Node.TEXT_NODE && !apart(node.parentElement)) said.push(node.data.trim());
    for (const name of ["aria-label", "title", "alt", "placeholder"]) said.push(node.getAttribute?.(name) ?? "");
  }
  return said.filter(Boolean);
}"""


@pytest.fixture(scope="module")
def english() -> list[str]:
    """Pieces of English sentences, between what is filled in."""
    script = 'import { TEXTS } from "./strings.js"; console.log(JSON.stringify(TEXTS));'
    done = subprocess.run(["node", "--input-type=module", "-e", script], cwd=WEB, capture_output=True, text=True, check=True)
    texts = [
        form for text in json.loads(done.stdout).values() for form in (text.values() if isinstance(text, dict) else [text])
    ]
    in_page = re.findall(r't\(\s*["\'][\w.]+["\'],\s*["\'](.*?)["\']\s*[,)]', (WEB / "page.html").read_text(), re.DOTALL)
    pieces = [piece.strip() for text in [*texts, *in_page] for piece in re.split(r"\{\w+\}", " ".join(text.split()))]
    return sorted({piece for piece in pieces if len(re.findall("[A-Za-z]", piece)) > 3})


def left(page: Page, english: list[str]) -> list[str]:
    said = page.evaluate(SAID)
    # An emptied tab says that it is empty, and no more.
    assert len(said) > (1 if page.locator("main[data-state=left]").count() else 15)
    whole = [text for text in said if text in english]
    return whole + [text for text in said for piece in english if len(piece) > 12 and piece in text]


def whole_sentences(language: Language, english: list[str]) -> list[str]:
    """What may not be read in this language: some share words with English, and no sentence."""
    return [piece for piece in english if " " in piece] if language.code in ("de", "es", "fr") else english


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_the_english_page_would_be_noticed(browser: Started, room: Newsroom, english: list[str]) -> None:
    page = browser.composing(room.url)
    assert len(left(page, english)) > 30
    page.context.close()


@pytest.mark.kinds("chromium", "firefox")
@pytest.mark.parametrize("language", [one for one in TRANSLATED if one.code in FOREIGN], ids=lambda one: one.code)
def test_no_state_in_another_script_has_english_left_and_each_fits_a_small_phone(
    browser: Started, room: Newsroom, tmp_path: Path, language: Language, english: list[str]
) -> None:
    for name, page in spoken(browser, room, tmp_path, language, english):
        assert violations(page) == [], name
        assert complaints(page) == [], name


# All languages have the same markup and the same sheet: these differ in their words, and in how long they are.
@pytest.mark.soak
@pytest.mark.kinds("chromium")
@pytest.mark.parametrize("language", [one for one in TRANSLATED if one.code not in FOREIGN], ids=lambda one: one.code)
def test_no_state_has_english_left_and_each_fits_a_small_phone(
    browser: Started, room: Newsroom, tmp_path: Path, language: Language, english: list[str]
) -> None:
    for name, page in spoken(browser, room, tmp_path, language, english):
        if name in ("compose-help", "answers"):
            assert violations(page) == [], name
            assert complaints(page) == [], name


@pytest.mark.kinds("chromium", "firefox")
def test_in_no_language_is_the_first_page_english_or_wide_or_for_some_only(
    browser: Started, room: Newsroom, english: list[str]
) -> None:
    for language in TRANSLATED:
        page = browser.new_context(**PHONE).new_page()
        page.goto(f"{room.url}{language.address}")
        page.wait_for_selector("main[data-state=compose]")
        assert fits(page), language.code
        assert left(page, whole_sentences(language, english)) == [], language.code
        assert complaints(page) == [], language.code
        for details in page.locator("details").all():
            details.evaluate("part => part.open = true")
        assert violations(page) == [], language.code
        page.context.close()


def spoken(
    browser: Started, room: Newsroom, folder: Path, language: Language, english: list[str]
) -> Iterator[tuple[str, Page]]:
    """Every state but the one without scripts, looked at for what may be wrong in any language."""
    english = whole_sentences(language, english)
    for name, page in states(browser, room, folder, language=language, **PHONE):
        assert fits(page), f"{name} is wider than the screen"
        if name == "noscript":
            continue
        assert left(page, english) == [], name
        root = page.evaluate("[document.documentElement.lang, getComputedStyle(document.body).direction]")
        assert root == [language.tag, language.dir], name
        if name == "codename":
            assert page.evaluate("getComputedStyle(document.querySelector('#codename')).direction") == "ltr"
            assert page.evaluate("document.querySelector('#codename').lang") == "en"
        yield name, page


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_languages_are_plain_links_that_say_whose_they_are(browser: Started, room: Newsroom, scripts: bool) -> None:
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    page.goto(room.url)
    for language in [*TRANSLATED, SOURCE]:
        link = page.locator(f".languages li a[hreflang='{language.tag}']")
        assert (link.inner_text(), link.get_attribute("lang")) == (language.name, language.tag)
        # Without scripts a stock Firefox lets nobody wait for a click.
        link.focus()
        page.keyboard.press("Enter")
        address = f"{room.url}{language.address}"
        within(page, lambda address=address: page.url == address, f"{address} was not opened")  # type: ignore[misc]
        assert page.locator("html").get_attribute("lang") == language.tag
        reviewed = language is SOURCE or release.installed().template.catalogues[language.code].reviewed
        assert page.locator("#unreviewed").count() == (0 if reviewed else 1)
    context.close()


def test_another_language_does_not_take_a_draft_away_silently(browser: Started, room: Newsroom) -> None:
    page = browser.composing(f"{room.url}/de", "not to be lost")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    # Browsers ask only on behalf of those who have done something on the page.
    page.click("#message")
    page.evaluate("document.querySelector(\".languages a[hreflang='fr']\").click()")
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    assert page.input_value("#message") == "not to be lost"
    page.context.close()
