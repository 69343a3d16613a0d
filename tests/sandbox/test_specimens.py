"""Real documents, made by the real tools, through the walls: pixels, text, metadata, cleaned copies."""

# ruff: noqa: E501  (tables)

import io
import os
import shutil
import struct
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from knothole_client import sandbox
from knothole_client.sandbox import Limits
from tests.sandbox.hostile import png_of, tarred, zipped
from tests.support import specimens

pytestmark = pytest.mark.tool("bwrap", "ffmpeg")

TEXTS = {
    "chinese": ("机密文件", "gb18030"), "japanese": ("これは秘密の文書です", "shift_jis"), "russian": ("Это секретный документ", "windows-1251"),
    "german": ("Müller überwies", "windows-1252"), "wide": ("wide letters", "utf-16"), "arabic": ("هذا تقرير سري", "utf-8"),
}  # fmt: skip


class Counting(io.BufferedReader):
    """A file that counts what is read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def preview(path: Path, **more: int) -> list[Image.Image]:
    with path.open("rb") as file:
        outcome = sandbox.run("preview", file, path.name, **more)
    assert outcome.end == "done", outcome
    return [Image.open(io.BytesIO(one)) for one in outcome.pictures]


def ink(image: Image.Image) -> tuple[int, int, int, int]:
    box = image.convert("L").point(lambda value: 255 if value < 128 else 0).getbbox()
    assert box
    return box


def of_text(text: str) -> Image.Image:
    outcome = sandbox.run("preview", io.BytesIO(text.encode()), "a.txt")
    assert outcome.end == "done", outcome
    return Image.open(io.BytesIO(outcome.pictures[0]))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("specimens")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def pictures(made: Path) -> dict[str, Path]:
    return specimens.pictures(made)


@pytest.mark.tool("exiftool", "heif-enc", "heif-convert")
def test_pictures_are_shown_as_they_were_held(pictures: dict[str, Path]) -> None:
    for kind, path in pictures.items():
        (shown,) = preview(path)
        assert shown.size in ((240, 320), (320, 240)), kind
    # The Exif of the JPEG says that it was turned.
    assert preview(pictures["jpg"])[0].size == (240, 320)


def test_a_large_picture_is_made_smaller_and_an_enormous_one_is_not_opened(made: Path) -> None:
    Image.new("RGB", (2500, 1000), "red").save(made / "large.png")
    (shown,) = preview(made / "large.png")
    assert shown.size == (1600, 640)
    assert shown.getpixel((800, 320)) == (255, 0, 0)
    outcome = sandbox.run("preview", io.BytesIO(png_of(60_000, 60_000)), "bomb.png")
    assert (outcome.end, outcome.why, outcome.pictures) == ("failed", "too_large", ())


def test_chinese_and_arabic_look_as_they_should() -> None:
    """Each Chinese character is another picture, none an empty box; Arabic letters are joined, and begin at the right."""
    assert len({of_text(one).tobytes() for one in "你好世界界"}) == 4
    # A character that no font has is a box with its number.
    assert of_text("你").crop((24, 20, 60, 60)).tobytes() != of_text("\U0003ffff").crop((24, 20, 60, 60)).tobytes()
    joined, apart = ink(of_text("مرحبا")), ink(of_text("\u200c".join("مرحبا")))
    assert joined[2] - joined[0] < apart[2] - apart[0]
    assert joined[0] > 500
    assert ink(of_text("hello"))[0] < 100
    mixed = ink(of_text("تقرير 123 Acme"))
    assert mixed[2] > 900


def test_text_is_cut_into_pages_and_what_commands_a_terminal_is_shown() -> None:
    long = "\n".join(f"line {one}" for one in range(150)).encode()
    outcome = sandbox.run("preview", io.BytesIO(long), "a.txt", first=2, last=3)
    assert (outcome.end, outcome.pages, len(outcome.pictures)) == ("done", 3, 2)
    assert sandbox.run("preview", io.BytesIO(long), "a.txt", first=4).why == "no_page"
    assert of_text("a\x1bb").tobytes() != of_text("ab").tobytes()
    assert of_text("a\u202eb").tobytes() != of_text("ab").tobytes()


@pytest.mark.parametrize("which", TEXTS)
def test_text_of_any_encoding_is_read(which: str) -> None:
    text, encoding = TEXTS[which]
    outcome = sandbox.run("text", io.BytesIO((text * 3).encode(encoding)), "a.txt")
    assert outcome.text == text * 3


def test_text_is_cut_at_its_limit() -> None:
    outcome = sandbox.run("text", io.BytesIO("ü".encode() * 2_200_000), "a.txt")
    assert outcome.cut
    assert 0 < len(outcome.text.encode()) <= 4 << 20


def test_of_a_web_page_its_words_are_read_and_nothing_runs() -> None:
    page = b"<html><style>x</style><script>alert(1)</script><p>Minutes &amp; more</p></html>"
    assert sandbox.run("text", io.BytesIO(page), "a.html").text.strip() == "Minutes & more"
    assert len(preview_of(page, "a.html").pictures) == 1


def preview_of(data: bytes, name: str) -> sandbox.Outcome:
    return sandbox.run("preview", io.BytesIO(data), name)


def test_archives_are_listed_and_never_unpacked() -> None:
    outcome = preview_of(zipped(("a/机密.txt", b"x" * 9), ("b\x1b.txt", b"")), "a.zip")
    assert [(one.name, one.size) for one in outcome.listing] == [("a/机密.txt", 9), ("b�.txt", 0)]
    assert [one.name for one in preview_of(tarred("x/y"), "a.tar").listing] == ["x/y"]
    assert preview_of(b"7z\xbc\xaf\x27\x1c" + bytes(26), "a.7z").end == "failed"
    assert preview_of(b"Rar!\x1a\x07\x01\0" + bytes(26), "a.rar").why == "unknown"


@pytest.mark.tool("pdftoppm")
def test_pages_of_a_pdf_are_shown_and_read(made: Path) -> None:
    pages = [Image.new("RGB", (100, 200), colour) for colour in ("red", "lime", "blue")]
    pages[0].save(made / "three.pdf", save_all=True, append_images=pages[1:])
    shown = preview(made / "three.pdf", first=2)
    assert [one.size for one in shown] == [(600, 1200)] * 2
    assert shown[1].getpixel((300, 600))[2] > 200  # type: ignore[index]
    assert sandbox.run("preview", (made / "three.pdf").open("rb"), "three.pdf", first=4).why == "no_page"
    assert preview_of(b"%PDF-1.7\nnothing", "a.pdf").why == "broken"


def test_sound_is_a_waveform(made: Path) -> None:
    with wave.open(str(made / "half.wav"), "wb") as sound:
        sound.setnchannels(1), sound.setsampwidth(2), sound.setframerate(8000)
        sound.writeframes(bytes(16_000) + struct.pack("<h", 20_000) * 8000)
    (shown,) = preview(made / "half.wav")
    silent, loud = shown.crop((0, 0, 500, 240)), shown.crop((700, 0, 1200, 240))
    assert len(silent.getcolors() or ()) == 2
    assert silent.histogram()[40] * 20 < loud.histogram()[40]


def film(path: Path, *options: str, seconds: int = 16) -> Path:
    source = f"color=red:size=160x120:rate=5:d={seconds / 2},format=yuv420p[a];color=blue:size=160x120:rate=5:d={seconds / 2},format=yuv420p[b];[a][b]concat"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-filter_complex", source, "-c:v", "libx264", "-g", "5", *options, path], check=True
    )
    return path


def test_a_film_of_gigabytes_with_its_index_at_the_end_is_shown_without_being_read(made: Path) -> None:
    path = film(made / "film.mp4")
    data = path.read_bytes()
    index = data.index(b"moov") - 4
    gap = 3 << 30
    with path.open("wb") as file:
        file.write(data[:index] + struct.pack(">I4sQ", 1, b"free", gap))
        file.seek(gap - 16, os.SEEK_CUR)
        file.write(data[index:])
    for program in ("preview", "metadata"):
        with Counting(path.open("rb", buffering=0)) as source:
            outcome = sandbox.run(program, source, "film.mp4")
        assert outcome.end == "done", (program, outcome)
        assert source.taken < 64 << 20
        if program == "preview":
            sheet = Image.open(io.BytesIO(outcome.pictures[0]))
            # Sixteen pictures; the first is red, the last blue.
            assert sheet.width > 1000
            red, blue = sheet.getpixel((60, 60)), sheet.getpixel((sheet.width - 60, sheet.height - 100))
            assert red[0] > 200 > 100 > red[2]  # type: ignore[index]
            assert blue[2] > 200 > 100 > blue[0]  # type: ignore[index]
        else:
            assert ("QuickTime:MajorBrand" in dict(outcome.metadata)) or outcome.metadata


def test_films_that_are_broken_at_any_place_end_in_a_clear_word(made: Path) -> None:
    data = film(made / "small.mp4", seconds=2).read_bytes()
    for number in range(12):
        broken = bytearray(data)
        for at in range(number * 7, len(broken), 97 + 13 * number):
            broken[at] ^= 0xA5 >> number % 8
        outcome = preview_of(bytes(broken), "small.mp4")
        assert outcome.end in ("done", "failed", "timed_out", "too_much_memory")
        assert preview_of(data[: len(data) * number // 12], "small.mp4").end in ("done", "failed")


@pytest.mark.tool("exiftool", "heif-enc", "mat2")
def test_a_picture_tells_and_its_cleaned_copy_does_not(pictures: dict[str, Path]) -> None:
    for kind in ("jpg", "heic"):
        data = pictures[kind].read_bytes()
        told = sandbox.run("metadata", io.BytesIO(data), f"photo.{kind}").metadata
        assert {specimens.SERIAL, specimens.OWNER} <= {value for _, value in told}
        assert not [name for name, _ in told if name in ("SourceFile", "System:Directory", "System:FileInodeChangeDate")]
        cleaned = io.BytesIO()
        outcome = sandbox.run("clean", io.BytesIO(data), f"photo.{kind}", sink=cleaned)
        assert (outcome.end, outcome.written) == ("done", len(cleaned.getvalue()))
        left = sandbox.run("metadata", cleaned, f"photo.{kind}").metadata
        assert not {specimens.SERIAL, specimens.OWNER, specimens.AUTHOR} & {value for _, value in left}


@pytest.mark.tool("mat2")
def test_what_cannot_be_cleaned_is_said_and_nothing_is_written() -> None:
    for data, name in ((b"MZ" + bytes(100), "a.exe"), (b"hello", "a.xyz"), (b"\xff\xd8\xff", "a.jpg"), (b"x", "../../a.p n g")):
        cleaned = io.BytesIO()
        outcome = sandbox.run("clean", io.BytesIO(data), name, sink=cleaned)
        assert (outcome.end, outcome.why, cleaned.getvalue()) == ("failed", "not_cleaned", b"")


def test_what_is_too_large_is_said() -> None:
    large = io.BytesIO(b"%PDF-1.7" + bytes(3 << 20))
    assert sandbox.run("preview", large, "a.pdf", Limits(room=4 << 20)).why == "too_large"
    assert sandbox.run("clean", large, "a.pdf", Limits(room=4 << 20), sink=io.BytesIO()).why == "too_large"


@pytest.mark.whole
@pytest.mark.tool("soffice", "pdftoppm", "mat2")
def test_office_documents_are_shown_read_and_cleaned(made: Path) -> None:
    for kind, path in specimens.documents(made).items():
        assert preview(path), kind
        with path.open("rb") as file:
            text = sandbox.run("text", file, path.name).text
            told = sandbox.run("metadata", file, path.name).metadata
            cleaned = io.BytesIO()
            outcome = sandbox.run("clean", file, path.name, sink=cleaned)
        assert {
            "odt": "Minutes",
            "docx": "Minutes",
            "pdf": "Minutes",
            "ods": "42",
            "xlsx": "42",
            "odp": "Plan",
            "pptx": "Plan",
        }[kind] in text
        assert any(specimens.AUTHOR in value for _, value in told), kind
        assert outcome.end == "done", kind
        assert specimens.AUTHOR.encode() not in cleaned.getvalue()
