"""The codename's file is never sent: what the newsroom cannot lose, it must not have."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_keys import cli, codename
from knothole_keys.root import fingerprint
from tests.client.served import Served
from tests.support.drop import Drop

Send = Callable[..., tuple[int, str]]


@pytest.fixture
def send(
    served: Served, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Send:
    """Run `source send` in an own folder: exit code, and what was said."""
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def run(*arguments: object) -> tuple[int, str]:
        code = cli.run(["source", "send", served.url, "--root", fingerprint(drop.drop_id), *map(str, arguments)])
        return code, "".join(capfd.readouterr())

    return run


def test_sending_all_of_a_folder_again_does_not_send_the_codename(send: Send, served: Served, drop: Drop):
    Path("film.bin").write_bytes(os.urandom(2 * drop.geometry().capacity))
    assert send("-m", "x", "--codename-file", "c.txt", *Path().iterdir())[0] == 0
    before = served.count(drop.epoch)
    code, said = send("-m", "x", "--codename-file", "c.txt", *Path().iterdir())
    assert code == 1
    assert "c.txt is the file of the codename, which the newsroom must not have" in said
    assert served.count(drop.epoch) == before


def _link(make: Callable[[str, str], None]) -> Callable[[], str]:
    def other() -> str:
        make("c.txt", "other.txt")
        return "other.txt"

    return other


OTHER_WAYS: dict[str, Callable[[], str]] = {
    "the_same": lambda: "c.txt",
    "by_another_path": lambda: "../folder/c.txt",
    "by_its_whole_path": lambda: str(Path("c.txt").absolute()),
    "a_link": _link(os.symlink),
    "a_hard_link": _link(os.link),
    "a_copy": _link(lambda old, new: shutil.copy(old, new)),  # type: ignore[arg-type,return-value]
}


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_the_codename_is_known_under_other_names(way: str, send: Send, served: Served, drop: Drop):
    Path("c.txt").write_text(codename.generate())
    named = OTHER_WAYS[way]()
    before = served.count(drop.epoch)
    code, said = send("-m", "x", "--codename-file", "c.txt", named)
    assert (code, named in said, "must not have" in said) == (1, True, True)
    assert served.count(drop.epoch) == before


@pytest.mark.parametrize("named", ["c.txt", "./c.txt", "link.txt"])
def test_a_codename_that_is_yet_to_be_made_is_not_to_be_sent(named: str, send: Send, served: Served, drop: Drop):
    Path("link.txt").symlink_to("c.txt")
    before = served.count(drop.epoch)
    code, said = send("-m", "x", "--codename-file", "c.txt", named)
    assert code == 1
    assert "is the file of the codename" in said
    assert not Path("c.txt").exists()
    assert served.count(drop.epoch) == before


def test_another_codename_is_not_sent_either_and_is_not_shown(send: Send, served: Served, drop: Drop):
    Path("old.txt").write_text("\ufeff " + "ABACUS\r\n" * 8)
    before = served.count(drop.epoch)
    code, said = send("-m", "x", "old.txt")
    assert code == 1
    assert "old.txt holds a codename" in said
    assert "abacus" not in said.lower()
    assert served.count(drop.epoch) == before


@pytest.mark.parametrize("text", [" ".join(["abacus"] * 9), " ".join(["abacus"] * 8).ljust(1025), "seven", "", "\xff"])
def test_what_is_no_codename_is_sent(text: str, send: Send):
    Path("note.txt").write_bytes(text.encode("latin-1"))
    assert send("-m", "x", "--codename-file", "c.txt", "note.txt")[0] == 0
