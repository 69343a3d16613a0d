"""A source who comes back to the page with a codename."""

from playwright.sync_api import Page


def come_back(page: Page, words: str, *, to: str = "answers") -> None:
    """From the form: type the codename; `to` is "answers" (or "looking"), or "compose" to go on with what was sent."""
    page.click("#way-back")
    page.wait_for_selector("main[data-state=returning]")
    page.fill("#codename-entry", words)
    page.click("#more" if to == "compose" else "#look")
    page.wait_for_selector(f"main[data-state={to}]", timeout=60_000)
