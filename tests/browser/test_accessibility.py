"""Every state of the page, for everybody: axe's rules, a narrow phone, 200 % zoom, right to left, the keyboard alone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.support.browsers import Started
from tests.support.newsroom import Newsroom
from tests.support.states import states

pytestmark = pytest.mark.whole

AXE = Path(__file__).parents[2] / "server" / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


# Where a browser tells nobody that less motion is wanted, what is fading in has no contrast yet.
STILL = """async () => {
  const short = document.getAnimations().filter(one => one.effect.getComputedTiming().endTime < 2000);
  await Promise.allSettled(short.map(one => one.finished));
}"""


def violations(page: Page) -> list[str]:
    # Evaluated, not injected: the page's own policy would refuse a script tag.
    page.evaluate(STILL)
    page.evaluate(AXE.read_text())
    found = page.evaluate("async rules => (await axe.run(document, rules)).violations", RULES)
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_passes_axe_and_fits_a_phone(browser: Started, room: Newsroom, tmp_path: Path, scheme: str) -> None:
    seen = []
    # 320 CSS pixels are a small phone, and a 640-pixel window at 200 % zoom.
    options = {"viewport": {"width": 320, "height": 640}, "color_scheme": scheme, "reduced_motion": "reduce"}
    for name, page in states(browser, room, tmp_path, **options):
        seen.append(name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, f"{name} is wider than the screen"
        if name != "noscript":
            assert violations(page) == [], name
    assert len(seen) >= 15


def test_right_to_left_and_text_at_twice_its_size_fit_a_phone(browser: Started, room: Newsroom, tmp_path: Path) -> None:
    for name, page in states(browser, room, tmp_path, viewport={"width": 360, "height": 740}):
        for what, twist in {"right to left": "dir = 'rtl'", "at twice its size": "style.fontSize = '212.5%'"}.items():
            page.evaluate(f"document.documentElement.{twist}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, f"{name} {what} is wider than the screen"
            page.evaluate("document.documentElement.removeAttribute('dir'); document.documentElement.style.fontSize = ''")


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
