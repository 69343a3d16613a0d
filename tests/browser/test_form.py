"""Without scripts: a sealed file made by the real command, sent by the real form, opened on a real desk; all else refused.

Firefox shows no answer before it has sent everything, and an error when it cannot; so a large file that is refused at its
first bytes has its words in Chromium alone, and the form says so before. What is kept is nothing, in both.
"""

import os
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, Route

from knothole_keys.languages import LANGUAGES, Language
from tests.browser.test_accessibility import CONTRAST, SCHEME, violations
from tests.support import looking
from tests.support.browsers import Started
from tests.support.everybody import complaints
from tests.support.newsroom import Newsroom
from tests.support.running import running

NAME, CONTENTS = (f"{bird}-{os.urandom(6).hex()}" for bird in ("Blaukehlchen", "Gartenrotschwanz"))
SPOKEN = [one for one in LANGUAGES if one.code in ("en", "zh-hans", "ar")]
# A call that another thread interrupts is told in two lines.
READS = re.compile(rb"\b(read|recvfrom|recvmsg|readv)(\(| resumed>)")


def open_form(browser: Started, room: Newsroom) -> Page:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(room.url)
    return page


def send(page: Page, *paths: Path) -> None:
    """Choose files and press the button, as a keyboard does: a page without scripts has no timers to wait on."""
    page.set_input_files("#boxes", list(paths))
    page.focus("form button")
    page.keyboard.press("Enter")


def answer(page: Page, seconds: float = 60) -> str:
    """The kind of the answer, when it has come."""
    end = time.monotonic() + seconds
    while True:
        try:
            if page.locator("#answer").count():
                return str(page.get_attribute("#answer", "data-kind"))
        except Error:
            # Between two pages there is nothing to ask.
            pass
        assert time.monotonic() < end, f"no answer but {page.title()}"
        time.sleep(0.05)


def words(page: Page) -> str:
    return " ".join(page.locator("#answer").inner_text().split())


def seal(room: Newsroom, out: Path, *more: object) -> None:
    room("source", "send", room.url, "--root", room.fingerprint, "--codename-file", room.path / "words", "--out", out, *more)


def test_a_sealed_file_arrives_bit_for_bit_and_once(browser: Started, room: Newsroom, tmp_path: Path) -> None:
    film = tmp_path / "film.bin"
    film.write_bytes(os.urandom(2_600_000))
    seal(room, tmp_path / "s.boxes", "-m", "without scripts", "--split", "3M", film)
    files = sorted(tmp_path.glob("s.*.boxes"))
    assert len(files) == 2
    page = open_form(browser, room)
    send(page, *files)
    assert answer(page) == "stored"
    assert "the server says it has stored now: 4." in words(page)
    assert "The newsroom has it only when a journalist has fetched and opened it" in words(page)
    # What a person sees, not what is there: the sheet hides the page's own part where no scripts run.
    assert page.locator("#answer").is_visible()
    page.goto(room.url)
    send(page, files[1])
    assert answer(page) == "stored"
    assert re.search(r"had already, and did not store twice: [12]\.", words(page))
    page.context.close()
    room.fetch()
    assert len(list(room.out.glob("*/*.box"))) == 4
    room("desk", "import", room.vault("Dana"), room.out)
    (submission,) = room.submissions("Dana")
    assert submission["message"] == "without scripts"
    room("desk", "export", room.vault("Dana"), submission["id"], "--out", tmp_path / "exported")
    assert (tmp_path / "exported" / "files" / "film.bin").read_bytes() == film.read_bytes()


