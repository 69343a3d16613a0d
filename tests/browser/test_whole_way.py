"""The whole way there and back, in the page's own words: three sources, each in a language of her own, and one newsroom.

Real files go out in the page, real commands carry them to a desk, answer and post; each source comes back in a browser that
knows nothing of her, reads the answer that is hers, and writes again.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from knothole_keys import codename
from knothole_keys.languages import LANGUAGES, Language
from tests.support import evidence, specimens
from tests.support.browsers import Started, confirm_codename, until
from tests.support.newsroom import Newsroom
from tests.support.returning import come_back
from tests.support.speaking import says

pytestmark = [
    pytest.mark.each,
    pytest.mark.whole,
    pytest.mark.timeout(600),
    pytest.mark.tool("ffmpeg", "exiftool", "heif-enc"),
]

BY_CODE = {language.code: language for language in LANGUAGES}


@dataclass
class Source:
    """One of the three: what she writes, what she is answered, what she writes then."""

    language: Language
    message: str
    answer: str
    again: str
    words: str = ""
    thread: str = ""
    files: dict[str, str] = field(default_factory=dict)


def sources(browser: Started) -> list[Source]:
    told = [
        Source(
            BY_CODE["en"], "Page 4 names the cables.", "Who signed the report?\n\n  — Dana", "The inspector did, on the 14th."
        ),
        Source(
            BY_CODE["zh-hans"],
            "我有一段视频原件。请先核实，再联系我。",
            "我们已经收到并核实了视频。\n\n还有谁在场？",
            "还有两位工程师在场。",
        ),
        Source(
            BY_CODE["ar"],
            "لدي نسخة أصلية من التقرير، الصفحة 4 (page 4).",
            "وصلت رسالتك، ونصدقك.\n\nمن وقّع التقرير؟ (report, p. 4)",
            "وقّعه المفتش في 14 مارس.",
        ),
    ]
    # Under what Tor Browser takes away, a script that runs from the right is the one where most could go wrong.
    return told[2:] if browser.name == "firefox-safer" else told


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def visit(browser: Started, room: Newsroom, source: Source) -> Page:
    page = browser.new_page()
    page.goto(f"{room.url}{source.language.address}")
    page.wait_for_selector("main[data-state=compose]")
    return page


def send_first(browser: Started, room: Newsroom, source: Source, files: list[Path]) -> None:
    page, language = visit(browser, room, source), source.language
    page.fill("#message", source.message)
    page.set_input_files("#files", files)
    until(page, "document.querySelector('.copies') && !document.querySelector('[data-traces=waiting]')", 60)
    says(page.locator(".traces").first, language, "traces.place")
    page.click("#send")
    source.words = confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=120_000)
    says(page.locator("h2"), language, "done.title")
    says(page.locator(".care"), language, "done.unknown")
    assert set(page.locator("#sealed-for li").all_inner_texts()) == {"Dana", "Lee"}
    page.click("#look")
    page.wait_for_selector("main[data-state=answers]")
    says(page.locator("h2"), language, "answers.none")
    says(page.locator("#nothing"), language, "answers.none.not")
    page.context.close()


def read_and_write_back(browser: Started, room: Newsroom, source: Source, boxes: int) -> None:
    page, language = visit(browser, room, source), source.language
    come_back(page, source.words)
    expect(page.locator(".letter")).to_have_count(1)
    says(page.locator("h2"), language, "answers.title", n=1)
    says(page.locator(".letter h3"), language, "answers.from", reader="Dana")
    says(page.locator(".letter .signed"), language, "answers.signed", reader="Dana")
    assert page.locator(".letter .text").text_content() == source.answer
    assert page.evaluate("getComputedStyle(document.body).direction") == language.dir
    assert page.evaluate("getComputedStyle(document.querySelector('.letter .text')).direction") == language.dir
    whole = page.locator("#status li[data-whole=true]")
    expect(whole).to_have_count(1)
    says(whole, language, "answers.whole")
    says(whole, language, "answers.boxes", reader="Dana", done=boxes, n=boxes)
    says(whole, language, "answers.files", done=len(source.files), n=len(source.files))
    page.click("#more")
    page.wait_for_selector("main[data-state=compose]")
    says(page.locator("#earlier summary"), language, "answers.earlier", n=1)
    page.fill("#message", source.again)
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    page.click("#confirm-send")
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()


def carried(room: Newsroom) -> None:
    room.fetch()
    for name in ("Dana", "Lee"):
        room("desk", "import", room.vault(name), room.out)


def posted(room: Newsroom) -> None:
    file = room.path / "todays.slots"
    room("desk", "slots", room.vault("Dana"), "-o", file)
    room("courier", "post", room.url, "--token-file", room.token, file)


def test_three_sources_are_answered_in_their_languages_and_write_back(browser: Started, room: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    pictures = specimens.pictures(tmp_path / "pictures")
    made = {path.suffix: path for path in evidence.make(tmp_path / "evidence", browser)}
    files = [pictures["jpg"], pictures["png"], made[".mp4"], made[".pdf"]]
    everybody = sources(browser)
    for source in everybody:
        source.files = {path.name: digest(path) for path in files}
        send_first(browser, room, source, files)

    carried(room)
    drop_id = bytes.fromhex(json.loads(room("keys", "show", room.roster, "--json"))["notes"][0]["drop_id"])
    # The same files from each, under another codename: as many boxes.
    boxes, left_over = divmod(len(list(room.out.glob("*/*.box"))), len(everybody))
    assert left_over == 0
    for number, source in enumerate(everybody):
        source.thread = codename.thread_keys(source.words, drop_id).thread.hex()
        (submission,) = [one for one in room.submissions("Dana") if one["thread"] == source.thread]
        assert (submission["message"], submission["complete"]) == (source.message, True)
        out = tmp_path / f"exported-{number}"
        room("desk", "export", room.vault("Dana"), submission["id"], "--out", out)
        assert {path.name: digest(path) for path in (out / "files").iterdir()} == source.files
        room("desk", "reply", room.vault("Dana"), source.thread[:12], "-m", source.answer)
    posted(room)

    for source in everybody:
        read_and_write_back(browser, room, source, boxes)

    carried(room)
    for source in everybody:
        for name in ("Dana", "Lee"):
            thread = [one["message"] for one in room.submissions(name) if one["thread"] == source.thread]
            assert sorted(thread) == sorted([source.message, source.again])
    replies = json.loads(room("desk", "replies", room.vault("Dana"), "--json"))["replies"]
    assert {(one["thread"], one["state"]) for one in replies} == {(source.thread, "read") for source in everybody}
