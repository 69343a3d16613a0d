"""Real browsers, started as the machine's own, for pages served on loopback: Chromium, Firefox ESR, and Firefox ESR with
what Tor Browser's Safer level takes away.

Playwright drives Chromium as ever, and a stock Firefox through WebDriver BiDi, for which it must be a version that asks
for no more than the ESR knows: see pyproject.toml.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, sync_playwright

# Browsers call home by themselves; a test of a drop must not.
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SILENT: dict[str, Any] = {
    "app.update.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
}
# Tor Browser's preferences at the level Safer, as far as a stock Firefox has them.
_SAFER: dict[str, Any] = {
    "browser.privatebrowsing.autostart": True,
    "dom.securecontext.allowlist_onions": True,
    "gfx.font_rendering.graphite.enabled": False,
    "gfx.font_rendering.opentype_svg.enabled": False,
    "javascript.options.asmjs": False,
    "javascript.options.baselinejit": False,
    "javascript.options.ion": False,
    "javascript.options.native_regexp": False,
    "javascript.options.wasm": False,
    "mathml.disabled": True,
    "media.webaudio.enabled": False,
    "privacy.resistFingerprinting": True,
}


@dataclass(frozen=True)
class Kind:
    """One way of starting a browser: the program, and the preferences of a Firefox."""

    program: str
    preferences: dict[str, Any] = field(default_factory=dict)

    @property
    def firefox(self) -> bool:
        """Whether it is a Firefox."""
        return self.program == "firefox-esr"


KINDS = {
    "chromium": Kind("chromium"),
    "firefox": Kind("firefox-esr", SILENT),
    "firefox-safer": Kind("firefox-esr", {**SILENT, **_SAFER}),
}


def first_here(names: Sequence[str] = tuple(KINDS)) -> str:
    """The first of these kinds whose program is on this machine, or the first of all."""
    return next((name for name in names if shutil.which(KINDS[name].program)), names[0])


class Started:
    """A running browser; contexts are made by one set of options for all kinds."""

    def __init__(self, playwright: Playwright, name: str, environment: dict[str, str] | None = None) -> None:
        self.name, self.kind = name, KINDS[name]
        self._playwright, self._environment = playwright, environment
        self._browsers: dict[tuple[tuple[str, Any], ...], Browser] = {}
        self.browser = self._launch({})

    def new_context(self, **options: Any) -> BrowserContext:
        """A fresh context. What BiDi cannot set for one context, Firefox gets as a preference of a process of its own."""
        preferences: dict[str, Any] = {}
        if self.kind.firefox:
            if options.pop("java_script_enabled", True) is False:
                preferences["javascript.enabled"] = False
            if options.pop("color_scheme", "light") == "dark":
                preferences["layout.css.prefers-color-scheme.content-override"] = 0
            if options.pop("reduced_motion", None) == "reduce":
                preferences["ui.prefersReducedMotion"] = 1
            if options.pop("forced_colors", None) == "active":
                preferences["ui.useAccessibilityTheme"] = 1
                preferences["browser.display.document_color_use"] = 2
        return self._launch(preferences).new_context(**options)

    def new_page(self) -> Page:
        """A page in a context of its own; close it by `page.context.close()`."""
        return self.new_context().new_page()

    def composing(self, url: str, message: str = "", *, before: str = "") -> Page:
        """The source's page, ready to be written in, after the script `before`; with a message where one is given."""
        page = self.new_page()
        if before:
            page.add_init_script(before)
        page.goto(url)
        page.wait_for_selector("main[data-state=compose]")
        if message:
            page.fill("#message", message)
        return page

    def close(self) -> None:
        """End every process."""
        for browser in self._browsers.values():
            with contextlib.suppress(Exception):
                browser.close()

    def _launch(self, preferences: dict[str, Any]) -> Browser:
        key = tuple(sorted(preferences.items()))
        if key not in self._browsers:
            program = shutil.which(self.kind.program)
            if self.kind.firefox:
                self._browsers[key] = self._playwright.firefox.launch(
                    channel="moz-firefox",
                    executable_path=program,
                    firefox_user_prefs={**self.kind.preferences, **preferences},
                    env=self._environment,  # type: ignore[arg-type]
                )
            else:
                # Chromium refuses to sandbox as root, which is what CI is.
                arguments = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
                self._browsers[key] = self._playwright.chromium.launch(
                    executable_path=program,
                    args=arguments,
                    env=self._environment,  # type: ignore[arg-type]
                )
        return self._browsers[key]


@contextlib.contextmanager
def start(name: str, environment: dict[str, str] | None = None) -> Iterator[Started]:
    """The machine's browser of this kind (a key of KINDS), headless."""
    with sync_playwright() as playwright:
        started = Started(playwright, name, environment)
        try:
            yield started
        finally:
            started.close()


def confirm_codename(page: Page) -> str:
    """On the codename page: read the words off, type back those that are asked for, send. Returns the codename."""
    page.wait_for_selector("main[data-state=codename]")
    words = [word.strip() for word in page.locator("#codename li").all_inner_texts()]
    for entry in page.locator("input[data-word-index]").all():
        entry.fill(words[int(entry.get_attribute("data-word-index") or 0) - 1])
    page.click("#confirm-send")
    return " ".join(words)


def until(page: Page, expression: str, seconds: float = 30) -> None:
    """Wait until a JavaScript expression is true. Playwright's own waiting would need eval, which the page's policy forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"{expression} did not come true"
        page.wait_for_timeout(20)


def within(page: Page, true: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Wait until something is true that a page cannot be asked to wait for: it runs no scripts, or another takes its place."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(Error):
            # Playwright hears what happened when it asks; and between two pages there is nothing to ask.
            page.title()
            if true():
                return
        assert time.monotonic() < end, what
        time.sleep(0.05)