def test_what_is_refused_is_refused_in_words(browser: Started, room: Newsroom, tmp_path: Path) -> None:
    pdf, cut, spoiled = tmp_path / "evidence.pdf", tmp_path / "cut.boxes", tmp_path / "spoiled.boxes"
    pdf.write_bytes(b"%PDF-1.7\n" + os.urandom(150_000))
    film = tmp_path / "film.bin"
    film.write_bytes(os.urandom(6_000_000))
    seal(room, tmp_path / "1.boxes", "-m", "x", film)
    whole = (tmp_path / "1.boxes").read_bytes()
    cut.write_bytes(whole[:-1])
    entry = (len(whole) - 53) // 7
    spoiled.write_bytes(whole[: 53 + entry] + bytes(4) + whole[53 + entry + 4 :])
    page = open_form(browser, room)
    for path, kind, said in (
        (pdf, "unsealed", "Nothing of it was kept."),
        (spoiled, "epoch", "the server says it has stored now: 1."),
        (cut, "other", "did not store twice: 1."),
    ):
        send(page, path)
        assert answer(page) == kind
        assert said in words(page)
        page.goto(room.url)
    page.context.close()


def test_with_no_file_chosen_nothing_is_sent(browser: Started, room: Newsroom) -> None:
    page = open_form(browser, room)
    page.focus("form button")
    page.keyboard.press("Enter")
    time.sleep(0.5)
    assert page.url == f"{room.url}/"
    assert page.locator("#answer").count() == 0
    page.context.close()


@pytest.mark.tool("strace")
def test_an_unsealed_file_is_hardly_read_and_leaves_no_byte(browser: Started, unserved: Newsroom, tmp_path: Path) -> None:
    room, trace, needle = unserved, tmp_path / "trace", CONTENTS.encode()
    evidence = tmp_path / f"{NAME}.pdf"
    evidence.write_bytes(b"%PDF-1.7\n" + (needle + b" ") * (100 * 2**20 // (len(needle) + 1)))
    with running(room, before=[*looking.TRACER, trace]) as server:
        page = open_form(browser, room)
        send(page, evidence)
        if browser.kind.firefox:
            time.sleep(3)
        else:
            assert answer(page) == "unsealed"
        # The name of a file and its first bytes are seen, and not written.
        page.context.close()
        server.stop()
    evidence.unlink()
    needles = looking.spellings([NAME, CONTENTS])
    assert looking.in_folder(room.path / "server", needles) == []
    escaped = {one: "".join(f"\\x{byte:02x}" for byte in one.encode()).encode() for one in (NAME, CONTENTS)}
    seen = [line for line in trace.read_bytes().splitlines() if any(one in line for one in escaped.values())]
    assert seen, "the trace did not see the form come"
    moved = [line for line in seen if not READS.search(line[:60])]
    assert moved == []
    assert sum(line.count(escaped[CONTENTS]) for line in seen) * len(needle) < 2**18


@pytest.mark.parametrize("language", SPOKEN, ids=lambda one: one.code)
def test_form_and_answers_pass_axe_in_both_schemes_and_fit_a_phone(
    browser: Started, room: Newsroom, tmp_path: Path, language: Language
) -> None:
    """axe needs scripts: the page is shown as it is without them, with its own script taken out."""

    def bare(route: Route) -> None:
        got = route.fetch()
        text = re.sub(r"</?noscript>|<script.*?</script>", "", got.text())
        route.fulfill(response=got, body=text)

    seal(room, tmp_path / "1.boxes", "-m", "x")
    (tmp_path / "evidence.pdf").write_bytes(b"%PDF-1.7\n" + bytes(9000))
    viewport = {"width": 320, "height": 640}
    page = browser.new_context(viewport=viewport, color_scheme="light", reduced_motion="reduce").new_page()
    address = f"{room.url}{language.address}"
    page.route(address, bare)
    for file, kind in ((None, None), ("1.boxes", "stored"), ("evidence.pdf", "unsealed")):
        page.goto(address)
        if file:
            send(page, tmp_path / file)
            assert answer(page) == kind
        assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == [language.tag, language.dir]
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert violations(page) == []
        assert complaints(page) == []
        page.evaluate(SCHEME, True)
        assert violations(page, CONTRAST) == []
    page.context.close()
