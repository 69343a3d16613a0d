"""From a real browser to the desk, bit for bit."""

import hashlib
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from knothole_keys import codename
from tests.support import evidence
from tests.support.browsers import Started, confirm_codename, until
from tests.support.newsroom import Newsroom
from tests.support.returning import come_back

pytestmark = pytest.mark.each

MESSAGE = "我有一段视频原件。请先核实，再联系我。\n\nThe rest is “unpublished” — ask for it. 🌳"


def visit(browser: Started, room: Newsroom, **options: object) -> Page:
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    page.wrong = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.wrong.append(str(error)))  # type: ignore[attr-defined]
    page.on("console", lambda said: page.wrong.append(said.text) if said.type == "error" else None)  # type: ignore[attr-defined]
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose], main[data-state=error]")
    return page


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.tool("ffmpeg")
def test_a_chinese_message_and_five_files_come_out_bit_for_bit(browser: Started, room: Newsroom, tmp_path: Path) -> None:
    files = evidence.make(tmp_path / "evidence", browser)
    assert {path.suffix for path in files} == {".jpg", ".mp4", ".pdf", ".docx", ".txt"}
    page = visit(browser, room)
    page.fill("#message", MESSAGE)
    page.set_input_files("#files", files)
    page.click("#send")
    words = confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=120_000)
    assert page.wrong == []  # type: ignore[attr-defined]
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    page.context.close()

    room.fetch()
    for name in ("Dana", "Lee"):
        room("desk", "import", room.vault(name), room.out)
        (submission,) = room.submissions(name)
        assert submission["message"] == MESSAGE
        assert submission["complete"]
        drop_id = bytes.fromhex(json.loads(room("keys", "show", room.roster, "--json"))["notes"][0]["drop_id"])
        assert submission["thread"] == codename.thread_keys(words, drop_id).thread.hex()
        out = tmp_path / f"exported-{name}"
        room("desk", "export", room.vault(name), submission["id"], "--out", out)
        exported = {path.name: digest(path) for path in (out / "files").iterdir()}
        assert exported == {path.name: digest(path) for path in files}
        assert MESSAGE in (out / "message.txt").read_text()
        for line in (out / "SHA256SUMS").read_text().splitlines():
            wanted, _, path = line.partition("  ")
            assert digest(out / path) == wanted


def test_boxes_on_the_server_have_one_length_and_no_word_of_it(browser: Started, room: Newsroom, tmp_path: Path) -> None:
    page = visit(browser, room)
    page.fill("#message", "the canary word is Zaunkoenig")
    page.set_input_files("#files", [{"name": "Zaunkoenig.txt", "mimeType": "text/plain", "buffer": b"Zaunkoenig" * 99}])
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()
    room.fetch()
    boxes = list(room.out.glob("*/*.box"))
    assert {path.stat().st_size for path in boxes} == {2**20}
    everything = [path for root in (room.path / "server", room.out) for path in root.rglob("*") if path.is_file()]
    assert len(everything) > len(boxes)
    assert not [path for path in everything if b"Zaunkoenig" in path.read_bytes()]


def test_a_returning_source_sends_only_what_is_missing(browser: Started, room: Newsroom, tmp_path: Path) -> None:
    big = tmp_path / "big.bin"
    big.write_bytes(hashlib.shake_256(b"seed").digest(5_500_000))
    page = visit(browser, room)
    puts: list[str] = []

    def count(route: object) -> None:
        puts.append(route.request.url)  # type: ignore[attr-defined]
        # After three boxes the network is gone, and then the tab is.
        route.abort() if len(puts) > 3 else route.continue_()  # type: ignore[attr-defined]

    page.route("**/boxes/*/*", count)
    page.fill("#message", "first visit")
    page.set_input_files("#files", big)
    page.click("#send")
    words = confirm_codename(page)
    until(page, "document.querySelector('#progress')?.value == 3")
    page.wait_for_selector("#notice[data-reason=unreachable]")
    page.context.close()

    page = visit(browser, room)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "PUT" else None)
    come_back(page, words.upper(), to="compose")
    page.fill("#message", "second visit")
    page.set_input_files("#files", big)
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    page.click("#confirm-send")
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()

    room.fetch()
    # One letter a visit, and six parts of the file: what the first visit had stored was not sent again.
    assert len(list(room.out.glob("*/*.box"))) == 8
    assert len(sent) == 5
    room("desk", "import", room.vault("Dana"), room.out)
    found = room.submissions("Dana")
    assert sorted(s["message"] for s in found) == ["first visit", "second visit"]
    assert len({s["thread"] for s in found}) == 1
    out = tmp_path / "exported"
    room("desk", "export", room.vault("Dana"), next(s["id"] for s in found if s["message"] == "second visit"), "--out", out)
    assert digest(out / "files" / "big.bin") == digest(big)


