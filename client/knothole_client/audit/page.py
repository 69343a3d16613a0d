"""Whether a served page is the release's: its text, what it loads, the headers that protect it. Pure: no network, no files."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping

from knothole_client.audit.browser import PAGES, WORDS, WORKERS, Shown
from knothole_client.audit.findings import Finding, finding
from knothole_keys.languages import LANGUAGES, Language
from knothole_keys.page import HEADERS, HTML, PACKED, TEXT, TYPES, pages
from knothole_keys.release import Release
from knothole_keys.root import Chain

_NAMED = re.compile(r'\b(?:src|href)="(/[^"]*)"')
_SCRIPT = re.compile(rb"<script\b|\bon[a-z]+\s*=|javascript:", re.IGNORECASE)
# What a proxy in front adds and no page gains by: its own name, the time, the connection's upkeep, TLS and nothing else.
_BORNE = {"connection", "content-length", "date", "keep-alive", "server", "strict-transport-security", "transfer-encoding"}


def loaded(release: Release, language: Language) -> list[str]:
    """The addresses that a browser asks for when it opens the page in a language, before the drop's lists, in its order."""
    named = dict.fromkeys(_NAMED.findall(release.template.html.replace("{{ language.script }}", language.script)))
    return [address for address in named if address in release.assets]


def loaded_later(release: Release) -> list[str]:
    """The addresses that follow the lists: what the page starts once its form is shown, and what it needs for a codename."""
    return [address for address in (*WORKERS, WORDS) if address in release.assets]


def check_pages(bodies: Mapping[Language, bytes], release: Release, chain: Chain) -> Iterator[Finding]:
    """Compare the pages with the template rendered anew; a name that an earlier root gave the drop may still stand in them."""
    expected = pages(release.template, chain)
    earlier = [Chain(chain.roots[:count]) for count in range(len(chain.roots) - 1, 0, -1)]
    changed = [one for one in bodies if bodies[one] != expected[one]]
    if changed:
        old = [pages(release.template, one) for one in earlier]
        changed = [one for one in changed if not any(bodies[one] == before[one] for before in old)]
    scripts = [one for one in changed if len(_SCRIPT.findall(bodies[one])) > len(_SCRIPT.findall(expected[one]))]
    for code, wrong in (("page_changed", changed), ("page_script", scripts)):
        if wrong:
            yield finding(code, where=_listed([one.address for one in wrong]))


def check_asset(address: str, body: bytes, release: Release) -> Iterator[Finding]:
    """Compare an asset with the release's hash."""
    if hashlib.sha256(body).digest() != release.assets[address]:
        yield finding("asset_changed", path=address)


def foreign(body: bytes, release: Release) -> list[str]:
    """At most sixteen addresses that a changed page names and no release has: evidence of what it would have loaded."""
    named = dict.fromkeys(_NAMED.findall(body.decode("utf-8", "replace")))
    known = {*release.assets, *(language.address for language in LANGUAGES)}
    return [address for address in named if address not in known and re.fullmatch(r"/[!-~]{1,200}", address)][:16]


def check_headers(shown: Iterable[Shown]) -> Iterator[Finding]:
    """Compare the headers of all answers with those of the release; one finding for each header and flaw.

    An answer of 500 or more may be a proxy's own, while the server is down: it did not come, which is a finding already.
    """
    wrong: dict[tuple[str, str], dict[str, None]] = {}
    for one in shown:
        if one.status >= 500:
            continue
        for flaw in _flaws(one):
            wrong.setdefault(flaw, {})[one.path.partition("?")[0]] = None
    for (code, name), paths in wrong.items():
        yield finding(code, name=name, where=_listed(list(paths)))


def _listed(paths: list[str]) -> str:
    return ", ".join(paths[:3]) + (" and others" if len(paths) > 3 else "")


def _flaws(one: Shown) -> Iterator[tuple[str, str]]:
    expected = {name.lower(): (name, value) for name, value in HEADERS}
    kind = _media_type(one)
    if kind:
        expected["content-type"] = ("Content-Type", kind)
    for key, (name, value) in expected.items():
        came = [text for header, text in one.headers if header == key]
        if not came:
            yield "header_missing", name
        elif came != [value]:
            yield "header_changed", name
    borne = _BORNE | {"content-encoding"} if one.status == 200 and one.path.endswith(PACKED) else _BORNE
    for header, _ in one.headers:
        if header not in expected and header not in borne and header != "content-type":
            # The name is the server's text: only what can be a name is shown.
            yield "header_foreign", header if re.fullmatch(r"[a-z0-9-]{1,60}", header) else "of an odd name"


def _media_type(one: Shown) -> str | None:
    if one.status != 200:
        return None
    if one.path in ("/roots", "/roster"):
        return TEXT
    if one.path == "/permit":
        return "application/json"
    endings = (kind for ending, kind in TYPES.items() if one.path.endswith(ending))
    return HTML if one.path in PAGES else next(endings, None)
