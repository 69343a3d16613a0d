"""What real files tell besides what they show: said in the page, and gone from a cleaned copy that came through the drop."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_accessibility import violations
from tests.support import specimens
from tests.support.browsers import Started, confirm_codename, until
from tests.support.newsroom import Newsroom
from tests.support.specimens import AUTHOR, EDITOR, OWNER, PLACE, SERIAL

pytestmark = [pytest.mark.tool("ffmpeg", "exiftool")]

# What a picture may say after cleaning: what it is, how it is to be turned, how its colours are meant.
LEFT = {"ExifTool", "System", "File", "Composite", "JFIF", "ICC_Profile", "Adobe", "PNG", "PNG-pHYs"}


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return specimens.pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = specimens.documents(tmp_path_factory.mktemp("documents"))
    specimens.attach(made["pdf"], "original.odt")
    return made


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return specimens.films(tmp_path_factory.mktemp("films"))


@pytest.fixture
def page(browser: Started, room: Newsroom) -> Iterator[Page]:
    page = browser.composing(room.url)
    yield page
    page.context.close()


def told(page: Page, path: Path) -> Locator:
    """Choose a file and wait until it was looked into; what its row says of it, everything unfolded."""
    page.set_input_files("#files", path)
    row = page.locator(".files li").last.locator(".traces")
    expect(row).not_to_have_attribute("data-traces", "waiting", timeout=30_000)
    for details in row.locator("details").all():
        details.evaluate("part => part.open = true")
    return row


def says(row: Locator, *pairs: tuple[str, str]) -> None:
    rows = row.locator("dl > div")
    found = dict(zip(rows.locator("dt").all_inner_texts(), rows.locator("dd").all_inner_texts(), strict=True))
    for label, value in pairs:
        assert value in found.get(label, "nothing"), found


@pytest.mark.tool("heif-enc")
@pytest.mark.parametrize("kind", ["jpg", "png", "tiff", "heic"])
def test_a_pictures_place_serial_number_and_people_are_named(page: Page, pictures: dict[str, Path], kind: str) -> None:
    row = told(page, pictures[kind])
    says(row, ("Where it was taken", PLACE), ("Serial number", SERIAL), ("Owner", OWNER), ("Author", AUTHOR))
    says(row, ("Device", "Canon EOS R5"), ("Taken", "2026-03-14 15:09:26"))
    if kind == "jpg":
        says(row, ("A small preview picture", "cut away"), ("Written into it", "by hand"), ("Where it was taken", "Paris"))


@pytest.mark.whole
@pytest.mark.tool("soffice", "pdfattach")
def test_a_documents_people_changes_comments_and_attachments_are_named(page: Page, documents: dict[str, Path]) -> None:
    for kind in ("docx", "xlsx", "pptx", "odt", "ods", "odp"):
        row = told(page, documents[kind])
        says(row, ("Author", AUTHOR), ("Saved by", EDITOR), ("Made with", "LibreOffice"), ("Created", "2026-03-14 15:09:26"))
        if kind in ("docx", "odt"):
            says(row, ("Tracked changes", f"2 ({EDITOR})"), ("Comments", f"1 ({AUTHOR})"))
    row = told(page, documents["pdf"])
    says(row, ("Author", AUTHOR), ("Made with", "LibreOffice"), ("Attached files", "original.odt"))


@pytest.mark.parametrize("kind", ["mp4", "mov"])
def test_a_films_place_time_and_author_are_named(page: Page, films: dict[str, Path], kind: str) -> None:
    row = told(page, films[kind])
    says(row, ("Where it was taken", PLACE), ("Created", "2026-03-14 15:09:26 UTC"), ("Author", AUTHOR))
    if kind == "mov":
        says(row, ("Device", "iPhone 15"))


def groups(path: Path) -> set[str]:
    """The groups of what exiftool finds, the one tag that says how to turn a picture left out."""
    shown = subprocess.run(["exiftool", "-j", "-a", "-G1", "-u", path], check=True, capture_output=True, text=True).stdout
    tags = json.loads(shown)[0]
    tags.pop("SourceFile")
    return {name.split(":")[0] for name in tags if name not in ("IFD0:Orientation", "File:ExifByteOrder")}


def pixels(path: Path) -> bytes:
    command = ["ffmpeg", "-v", "error", "-noautorotate", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    return subprocess.run([str(part) for part in command], check=True, capture_output=True).stdout


def orientation(path: Path) -> str:
    command = ["exiftool", "-s3", "-n", "-Orientation", path]
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.tool("heif-enc")
def test_cleaned_copies_come_out_of_the_drop_clean_and_with_the_same_pixels(
    browser: Started, room: Newsroom, pictures: dict[str, Path], tmp_path: Path
) -> None:
    page = browser.composing(room.url)
    for kind in ("jpg", "png", "tiff"):
        told(page, pictures[kind])
    # The original is what goes unless somebody chooses otherwise.
    assert [radio.is_checked() for radio in page.locator(".copies input").all()] == [True, False, True, False]
    page.locator("#clean-all").check()
    assert [radio.is_checked() for radio in page.locator(".copies input").all()] == [False, True, False, True]
    page.fill("#message", "two cleaned, one not")
    page.click("#send")
    expect(page.locator("#what")).to_contain_text("2 pictures go as cleaned copies. 1 file goes as it is and tells more")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()
    room.fetch()
    room("desk", "import", room.vault("Dana"), room.out)
    (submission,) = room.submissions("Dana")
    room("desk", "export", room.vault("Dana"), submission["id"], "--out", tmp_path / "exported")
    files = {path.suffix[1:]: path for path in (tmp_path / "exported" / "files").iterdir()}
    for kind in ("jpg", "png"):
        assert groups(pictures[kind]) - LEFT
        assert groups(files[kind]) - LEFT == set()
        assert pixels(files[kind]) == pixels(pictures[kind]) != b""
        assert orientation(files[kind]) == "6"
    assert files["tiff"].read_bytes() == pictures["tiff"].read_bytes()


def test_whoever_chooses_the_original_again_sends_the_original(
    browser: Started, room: Newsroom, pictures: dict[str, Path], tmp_path: Path
) -> None:
    page = browser.composing(room.url)
    row = told(page, pictures["jpg"])
    size = page.locator(".files .size").first
    before = size.inner_text()
    row.get_by_label("A cleaned copy").check()
    assert size.inner_text() != before
    row.get_by_label("The original").check()
    assert size.inner_text() == before
    # Going on and back keeps what was found and chosen.
    row.get_by_label("A cleaned copy").check()
    page.click("#send")
    page.click("#back")
    row = page.locator(".files li .traces")
    expect(row.get_by_label("A cleaned copy")).to_be_checked()
    row.get_by_label("The original").check()
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()
    room.fetch()
    room("desk", "import", room.vault("Dana"), room.out)
    (submission,) = room.submissions("Dana")
    room("desk", "export", room.vault("Dana"), submission["id"], "--out", tmp_path / "exported")
    assert (tmp_path / "exported" / "files" / "photo.jpg").read_bytes() == pictures["jpg"].read_bytes()


def test_nothing_is_asked_of_the_server_when_files_are_chosen(page: Page, pictures: dict[str, Path]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    told(page, pictures["jpg"]).get_by_label("A cleaned copy").check()
    page.wait_for_timeout(300)
    assert asked == []


def test_what_cannot_be_looked_into_is_not_called_clean(page: Page, pictures: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "cut.jpg").write_bytes(pictures["jpg"].read_bytes()[:9000])
    (tmp_path / "locked.docx").write_bytes(b"PK\x03\x04" + bytes(400))
    (tmp_path / "noise.bin").write_bytes(bytes(range(1, 250)))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\xff" * 40)
    told(page, tmp_path / "cut.jpg")
    for name in ("locked.docx", "noise.bin", "broken.png"):
        expect(told(page, tmp_path / name)).not_to_contain_text("No hidden traces found")
    assert page.locator("[data-traces=none]").count() == 0
    assert page.locator(".copies").count() == 0


# A worker that never answers, as one would that a file has caught.
STUCK = """
const Real = Worker;
window.Worker = function (address) {
  const port = new Real(address);
  if (String(address).includes("examiner")) port.postMessage = () => {};
  return port;
};
const wait = window.setTimeout;
window.setTimeout = (action, after, ...rest) => wait(action, after === 30000 ? 200 : after, ...rest);
"""


def test_a_file_that_holds_the_examiner_up_holds_nothing_else_up(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url, "still goes", before=STUCK)
    files = [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": bytes([n])} for n in range(3)]
    page.set_input_files("#files", files)  # type: ignore[arg-type]
    until(page, "document.querySelectorAll('[data-traces=unseen]').length === 3")
    page.click("#send")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()


def test_the_choice_is_made_and_heard_by_keyboard(page: Page, pictures: dict[str, Path]) -> None:
    row = told(page, pictures["jpg"])
    expect(page.locator("#live")).to_have_text("1 file tells more than it shows; see the list.")
    row.get_by_label("The original").focus()
    page.keyboard.press("ArrowDown")
    expect(row.get_by_label("A cleaned copy")).to_be_checked()
    expect(page.locator("#live")).to_have_text("A cleaned copy of photo.jpg will be sent.")
    expect(row.locator("fieldset")).to_have_accessible_name("Which one do you want to send? (photo.jpg)")


@pytest.mark.whole
def test_what_is_said_of_files_is_readable_for_everybody(browser: Started, room: Newsroom, pictures: dict[str, Path]) -> None:
    for options in ({"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}):
        context = browser.new_context(viewport={"width": 320, "height": 640}, reduced_motion="reduce", **options)
        page = context.new_page()
        page.goto(room.url)
        page.wait_for_selector("main[data-state=compose]")
        for kind in ("jpg", "tiff", "png"):
            row = told(page, pictures[kind])
        row.get_by_label("A cleaned copy").check()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert violations(page) == []
        page.evaluate("document.documentElement.dir = 'rtl'")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        context.close()
