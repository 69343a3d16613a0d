"""Every state of the page, for everybody: axe's rules, a narrow phone, 200 % zoom, right to left, the keyboard alone."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.browsers import Started
from tests.support.everybody import complaints
from tests.support.newsroom import Newsroom
from tests.support.returning import come_back
from tests.support.states import states

pytestmark = pytest.mark.whole

AXE = Path(__file__).parents[2] / "server" / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


# Where a browser tells nobody that less motion is wanted, what is fading in has no contrast yet.
STILL = """async () => {
  const short = document.getAnimations().filter(one => one.effect.getComputedTiming().endTime < 2000);
  await Promise.allSettled(short.map(one => one.finished));
}"""


# The dark palette on a page that is open: a Firefox driven by BiDi prefers a scheme for a whole process, and every state
# would have to be walked to again. That a browser which prefers dark gets this palette is a test of its own.
SCHEME = """dark => {
  document.documentElement.style.colorScheme = dark ? "dark" : "";
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (rule.wasDark || rule.media?.mediaText.includes("prefers-color-scheme: dark")) {
        rule.wasDark = true;
        rule.media.mediaText = dark ? "all" : "(prefers-color-scheme: dark)";
      }
    }
  }
}"""
PALETTE = """() => [...document.styleSheets].flatMap(sheet => [...sheet.cssRules])
  .filter(rule => rule.media?.mediaText.includes("prefers-color-scheme"))
  .flatMap(rule => [...rule.cssRules]).flatMap(rule => [...rule.style].map(name => `${rule.selectorText} ${name}`))"""
COLOURS = """() => ["background-color", "color"].map(one => getComputedStyle(document.body).getPropertyValue(one))"""
# What axe finds by colours; all else it finds by the document and its boxes, which no palette changes.
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def violations(page: Page, rules: Any = RULES) -> list[str]:
    # Evaluated, not injected: the page's own policy would refuse a script tag.
    page.evaluate(STILL)
    if page.evaluate("typeof axe") != "object":
        page.evaluate(AXE.read_text())
    found = page.evaluate("async rules => (await axe.run(document, rules)).violations", rules)
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found]


def width(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


# What Safer takes away is not drawn.
@pytest.mark.kinds("chromium", "firefox")
def test_every_state_passes_axe_in_both_schemes_and_fits_a_phone(browser: Started, room: Newsroom, tmp_path: Path) -> None:
    seen = []
    # 320 CSS pixels are a small phone, and a 640-pixel window at 200 % zoom.
    small, larger = {"width": 320, "height": 640}, {"width": 360, "height": 740}
    for name, page in states(browser, room, tmp_path, viewport=small, color_scheme="light", reduced_motion="reduce"):
        seen.append(name)
        assert width(page) <= 320, f"{name} is wider than the screen"
        if name != "noscript":
            assert violations(page) == [], name
            page.evaluate(SCHEME, True)
            assert violations(page, CONTRAST) == [], f"{name} in the dark"
            page.evaluate(SCHEME, False)
            assert complaints(page) == [], name
        page.set_viewport_size(larger)
        for what, twist in {"right to left": "dir = 'rtl'", "at twice its size": "style.fontSize = '212.5%'"}.items():
            page.evaluate(f"document.documentElement.{twist}")
            assert width(page) <= 360, f"{name} {what} is wider than the screen"
            if name not in ("noscript", "left"):
                assert complaints(page) == [], f"{name} {what}"
            page.evaluate("document.documentElement.removeAttribute('dir'); document.documentElement.style.fontSize = ''")
        page.set_viewport_size(small)
    assert len(seen) >= 15


def test_a_browser_that_prefers_dark_gets_the_dark_palette_and_nothing_else(browser: Started, room: Newsroom) -> None:
    shown = {}
    for scheme in ("light", "dark"):
        page = browser.new_context(color_scheme=scheme).new_page()
        page.goto(room.url)
        page.wait_for_selector("main[data-state=compose]")
        shown[scheme] = page.evaluate(COLOURS)
        if scheme == "dark":
            assert violations(page) == []
        else:
            # Only colours by name: so a state's document and boxes are judged once for both schemes.
            names = page.evaluate(PALETTE)
            assert names
            assert [one for one in names if not one.startswith(":root --")] == []
            page.evaluate(SCHEME, True)
            page.evaluate(STILL)
            shown["by rule"] = page.evaluate(COLOURS)
        page.context.close()
    assert shown["by rule"] != shown["light"]
    # A browser that resists fingerprinting tells a page of no preference.
    assert shown["dark"] == shown["light" if browser.name == "firefox-safer" else "by rule"]


SURFACES = """() => {
  const style = (one) => getComputedStyle(document.querySelector(one));
  return {
    forced: matchMedia("(forced-colors: active)").matches,
    over: style("#leave").backgroundColor != style("body").backgroundColor,
    steps: new Set([...document.querySelectorAll(".steps li")].map(one => getComputedStyle(one).borderBlockStartStyle)).size,
    edge: style("textarea").borderTopStyle != "none",
  };
}"""


def test_in_forced_colours_nothing_speaks_by_a_surface_alone(browser: Started, room: Newsroom) -> None:
    page = browser.new_context(forced_colors="active", reduced_motion="reduce").new_page()
    page.route("**/board", lambda route: None)
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    assert page.evaluate(SURFACES) == {"forced": True, "over": True, "steps": 2, "edge": True}
    come_back(page, "abacus " * 7 + "able", to="looking")
    assert "gradient" in page.evaluate("getComputedStyle(document.querySelector('progress')).backgroundImage")
    page.context.close()


def test_a_submission_by_keyboard_alone(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url)

    def tab_to(identity: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == identity:
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", f"{identity} does not show that it has the focus"
                return
        pytest.fail(f"{identity} cannot be reached with the Tab key")

    tab_to("message")
    page.keyboard.type("typed without a mouse")
    tab_to("send")
    page.keyboard.press("Enter")
    page.wait_for_selector("main[data-state=codename]")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)"), "focus follows the view"
    words = [word.strip() for word in page.locator("#codename li").all_inner_texts()]
    for identity in [field.get_attribute("id") or "" for field in page.locator("input[data-word-index]").all()]:
        tab_to(identity)
        page.keyboard.type(words[int(page.locator(f"#{identity}").get_attribute("data-word-index") or 0) - 1])
    tab_to("confirm-send")
    page.keyboard.press("Enter")
    page.wait_for_selector("main[data-state=done]")
    page.context.close()