def test_without_webcrypto_the_fallback_seals_the_same(browser: Started, room: Newsroom, tmp_path: Path) -> None:
    context = browser.new_context()
    # As on plain http at an onion address, where a browser hides crypto.subtle; workers take it from their own global.
    cut: set[str] = set()
    context.route("**/*.js", lambda route: _without_subtle(route, cut))
    page = context.new_page()
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    expect(page.locator("#slow")).to_be_visible()
    page.fill("#message", "sealed by noble")
    page.set_input_files("#files", [{"name": "b.bin", "mimeType": "", "buffer": bytes(range(256)) * 6000}])
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=90_000)
    context.close()
    room.fetch()
    room("desk", "import", room.vault("Lee"), room.out)
    (submission,) = room.submissions("Lee")
    assert submission["message"] == "sealed by noble"
    assert {"page.js", "worker.js"} <= cut, "workers had WebCrypto all the same"
    room("desk", "export", room.vault("Lee"), submission["id"], "--out", tmp_path / "x")
    assert (tmp_path / "x" / "files" / "b.bin").read_bytes() == bytes(range(256)) * 6000


def _without_subtle(route: object, scripts: set[str]) -> None:
    answer = route.fetch()  # type: ignore[attr-defined]
    scripts.add(route.request.url.rsplit("/", 1)[-1])  # type: ignore[attr-defined]
    cut = 'Object.defineProperty(Crypto.prototype, "subtle", { get: () => undefined });\n'
    route.fulfill(response=answer, body=cut + answer.text())  # type: ignore[attr-defined]


def test_without_javascript_there_is_advice_and_nowhere_to_write(browser: Started, room: Newsroom) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(room.url)
    # `expect` asks again from a timer of the page's, which never fires where scripts are off; this asks once.
    assert page.locator("#noscript").is_visible()
    assert room.fingerprint in page.locator("#noscript").inner_text()
    assert page.locator("form").count() == 1
    assert page.get_attribute("form", "action") == "/boxes"
    assert page.locator("input").evaluate_all("all => all.map(one => [one.type, one.accept])") == [["file", ".boxes"]]
    assert page.locator("textarea, select, [contenteditable]").count() == 0
    page.context.close()


def test_the_page_names_who_reads_and_seals_only_to_the_chosen(browser: Started, room: Newsroom) -> None:
    page = visit(browser, room)
    readers = page.locator("#readers").inner_text()
    assert "Dana" in readers
    assert "Lee" in readers
    page.uncheck(f"#reader-{room.id_of('Lee')}")
    page.fill("#message", "for Dana alone")
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    assert "Lee" not in page.locator("#sealed-for").inner_text()
    page.context.close()
    room.fetch()
    for name in ("Dana", "Lee"):
        room("desk", "import", room.vault(name), room.out)
    assert room.messages("Dana") == ["for Dana alone"]
    assert room.messages("Lee") == []


def test_nothing_to_send_and_a_wrong_word_are_told_kindly(browser: Started, room: Newsroom) -> None:
    page = visit(browser, room)
    page.click("#send")
    expect(page.locator("#problem")).not_to_be_empty()
    assert page.get_attribute("main", "data-state") == "compose"
    page.fill("#message", "x")
    expect(page.locator("#problem")).to_be_empty()
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    for field in page.locator("input[data-word-index]").all():
        field.fill("zebra")
    page.click("#confirm-send")
    expect(page.locator("#problem")).not_to_be_empty()
    assert page.get_attribute("main", "data-state") == "codename"
    page.context.close()
    room.fetch()
    assert list(room.out.glob("*/*.box")) == []


def test_the_same_file_under_two_names_arrives_under_both_and_is_sent_once(
    browser: Started, room: Newsroom, tmp_path: Path
) -> None:
    data = hashlib.shake_256(b"twin").digest(2_500_000)
    page = visit(browser, room)
    page.set_input_files("#files", [{"name": name, "mimeType": "", "buffer": data} for name in ("copy.bin", "original.bin")])
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()
    room.fetch()
    assert len(list(room.out.glob("*/*.box"))) == 4, "a letter and three parts"
    room("desk", "import", room.vault("Dana"), room.out)
    room("desk", "export", room.vault("Dana"), room.submissions("Dana")[0]["id"], "--out", tmp_path / "x")
    assert {path.name: path.read_bytes() for path in (tmp_path / "x" / "files").iterdir()} == {
        "copy.bin": data,
        "original.bin": data,
    }


def test_safer_is_what_it_says(browser: Started, room: Newsroom) -> None:
    page = visit(browser, room)
    compiled = page.evaluate("typeof WebAssembly") != "undefined"
    assert compiled is (browser.name != "firefox-safer")
    page.context.close()
