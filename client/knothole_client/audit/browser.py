"""A connection whose requests have the headers of a browser's, so that a server cannot serve auditors better than sources.

The headers, and their order, are those of Firefox ESR 153 as measured, with the words by which Tor Browser hides its system.
What still differs is in `docs/courier.md`: one connection instead of several, TLS as Python speaks it, the pace.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from knothole_client.http import Answer, Connection, Patience, Sink
from knothole_keys.languages import LANGUAGES
from knothole_keys.page import PACKED

AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0"
_IMAGE = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
_DOCUMENT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass(frozen=True)
class _Kind:
    accept: str
    dest: str
    mode: str
    priority: str


_STYLE = _Kind("text/css,*/*;q=0.1", "style", "no-cors", "u=2")
_SCRIPT = _Kind("*/*", "script", "no-cors", "")
_PICTURE = _Kind(_IMAGE, "image", "no-cors", "u=5, i")
_WORKER = _Kind("*/*", "worker", "same-origin", "u=4")
_CALL = _Kind("*/*", "empty", "cors", "u=4")
# What seals, and what looks into chosen files: a page starts both as soon as its form is shown.
WORKERS = ("/worker.js", "/examiner.js")
# What a codename is made of: a page fetches it when one is made or typed.
WORDS = "/words.txt"
# The page's addresses, one for each language.
PAGES = frozenset(language.address for language in LANGUAGES)


@dataclass(frozen=True)
class Shown:
    """The outside of an answer: what was asked, and its status and headers."""

    path: str
    status: int
    headers: tuple[tuple[str, str], ...]


class Browser(Connection):
    """Speaks to a server as a browser on the drop's page does; `shown` are the answers so far."""

    def __init__(self, url: str, *, proxy: str | None, patience: Patience) -> None:
        super().__init__(url, proxy=proxy, patience=patience, look={"User-Agent": AGENT})
        self.shown: list[Shown] = []

    def once(
        self,
        method: str,
        path: str,
        *,
        limit: int,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        sink: Sink | None = None,
        packed: bool = False,
    ) -> Answer:
        """As Connection's, with a browser's headers around those that are given; of the page's fixed files gzip is taken."""
        looks = _headers(self.url, method, path, content, headers or {})
        answer = super().once(
            method, path, limit=limit, content=content, headers=looks, sink=sink, packed=packed or path.endswith(PACKED)
        )
        self.shown.append(Shown(path, answer.status, answer.headers))
        return answer


def _headers(url: str, method: str, path: str, content: bytes | None, given: Mapping[str, str]) -> dict[str, str]:
    kind = _kind(path)
    headers = {"Accept": kind.accept, "Accept-Language": "en-US,en;q=0.9", "Accept-Encoding": "gzip, deflate, br, zstd"}
    if content is not None:
        headers |= {
            **{name: value for name, value in given.items() if name != "Content-Type"},
            "Content-Type": given["Content-Type"],
            "Content-Length": str(len(content)),
            "Origin": url,
        }
    headers["Connection"] = "keep-alive"
    if path in PAGES:
        headers["Upgrade-Insecure-Requests"] = "1"
    headers |= {"Sec-Fetch-Dest": kind.dest, "Sec-Fetch-Mode": kind.mode}
    headers["Sec-Fetch-Site"] = "none" if path in PAGES else "same-origin"
    if path in PAGES:
        headers["Sec-Fetch-User"] = "?1"
    # The page sends boxes by XMLHttpRequest, all else by fetch without the cache.
    if kind.priority and method != "PUT":
        headers["Priority"] = kind.priority
    if kind is _CALL and method != "PUT":
        headers |= {"Pragma": "no-cache", "Cache-Control": "no-cache"}
    return headers


def _kind(path: str) -> _Kind:
    if path in PAGES:
        return _Kind(_DOCUMENT, "document", "navigate", "u=0, i")
    if path in WORKERS:
        return _WORKER
    kinds = {".css": _STYLE, ".js": _SCRIPT, ".svg": _PICTURE, ".png": _PICTURE}
    return next((kind for ending, kind in kinds.items() if path.endswith(ending)), _CALL)
