"""`desk look` and `desk extract`: a file looked into behind walls at a command line, and found afterwards by what it says."""

from pathlib import Path

import pytest

from tests.desk.conftest import snapshot
from tests.desk.test_commands import Command, desk, drop  # noqa: F401 - fixtures
from tests.support.drop import Drop, seal_submission, write_out

PAGE = b"<html><script>alert(1)</script><p>The giraffe of Osnabrueck</html>"

pytestmark = pytest.mark.tool("bwrap")


@pytest.fixture
def scene(desk: Command, drop: Drop, tmp_path: Path) -> tuple[Command, str]:  # noqa: F811
    sent = seal_submission(drop, "look", {"page.html": PAGE, "noise.bin": bytes(range(256)) * 40, "report.txt": b"a zebra\n"})
    desk("import", desk.vault, write_out(tmp_path / "out", drop, sent.boxes))
    return desk, sent.id.hex()


def test_what_a_file_is_and_what_is_dangerous_in_it(scene: tuple[Command, str], tmp_path: Path) -> None:
    command, sent = scene
    before = snapshot(Path(command.vault) / "boxes")
    told = command.json("look", command.vault, sent[:8], "page.html")
    assert (told["kind"], told["flags_end"], told["preview_end"], told["written"]) == ("html", "done", "done", [])
    assert set(told["flags"]) == {"html", "html_script"}
    assert snapshot(Path(command.vault) / "boxes") == before
    assert "carries scripts" in command("look", command.vault, sent[:8], "page.html")
    entries = command.json("log", command.vault)["entries"]
    assert [one["what"] for one in entries][-2:] == ["previewed", "previewed"]


def test_its_pages_are_written_only_where_asked_and_over_nothing(scene: tuple[Command, str], tmp_path: Path) -> None:
    command, sent = scene
    (written,) = command.json("look", command.vault, sent[:8], "report.txt", "--pictures", tmp_path / "seen")["written"]
    assert Path(written).read_bytes().startswith(b"\x89PNG")
    assert Path(written).stat().st_mode & 0o077 == 0
    command("look", command.vault, sent[:8], "report.txt", "--pictures", tmp_path / "seen", code=1)
    assert "exists" in command.error


def test_text_is_taken_out_once_and_found(scene: tuple[Command, str]) -> None:
    command, sent = scene
    assert command.json("search", command.vault, "giraffe")["total"] == 0
    assert command.json("extract", command.vault)["tried"] == 3
    assert command.json("extract", command.vault, sent[:8])["tried"] == 0
    for word in ("giraffe", "zebra"):
        assert [one["id"] for one in command.json("search", command.vault, word)["hits"]] == [sent]


def test_without_a_sandbox_there_is_neither(scene: tuple[Command, str], monkeypatch: pytest.MonkeyPatch) -> None:
    command, sent = scene
    monkeypatch.setattr("knothole_client.sandbox.available", lambda: "There is no sandbox here.")
    for words in (("look", command.vault, sent[:8], "1"), ("extract", command.vault)):
        command(*words, code=1)
        assert "There is no sandbox here." in command.error
