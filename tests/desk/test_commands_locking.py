"""`knothole desk` about who opens the vault, as a person runs it: every refusal is a sentence, and changes nothing."""

import json
from pathlib import Path
from typing import Any

import click
import pytest

from knothole_client.desk import keyfile, relocking, vault
from knothole_client.desk.cli import desk as group
from knothole_client.desk.keyring import Keyring
from knothole_client.desk.locks import new_slot
from knothole_keys.cli import passphrase
from tests.desk.conftest import CHEAP, PASSPHRASE, snapshot
from tests.desk.test_commands import Command, desk, drop
from tests.support.drop import Drop, seal_submission, write_out

# Fixtures of the other commands.
__all__ = ["desk", "drop"]

NEW = "another horse battery"


@pytest.fixture(autouse=True)
def new_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "new-passphrase"
    path.write_text(f"{NEW}\n")
    monkeypatch.setenv(passphrase.NEW_VARIABLE, str(path))
    return path


@pytest.fixture
def made(desk: Command, drop: Drop) -> Path:
    """A vault that joined a drop."""
    assert drop.recipients
    return Path(desk.vault)


def refused(desk: Command, made: Path, *arguments: object, code: int = 1) -> str:
    """What the command says, having changed nothing in the vault."""
    before = snapshot(made)
    desk(*map(str, arguments), code=code)
    assert snapshot(made) == before
    return desk.error


def test_a_new_passphrase_opens_and_the_old_one_does_not(desk: Command, made: Path, tmp_path: Path) -> None:
    assert "was changed" in desk("passphrase", made)
    assert "passphrase is wrong" in refused(desk, made, "list", made)
    (tmp_path / "passphrase").write_text(NEW)
    assert [slot["number"] for slot in desk.json("key", "list", made)["slots"]] == [2]
    desk("destroy-expired", made)


