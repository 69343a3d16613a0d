"""Working copies and the exposure check: what is passed on is another file than what came, and says less about who sent it."""

import base64
import subprocess
import tempfile
import zipfile
from pathlib import Path

import pytest

from tests.desk.conftest import snapshot
from tests.desk.test_commands import Command, desk, drop  # noqa: F401 - fixtures
from tests.support import looking
from tests.support.drop import Drop, seal_submission, write_out

CANARY, OWNER = "Zwetschgenknoedel", "Renate Beispiel"
# A red square; what it says of its owner is put in by exiftool.
_PICTURE = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6"
    "T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAAIAAgDASIAAhEBAxEB"
    "/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAABAX/xAAUEQEAAAAAAAAAAAAAAAAAAA"
    "AA/9oADAMBAAIRAxEAPwCEAdYf/9k="
)


@pytest.fixture
def photo(tmp_path: Path) -> bytes:
    path = tmp_path / "photo.jpg"
    path.write_bytes(_PICTURE)
    told = (f"-Artist={OWNER}", "-SerialNumber=SN-4071-8832", f"-Comment={CANARY}", "-GPSLatitude=48.8583", "-GPSLatitudeRef=N")
    subprocess.run(["exiftool", "-q", "-overwrite_original", *told, path], check=True)
    data = path.read_bytes()
    path.unlink()
    return data


# Through the commands.


@pytest.fixture
def scene(desk: Command, drop: Drop, tmp_path: Path, photo: bytes) -> tuple[Command, str]:  # noqa: F811
    sent = seal_submission(drop, "look", {f"Visit of {OWNER}.jpg": photo, "plain.txt": b"nothing else"})
    desk("import", desk.vault, write_out(tmp_path / "out", drop, sent.boxes))
    return desk, sent.id.hex()


@pytest.mark.tool("bwrap")
@pytest.mark.tool("mat2")
@pytest.mark.tool("exiftool")
def test_a_copy_says_less_than_the_original_which_stays_as_it_came(
    scene: tuple[Command, str], tmp_path: Path, photo: bytes
) -> None:
    command, sent = scene
    before = snapshot(Path(command.vault) / "boxes")
    told = command.json("exposure", command.vault, sent[:8], "1")
    kinds = {one["kind"]: one["fields"] for one in told["findings"]}
    assert {"place", "person", "device", "words", "name"} <= set(kinds)
    assert ["IFD0:Artist", OWNER] in kinds["person"]
    assert kinds["name"] == [["", "beispiel"], ["", "renate"]]
    assert "blue light" in " ".join(told["cautions"])
    made = command.json("copy", command.vault, sent[:8], f"Visit of {OWNER}.jpg")
    assert made["exposure"]["findings"] == []
    copy = made["copy"]
    # The name that the source chose does not go along.
    assert copy["name"] == f"copy-{copy['id'][:8]}.jpg"
    assert "key" not in copy
    assert command.json("copies", command.vault, sent[:8])["copies"] == [copy]
    exported = command.json("export", command.vault, "--copy", copy["id"][:8], "--out", tmp_path / "ex")
    written = (tmp_path / "ex" / copy["name"]).read_bytes()
    assert exported["written"][0]["size"] == len(written)
    assert looking.found_in(written, looking.spellings([OWNER, CANARY, "SN-4071-8832"])) == []
    assert written.startswith(b"\xff\xd8")
    command("export", command.vault, sent[:8], "--out", tmp_path / "originals")
    assert "`knothole desk exposure`" in command.error
    assert (tmp_path / "originals" / "files" / f"Visit of {OWNER}.jpg").read_bytes() == photo
    assert snapshot(Path(command.vault) / "boxes") == before
    acts = [(one["what"], one["detail"]) for one in command.json("log", command.vault, "--about", sent)["entries"]]
    assert ("copied", f"cleaned with mat2, copy {copy['id'][:10]}") in acts
    assert ("exported", f"copy {copy['id'][:10]}, 0 findings") in acts
    command("copies", command.vault, "--remove", copy["id"][:8])
    assert command.json("copies", command.vault)["copies"] == []
    assert list((Path(command.vault) / "copies").iterdir()) == []


