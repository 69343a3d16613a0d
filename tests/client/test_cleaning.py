"""`source send --clean`: copies cleaned by mat2 in memory, and a refusal, before anything is sent, where that cannot be."""

import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from knothole_client.source import cleaning
from knothole_client.source.cleaning import cleaned
from knothole_keys.errors import Refused
from knothole_keys.root import fingerprint
from tests.client.opened import open_all
from tests.client.served import Served
from tests.client.test_commands import run, send_arguments, token_file
from tests.support.drop import Drop

SPY = """#!/bin/sh
echo "$@" "$(pwd)" "$TMPDIR" > {log}
exec {mat2} "$@"
"""


def photo(path: Path) -> Path:
    source = ["-f", "lavfi", "-i", "testsrc=size=64x48", "-frames:v", "1"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *source, path], check=True)
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-Artist=Jo Canary", path], check=True)
    return path


def odt(path: Path, content: str) -> Path:
    name = "urn:oasis:names:tc:opendocument:xmlns:"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{name}manifest:1.0"/>')
        spaces = f'xmlns:office="{name}office:1.0" xmlns:text="{name}text:1.0"'
        archive.writestr("content.xml", f"<office:document-content {spaces}>{content}</office:document-content>")
    return path


def left_in_memory() -> list[Path]:
    """The folders that stay. Another test's, at work beside this one, are gone in a moment."""
    left, end = set(cleaning.MEMORY.glob("knothole-clean-*")), time.monotonic() + 20
    while left and time.monotonic() < end:
        time.sleep(0.05)
        left = {path for path in left if path.exists()}
    return sorted(left)


@pytest.mark.tool("mat2", "exiftool", "ffmpeg")
def test_what_arrives_is_clean_and_the_original_is_as_it_was(served: Served, drop: Drop, tmp_path: Path):
    path = photo(tmp_path / "Jo's photo.jpg")
    before = path.read_bytes()
    assert b"Jo Canary" in before
    done = run(*send_arguments(served, drop, "--clean", "-m", "clean one", path))
    assert done.returncode == 0, done.stderr
    assert f"{path}: a cleaned copy is sent, {len(before)} bytes before and " in done.stderr
    run("courier", "fetch", served.url, "--token-file", token_file(served, tmp_path), "--out", tmp_path / "out")
    found = open_all(tmp_path / "out", drop)
    (letter,) = [letter for letter in found.letters if letter.message == "clean one"]
    arrived = found.file("Jo's photo.jpg", letter)
    assert arrived.startswith(b"\xff\xd8")
    assert b"Jo Canary" not in arrived
    assert path.read_bytes() == before
    assert left_in_memory() == []


@pytest.mark.tool("mat2", "exiftool", "ffmpeg")
def test_no_name_is_on_a_command_line_and_nothing_is_unpacked_on_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = photo(tmp_path / "telling name.png")
    spy = tmp_path / "bin" / "mat2"
    spy.parent.mkdir()
    spy.write_text(SPY.format(log=tmp_path / "log", mat2=shutil.which("mat2")))
    spy.chmod(0o700)
    monkeypatch.setenv("PATH", str(spy.parent), prepend=":")
    with cleaned([path], lambda _: None) as (copy,):
        assert copy.name == "telling name.png"
        assert copy.parents[1].stat().st_mode & 0o777 == 0o700
        *_, target, folder, temporary = (tmp_path / "log").read_text().split()
        assert "telling" not in target
        assert all(one.startswith(f"{cleaning.MEMORY}/knothole-clean-") for one in (target, folder, temporary))
    assert left_in_memory() == []


@pytest.mark.tool("mat2")
@pytest.mark.parametrize(
    ("name", "contents", "said"),
    [
        ("clip.mov", b"moov", "mat2 does not know this kind of file"),
        ("noise", b"\x00\x01", "mat2 does not know this kind of file"),
        ("broken.docx", b"PK\x03\x04", "mat2 could not read it"),
    ],
)
def test_what_cannot_be_cleaned_is_refused_before_anything_is_asked(
    drop: Drop, tmp_path: Path, name: str, contents: bytes, said: str
):
    path = tmp_path / name
    path.write_bytes(contents)
    # Nobody listens there: whoever asked first would be told that the server does not answer.
    done = run("source", "send", "http://127.0.0.1:9", "--root", fingerprint(drop.drop_id), "--clean", path)
    assert done.returncode == 1
    assert said in done.stderr
    with pytest.raises(Refused, match=said), cleaned([path], lambda _: None):
        pass
    assert left_in_memory() == []
    assert path.read_bytes() == contents


@pytest.mark.tool("mat2")
def test_comments_that_mat2_leaves_in_a_text_are_refused(tmp_path: Path):
    told: list[str] = []
    with cleaned([odt(tmp_path / "plain.odt", "<office:body/>")], told.append):
        assert len(told) == 1
    remark = odt(tmp_path / "remark.odt", "<office:annotation>Jo</office:annotation>")
    with pytest.raises(Refused, match="delete them"), cleaned([remark], told.append):
        pass


def test_without_mat2_or_without_memory_nothing_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="mat2 is needed"), cleaned([path], lambda _: None):
        pass
    (tmp_path / "mat2").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "mat2").chmod(0o700)
    monkeypatch.setattr(cleaning, "MEMORY", tmp_path)
    with pytest.raises(Refused, match="would touch the disk"), cleaned([path], lambda _: None):
        pass
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.png", "mat2"]