def test_a_new_passphrase_that_will_not_do_changes_nothing(
    desk: Command, made: Path, new_passphrase: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in (["passphrase", made], ["key", "add", made, "--new-key-file", tmp_path / "key"]):
        new_passphrase.write_text("short")
        assert "too short" in refused(desk, made, *command)
        with monkeypatch.context() as patch:
            patch.delenv(passphrase.NEW_VARIABLE)
            assert passphrase.NEW_VARIABLE in refused(desk, made, *command)
        new_passphrase.write_text(NEW)
        (tmp_path / "passphrase").write_text("wrong horse battery")
        assert "passphrase is wrong" in refused(desk, made, *command)
        (tmp_path / "passphrase").write_text("correct horse battery")
    assert not (tmp_path / "key").exists()


def test_a_wrong_or_missing_key_file_is_a_sentence(desk: Command, made: Path, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    assert "No passphrase alone opens the vault any more" in desk("lock-travel", made, "--key-file", stick)
    assert "--key-file" in refused(desk, made, "list", made)
    assert "cannot be read: no such file" in refused(desk, made, "list", made, "--key-file", tmp_path / "nowhere")
    for text in ("", "not a key", stick.read_text()[:-9], stick.read_text() * 2, "x" * 9999):
        (tmp_path / "other").write_text(text)
        error = refused(desk, made, "list", made, "--key-file", tmp_path / "other")
        assert "is not a key file" in error or "too large" in error
    (tmp_path / "other").write_text(f"{keyfile.TYPE} {bytes(32).hex()}\n")
    assert "key file is another vault's" in refused(desk, made, "list", made, "--key-file", tmp_path / "other")
    (tmp_path / "passphrase").write_text("wrong horse battery")
    assert "passphrase is wrong or" in refused(desk, made, "list", made, "--key-file", stick)


def test_lock_travel_and_home(desk: Command, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stick = tmp_path / "stick"
    desk("backup", made, "-o", tmp_path / "old")
    told = desk.json("lock-travel", made, "--key-file", stick)
    assert "same disk" in desk.error
    assert stick.stat().st_mode & 0o777 == 0o600
    assert [Path(one["path"]).name for one in told["backups"]] == ["old"]
    assert [slot["kind"] for slot in told["slots"]] == ["passphrase and key file"]
    monkeypatch.setenv("KNOTHOLE_KEY_FILE", str(stick))
    desk("list", made)
    desk("destroy-expired", made)
    kept = stick.read_bytes()
    desk("lock-travel", made, "--key-file", stick)
    assert stick.read_bytes() == kept
    assert "Your passphrase alone opens" in desk("lock-home", made)
    # The stick may stay at home from now on, whatever the environment says.
    stick.unlink()
    desk("list", made)
    monkeypatch.delenv("KNOTHOLE_KEY_FILE")
    desk("list", made)


def test_whoever_else_has_a_slot_is_named_when_the_lock_changes(desk: Command, made: Path, tmp_path: Path) -> None:
    desk("key", "add", made, "--label", "Lee, no stick")
    Path(tmp_path / "new-passphrase").write_text("kettle orchard plume sandal vivid moss\n")
    desk("key", "add", made, "--label", "Kim, own stick", "--new-key-file", tmp_path / "kim")
    now, gone = desk("lock-travel", made, "--key-file", tmp_path / "mine").split("What does not any more:")
    assert "Kim, own stick" in now
    assert "Lee, no stick" in gone
    assert "Kim, own stick" in desk("lock-home", made, "--key-file", tmp_path / "mine").split("What does not any more:")[0]


def test_a_stick_pulled_before_the_last_line_hides_no_backup(
    desk: Command, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk("backup", made, "-o", tmp_path / "old")
    real = relocking.relock

    def pulled(*arguments: Any) -> relocking.Relocked:
        done = real(*arguments)
        (tmp_path / "stick").unlink()
        return done

    monkeypatch.setattr(relocking, "relock", pulled)
    assert str(tmp_path / "old") in desk("lock-travel", made, "--key-file", tmp_path / "stick")


def test_a_key_file_in_the_vault_or_of_a_wrong_passphrase_is_not_made(desk: Command, made: Path, tmp_path: Path) -> None:
    for place in (made / "key", made / "boxes" / "key", tmp_path / "x" / ".." / "vault" / "key"):
        assert "not lie inside the vault" in refused(desk, made, "lock-travel", made, "--key-file", place)
        assert "not lie inside the vault" in refused(desk, made, "key", "add", made, "--new-key-file", place)
    assert "cannot be written" in refused(desk, made, "lock-travel", made, "--key-file", tmp_path / "no stick" / "key")
    (tmp_path / "thesis").write_text("mine")
    assert "is not a key file" in refused(desk, made, "lock-travel", made, "--key-file", tmp_path / "thesis")
    assert (tmp_path / "thesis").read_text() == "mine"
    (tmp_path / "passphrase").write_text("wrong horse battery")
    assert "passphrase is wrong" in refused(desk, made, "lock-travel", made, "--key-file", tmp_path / "key")
    assert not (tmp_path / "key").exists()


def test_slots_are_listed_added_and_removed(desk: Command, made: Path, tmp_path: Path) -> None:
    desk("key", "add", made, "--label", "Lee")
    desk("key", "add", made, "--new-key-file", tmp_path / "key")
    listed = desk("key", "list", made)
    assert "1  passphrase, since" in listed
    assert "2  passphrase, since" in listed
    assert "Lee" in listed
    assert "3  passphrase and key file" in listed
    assert "There is no key slot 9" in refused(desk, made, "key", "remove", made, "9")
    desk("key", "remove", made, "1")
    (tmp_path / "passphrase").write_text(NEW)
    desk("key", "remove", made, "2")
    assert "--key-file" in refused(desk, made, "list", made)
    assert "last key slot" in refused(desk, made, "key", "remove", made, "3", "--key-file", tmp_path / "key")


def test_commands_that_look_reach_no_weekly_secret(
    desk: Command, drop: Drop, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = seal_submission(drop, "hello", {"a.txt": b"text"})
    desk("import", made, write_out(tmp_path / "out", drop, sent.boxes))

    def unlock(*_: object) -> None:
        raise AssertionError("it unlocked the weekly secrets")

    monkeypatch.setattr(Keyring, "open", unlock)
    start = sent.id.hex()[:8]
    for command in (
        ["list", made],
        ["show", made, start],
        ["export", made, start, "--out", tmp_path / "ex"],
        ["key", "list", made],
    ):
        desk(*command)
    desk("backup", made, "-o", tmp_path / "backup")


def test_a_new_passphrase_says_of_every_slot_what_became_of_it(desk: Command, made: Path, tmp_path: Path) -> None:
    (tmp_path / "new-passphrase").write_text("correct horse battery")
    desk("key", "add", made, "--new-key-file", tmp_path / "stick", "--label", "my stick")
    (tmp_path / "new-passphrase").write_text(NEW)
    told = desk("passphrase", made)
    now, gone = told.split("What does not any more:")
    assert "run this again with --key-file" in now
    assert "2  passphrase and key file" in now
    assert "3  passphrase, since" in now
    assert gone.split()[:3] == ["1", "passphrase,", "since"]
    # With the stick its own slot follows, and goes on asking for it.
    now, gone = desk("passphrase", made, "--key-file", tmp_path / "stick").split("What does not any more:")
    assert "3  passphrase, since" in now
    assert "4  passphrase and key file" in now
    assert "my stick" in now
    assert "2  passphrase and key file" in gone


def test_a_change_that_was_cut_short_is_told_with_what_finishes_it(desk: Command, made: Path) -> None:
    desk("key", "list", made)
    assert "cut short" not in desk.error
    with vault.opened(made, PASSPHRASE, change=True) as one:
        keyring = one.keyring(PASSPHRASE)
        keyring.set_slots([*keyring.locks.slots, new_slot(PASSPHRASE, "epochs", 2, "", CHEAP)])
    desk("key", "list", made)
    assert f"cut short, and what it took away still opens the weekly secrets; finish it with `knothole desk re-key {made}`" in (
        desk.error
    )
    desk("re-key", made)
    desk("key", "list", made)
    assert "cut short" not in desk.error


def test_every_command_that_opens_a_vault_takes_its_key_file() -> None:
    def walk(commands: dict[str, click.Command]) -> dict[str, click.Command]:
        found = {}
        for name, command in commands.items():
            found.update(walk(command.commands) if isinstance(command, click.Group) else {name: command})
        return found

    takes = {name: any("--key-file" in one.opts for one in command.params) for name, command in walk(group.commands).items()}
    assert len(takes) > 15
    assert [name for name, does in takes.items() if not does] == ["init", "check"]


def test_restoring_says_what_is_gone(desk: Command, drop: Drop, made: Path, tmp_path: Path) -> None:
    desk("import", made, write_out(tmp_path / "out", drop, seal_submission(drop, "hello").boxes))
    told = desk("backup", made, "-o", tmp_path / "b")
    assert "--boxes" in told
    assert "also after lock-travel" in told
    told = desk("restore", tmp_path / "b", tmp_path / "again")
    for words in ("no weekly secrets", "Tell your administrators", "--weeks", "1 box is not here"):
        assert words in told
    value = json.loads(desk("restore", tmp_path / "b", tmp_path / "more", "--enrolled-until", "2027-06-30", "--json"))
    assert value["exported"][-1] > drop.epoch + 20
    assert "not a backup" in refused(desk, made, "restore", made / "vault.db", tmp_path / "third")
    assert "cannot be read" in refused(desk, made, "restore", tmp_path / "nothing", tmp_path / "third")
    assert "not an empty folder" in refused(desk, made, "restore", tmp_path / "b", made)
    refused(desk, made, "restore", tmp_path / "b", tmp_path / "third", "--enrolled-until", "soon", code=2)
    assert not (tmp_path / "third").exists()


def test_a_vault_with_a_stick_makes_backups_that_need_it(desk: Command, made: Path, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    desk("lock-travel", made, "--key-file", stick)
    told = desk("backup", made, "-o", tmp_path / "b", "--key-file", stick)
    assert "passphrase alone" not in told
    assert "--key-file" in refused(desk, made, "restore", tmp_path / "b", tmp_path / "again")
    desk("restore", tmp_path / "b", tmp_path / "again", "--key-file", stick)
    assert vault.slot_kinds(tmp_path / "again") == {"passphrase and key file"}


def test_a_vault_of_its_own_is_not_needed_to_refuse(tmp_path: Path, desk: Command) -> None:
    for command in ("passphrase", "re-key", "lock-home"):
        desk(command, tmp_path, code=1)
        assert "is not a vault" in desk.error
    vault.create(tmp_path / "v", "Ada", PASSPHRASE, CHEAP)
    desk("lock-travel", tmp_path / "v", code=2)
