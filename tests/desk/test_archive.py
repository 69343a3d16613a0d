"""Encrypted archives for a colleague, and templates of answers: through the commands, opened as age opens them."""

import io
import os
import tarfile
from pathlib import Path

import pyrage  # type: ignore[import-untyped]
import pytest

from knothole_client.desk import archive
from knothole_keys.cli import passphrase
from tests.desk.conftest import snapshot
from tests.desk.test_commands import Command, desk, drop  # noqa: F401 - fixtures
from tests.support import looking
from tests.support.drop import Drop, Sent, seal_submission, write_out

CANARY = "CANARY-of-the-archive"
FILM = os.urandom(300_000) + CANARY.encode() + os.urandom(300_000)


@pytest.fixture
def sent(desk: Command, drop: Drop, tmp_path: Path) -> Sent:  # noqa: F811
    sent = seal_submission(drop, CANARY, {"film.mp4": FILM, "a.txt": b"inside"})
    desk("import", desk.vault, write_out(tmp_path / "out", drop, sent.boxes))
    return sent


def unpacked(plain: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        found = {one.name: tar.extractfile(one) for one in tar}
        return {name: file.read() for name, file in found.items() if file}


def test_a_colleagues_key_opens_all_that_an_export_has(desk: Command, sent: Sent, tmp_path: Path) -> None:  # noqa: F811
    keys = [pyrage.x25519.Identity.generate() for _ in range(2)]
    (tmp_path / "stick").mkdir()
    output = tmp_path / "stick" / "letter.tar.age"
    arguments = [word for key in keys for word in ("--age", str(key.to_public()))]
    told = desk.json("export", desk.vault, sent.id.hex(), *arguments, "-o", output)
    assert (told["files"], told["incomplete"], told["size"]) == (2, [], output.stat().st_size)
    # Nothing that could be read lies beside it, and nobody else may read even that.
    assert looking.in_folder(tmp_path / "stick", looking.spellings([CANARY])) == []
    assert output.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in (tmp_path / "stick").iterdir()] == [output.name]
    desk("export", desk.vault, sent.id.hex(), "--out", tmp_path / "ex")
    wanted = {f"submission/{path}": data for path, data in snapshot(tmp_path / "ex").items() if data != "other"}
    for key in keys:
        assert unpacked(pyrage.decrypt(output.read_bytes(), [key])) == wanted
    assert [one["detail"] for one in desk.json("log", desk.vault)["entries"] if "age" in one["detail"]] == [
        "encrypted for 2 age keys, begun", "encrypted for 2 age keys, 2 files whole, 0 not",
    ]  # fmt: skip
    desk("export", desk.vault, sent.id.hex(), *arguments, "-o", output, code=1)
    assert "exists already" in desk.error


def test_a_passphrase_opens_one_that_fits_into_memory(
    desk: Command, sent: Sent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    (tmp_path / "new").write_text("for a colleague alone\n")
    monkeypatch.setenv(passphrase.NEW_VARIABLE, str(tmp_path / "new"))
    arguments = ["export", desk.vault, sent.id.hex(), "--passphrase", "-o", tmp_path / "letter.tar.age"]
    desk(*arguments)
    plain = pyrage.passphrase.decrypt((tmp_path / "letter.tar.age").read_bytes(), "for a colleague alone")
    assert unpacked(plain)["submission/files/film.mp4"] == FILM
    monkeypatch.setattr(archive, "LARGEST_IN_MEMORY", 600_000)
    desk(*arguments[:-1], tmp_path / "another", code=1)
    assert "use --age" in desk.error


def test_what_is_damaged_is_left_out_and_named(desk: Command, sent: Sent, tmp_path: Path) -> None:  # noqa: F811
    key = pyrage.x25519.Identity.generate()
    box = sent.file_boxes["film.mp4"][1]
    path = Path(desk.vault) / "boxes" / str(box.epoch) / f"{box.id.hex()}.box"
    path.write_bytes(bytes(len(box.data)))
    arguments = ["export", desk.vault, sent.id.hex(), "--age", str(key.to_public()), "-o", tmp_path / "letter.tar.age"]
    told = desk.json(*arguments, code=1)
    assert [one["name"] for one in told["incomplete"]] == ["film.mp4"]
    found = unpacked(pyrage.decrypt((tmp_path / "letter.tar.age").read_bytes(), [key]))
    assert "submission/files/film.mp4" not in found
    assert b"film.mp4: " in found["submission/INCOMPLETE.txt"]
    assert found["submission/files/a.txt"] == b"inside"


REFUSED = {
    "no key": (["--age", "age1nonsense", "-o", "OUT"], 1, "no age key"),
    "a private key": (["--age", "AGE-SECRET-KEY-1QQQ", "-o", "OUT"], 1, "no age key"),
    "no folder": (["--age", "KEY", "-o", "nowhere/at/all"], 1, "does not exist"),
    "both ways": (["--age", "KEY", "--passphrase", "-o", "OUT"], 2, "either --age or --passphrase"),
    "no way": (["-o", "OUT"], 2, "either --age or --passphrase"),
    "a folder as well": (["--age", "KEY", "-o", "OUT", "--out", "OUT"], 2, "either --age or --passphrase"),
    "into the vault": (["--age", "KEY", "-o", "VAULT/x"], 1, "outside the vault"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_archive_leaves_nothing(desk: Command, sent: Sent, tmp_path: Path, name: str) -> None:  # noqa: F811
    given, code, told = REFUSED[name]
    key = str(pyrage.x25519.Identity.generate().to_public())
    words = {"OUT": str(tmp_path / "made"), "KEY": key, "VAULT/x": f"{desk.vault}/x"}
    desk("export", desk.vault, sent.id.hex(), *(words.get(one, one) for one in given), code=code)
    assert told in desk.error
    assert not (tmp_path / "made").exists()


def test_templates_are_sealed_and_answer(desk: Command, sent: Sent) -> None:  # noqa: F811
    desk("template", desk.vault, "thanks", "-m", f"Thank you. {CANARY}\nWe read it.")
    assert desk.json("template", desk.vault)["templates"] == [{"name": "thanks", "text": f"Thank you. {CANARY}\nWe read it."}]
    assert looking.in_folder(Path(desk.vault), looking.spellings([CANARY])) == []
    desk("template", desk.vault, "thanks", "-m", "Thank you.")
    assert desk("template", desk.vault, "thanks") == "Thank you.\n"
    told = desk.json("reply", desk.vault, sent.id.hex(), "--template", "thanks")
    assert told["text"] == "Thank you."
    shown = desk.json("show", desk.vault, sent.id.hex())
    assert [(one["text"], one["read"]) for one in shown["answers"]] == [("Thank you.", "")]
    assert shown["told"]["exports"] == 0
    assert "Answers     1, 0 of them read by the source" in desk("show", desk.vault, sent.id.hex())
    desk("template", desk.vault, "thanks", "--remove")
    desk("reply", desk.vault, sent.id.hex(), "--template", "thanks", code=1)
    assert "no template of this name" in desk.error
    for wrong in (["two\nlines", "-m", "x"], ["x" * 70, "-m", "x"], ["empty", "-m", "  "]):
        desk("template", desk.vault, *wrong, code=1)
    desk("reply", desk.vault, sent.id.hex(), "--template", "a", "-m", "b", code=2)
