"""A review desk on a real socket over a real vault, and a browser's half of the conversation without a browser."""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import httpx

from knothole_client.desk.locks import Holding
from knothole_client.review.machine import Machine
from knothole_client.review.room import IDLE_SECONDS, Room
from knothole_client.review.serving import Serving, bind
from tests.desk.conftest import PASSPHRASE

QUIET = Machine(lambda: "", list)


def holding() -> Holding:
    """A passphrase of its own: it is overwritten when the desk is done with it."""
    return Holding(bytes(bytearray(PASSPHRASE.passphrase)))


@contextmanager
def served(
    path: Path, machine: Machine = QUIET, idle: float = IDLE_SECONDS, now: Callable[[], float] | None = None
) -> Iterator[Serving]:
    """The review desk of a vault, served by another thread."""
    room = Room(path, idle=idle) if now is None else Room(path, idle=idle, now=now)
    room.open(holding())
    serving = Serving(room, bind(0), machine)
    thread = threading.Thread(target=lambda: asyncio.run(serving.run()))
    thread.start()
    try:
        yield serving
    finally:
        serving.stop()
        thread.join()
        room.close()


class Page(HTMLParser):
    """A page taken apart: every element with its attributes, its forms' fields, and its text."""

    def __init__(self, text: str, at: str = "") -> None:
        super().__init__()
        self.at, self.source = at, text
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.forms: dict[str, list[tuple[str, str]]] = {}
        self.text = ""
        self._form = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag == "form":
            self._form = found["action"] or ""
            self.forms[self._form] = []
        if tag == "input" and found.get("type") == "hidden":
            self.forms[self._form].append((found["name"] or "", found["value"] or ""))

    def handle_data(self, data: str) -> None:
        self.text += data


class Visitor:
    """Somebody with a cookie jar at a review desk."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self.client = httpx.Client(base_url=serving.url, follow_redirects=True, timeout=60, trust_env=False)

    def enter(self) -> "Visitor":
        """By the link that the terminal shows."""
        assert self.client.get(self.serving.link()).status_code == 200
        return self

    def get(self, path: str) -> Page:
        return self._page(self.client.get(path))

    def fill(self, page: Page, action: str, *fields: tuple[str, str]) -> Page:
        """Send a form of a page, as a browser would, and go where it leads; a job is waited for."""
        body = str(httpx.QueryParams([*page.forms[action], *fields]))
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.serving.url}
        page = self._page(self.client.post(action, content=body, headers=sent))
        while "This page goes on by itself" in page.text:
            time.sleep(0.1)
            page = self.get(page.at)
        return page

    def _page(self, answer: httpx.Response) -> Page:
        assert answer.status_code == 200, answer.text
        return Page(answer.text, answer.url.path)


def squeezed(text: str) -> str:
    """A text with every run of white space as one space."""
    return re.sub(r"\s+", " ", text)
