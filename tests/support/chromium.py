"""A real Chromium, started as the machine's own, for pages served on loopback."""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator

from playwright.sync_api import Browser, Page, sync_playwright

# Chromium calls home by itself; a test of a drop must not.
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, headless."""
    # Chromium refuses to sandbox as root, which is what CI is.
    arguments = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def confirm_codename(page: Page) -> str:
    """On the codename page: read the words off, type back those that are asked for, send. Returns the codename."""
    page.wait_for_selector("main[data-state=codename]")
    words = [word.strip() for word in page.locator("#codename li").all_inner_texts()]
    for field in page.locator("input[data-word-index]").all():
        field.fill(words[int(field.get_attribute("data-word-index") or 0) - 1])
    page.click("#confirm-send")
    return " ".join(words)


def until(page: Page, expression: str, seconds: float = 30) -> None:
    """Wait until a JavaScript expression is true. Playwright's own waiting would need eval, which the page's policy forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"{expression} did not come true"
        page.wait_for_timeout(20)