@pytest.mark.tool("bwrap")
@pytest.mark.tool("mat2")
@pytest.mark.tool("exiftool")
def test_a_copy_that_names_somebody_is_exported_only_anyway(
    desk: Command,  # noqa: F811
    drop: Drop,  # noqa: F811
    tmp_path: Path,
) -> None:
    command = desk
    # mat2 leaves the authors of comments in an OpenDocument text.
    packed = tmp_path / "minutes.odt"
    namespaces = " ".join(
        f'xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"' for one in ("office", "text", "meta")
    )
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        made.writestr("content.xml", f'<office:document-content {namespaces} xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<office:body><office:text><text:p>Hi<office:annotation><dc:creator>{OWNER}</dc:creator><text:p>{CANARY}</text:p>"
            "</office:annotation></text:p></office:text></office:body></office:document-content>")  # fmt: skip
        made.writestr("META-INF/manifest.xml", '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:'
            'manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.'
            'text"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
            '</manifest:manifest>')  # fmt: skip
    sent = seal_submission(drop, "minutes", {"minutes.odt": packed.read_bytes()})
    command("import", command.vault, write_out(tmp_path / "out", drop, sent.boxes))
    made = command.json("copy", command.vault, sent.id.hex(), "minutes.odt", "--name", "minutes.odt")
    assert [one["kind"] for one in made["exposure"]["findings"]] == ["history"]
    arguments = ["export", command.vault, "--copy", made["copy"]["id"], "--out", tmp_path / "ex"]
    command(*arguments, code=1)
    assert f"Document:Author: {OWNER}" in command.error
    assert "--anyway" in command.error
    assert not (tmp_path / "ex").exists()
    command(*arguments, "--anyway")
    assert (tmp_path / "ex" / "minutes.odt").is_file()
    log = command.json("log", command.vault)["entries"]
    assert log[-1]["detail"] == f"copy {made['copy']['id'][:10]}, 1 finding"


REFUSED: dict[str, tuple[list[str], str]] = {
    "no such file": (["copy", "VAULT", "ID", "absent.txt"], "no file of this name or number"),
    "no such number": (["copy", "VAULT", "ID", "3"], "no file of this name or number"),
    "a name with a path": (["copy", "VAULT", "ID", "1", "--name", "../x"], "cannot have this name"),
    "no such copy": (["export", "VAULT", "--copy", "abcd", "--out", "OUT"], "No working copy has this id"),
    "no such copy to remove": (["copies", "VAULT", "--remove", "abcd"], "No working copy has this id"),
    "into the vault": (["export", "VAULT", "--copy", "ab", "--out", "VAULT/x"], "outside the vault"),
}


@pytest.mark.tool("exiftool")
def test_what_cannot_be_copied_is_refused_and_leaves_nothing(scene: tuple[Command, str], tmp_path: Path) -> None:
    command, sent = scene
    before = snapshot(Path(command.vault))
    for arguments, told in REFUSED.values():
        words = {"VAULT": command.vault, "ID": sent, "OUT": str(tmp_path / "ex"), "VAULT/x": f"{command.vault}/x"}
        command(*(words.get(one, one) for one in arguments), code=1)
        assert told in command.error
    assert snapshot(Path(command.vault)) == before


@pytest.mark.tool("exiftool")
def test_without_a_sandbox_there_is_no_copy_and_no_check(
    scene: tuple[Command, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, sent = scene
    monkeypatch.setenv("PATH", str(tmp_path))
    command("copy", command.vault, sent, "1", code=1)
    assert "bubblewrap is not installed" in command.error
    # A check that could not look has not found nothing.
    told = command.json("exposure", command.vault, sent, "1")
    assert [one["kind"] for one in told["findings"]] == ["unseen"]


@pytest.mark.tool("bwrap")
@pytest.mark.tool("mat2")
@pytest.mark.tool("exiftool")
def test_nothing_readable_is_left_behind(scene: tuple[Command, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command, sent = scene
    needles = looking.spellings([CANARY, OWNER, "nothing else"])
    memory, temporary = set(Path("/dev/shm").iterdir()), tmp_path / "tmp"  # noqa: S108
    temporary.mkdir()
    for name in ("TMPDIR", "TEMP", "TMP", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    command("exposure", command.vault, sent, "1")
    command("copy", command.vault, sent, "1")
    command("copy", command.vault, sent, "2")
    assert [found for place in [Path(command.vault), temporary] for found in looking.in_folder(place, needles)] == []
    assert list(temporary.iterdir()) == []
    assert set(Path("/dev/shm").iterdir()) <= memory  # noqa: S108
