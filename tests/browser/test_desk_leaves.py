"""What a day at the review desk leaves on the desk's disk: nothing of what was sent, searched for, noted or answered.

`knothole desk serve` runs as a person starts it; letters are read, searched, looked into, noted and answered in browsers that
are private, as the desk's own is, but whose profile lies on a disk here. Then the desk is locked, everything is closed, and
all that vault, scratch folder and profile hold is searched, packed files unpacked.
"""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.test_trace_left import folder, found  # noqa: F401 - a fixture
from tests.desk.conftest import PASSPHRASE, Desk, desk, drop  # noqa: F401 - fixtures
from tests.support.drop import Drop, seal_submission, write_out
from tests.support.profiles import WAYS, browsed
from tests.support.running import KNOTHOLE

MESSAGE, NAME, CONTENTS, NOTE, ANSWER = (
    f"{bird}{os.urandom(6).hex()}" for bird in ("Wiedehopf", "Bienenfresser", "Pirol", "Eisvogel", "Wendehals")
)
PRIVATE = [pytest.param(name, marks=pytest.mark.tool(way.program)) for name, way in WAYS.items() if way.private]

pytestmark = [pytest.mark.whole, pytest.mark.tool("bwrap")]


@pytest.mark.parametrize("way", PRIVATE)
def test_a_day_leaves_no_word_of_it(
    way: str,
    desk: Desk,  # noqa: F811
    drop: Drop,  # noqa: F811
    tmp_path: Path,
    folder: Path,  # noqa: F811
) -> None:
    sent = seal_submission(drop, f"the word is {MESSAGE}", {f"{NAME}.txt": f"it says {CONTENTS}\n".encode()})
    desk.take_in(write_out(tmp_path / "out", drop, sent.boxes))
    (folder / "scratch").mkdir()
    (tmp_path / "passphrase").write_bytes(PASSPHRASE.passphrase)
    environment = {
        **os.environ,
        "KNOTHOLE_PASSPHRASE_FILE": str(tmp_path / "passphrase"),
        "TMPDIR": str(folder / "scratch"),
        "HOME": str(folder / "scratch"),
    }
    command = [KNOTHOLE, "desk", "serve", desk.path, "--no-open"]
    serving = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert serving.stdout
        link = serving.stdout.readline().split()[-1]
        shown = browsed(way, folder / "browser", lambda context: a_day(context, link, sent.id.hex()))
    finally:
        serving.send_signal(signal.SIGINT)
        serving.communicate(timeout=100)
    # All of it was there to be left.
    assert all(word in shown for word in (MESSAGE, NAME, CONTENTS, NOTE, ANSWER))
    assert found(folder, [MESSAGE, NAME, CONTENTS, NOTE, ANSWER]) == []
    assert found(desk.path, [MESSAGE, NAME, CONTENTS, NOTE, ANSWER]) == []


def a_day(context: BrowserContext, link: str, letter: str) -> str:
    """Everything that a journalist does with a letter; returns what the pages showed."""
    page = context.pages[0]
    page.goto(link)
    shown, home = page.content(), page.url.rstrip("/")
    page.goto(f"{home}/letters/{letter}/files/1")
    page.locator("button", has_text="Look into the file").click()
    page.wait_for_selector("#dangers", timeout=120_000)
    shown += page.content()
    page.goto(f"{home}/letters/{letter}")
    shown += page.content()
    page.click("#note")
    # Typed, as spelling checkers and form histories see it.
    page.keyboard.type(f"note {NOTE}")
    page.locator("button", has_text="Add the note").click()
    page.get_by_text(f"note {NOTE}").first.wait_for()
    page.click("#text")
    page.keyboard.type(f"answer {ANSWER}")
    page.locator("button", has_text="Queue the answer").click()
    page.get_by_text(f"answer {ANSWER}").first.wait_for()
    shown += page.content()
    for word in (MESSAGE, CONTENTS):
        page.fill("#query", "")
        page.click("#query")
        page.keyboard.type(word)
        page.keyboard.press("Enter")
        page.locator("mark", has_text=word).first.wait_for()
        shown += page.content()
    page.locator("button[accesskey=l]").click()
    page.wait_for_selector("#passphrase")
    return shown
