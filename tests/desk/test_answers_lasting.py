"""Answers over long times and bad disks: begun anew when their beginning is too old, counted by files, and never silenced."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_client.desk.answers import RESUMED
from knothole_keys import clock
from knothole_keys.card import PIECE
from knothole_keys.cli import passphrase, run
from tests.desk.answering import board, export, exported, import_one, next_letter, queued, reply, texts
from tests.desk.conftest import NOW, PASSPHRASE, Desk
from tests.support.drop import Drop, Sent, write_out

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `knothole desk NAME VAULT …`: exit code, and what was said on both sides."""
    (tmp_path / "passphrase").write_bytes(PASSPHRASE.passphrase)
    monkeypatch.setenv(passphrase.VARIABLE, str(tmp_path / "passphrase"))
    monkeypatch.setattr(clock, "now", lambda: NOW)

    def ran(name: str, *arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["desk", name, str(desk.path), *map(str, arguments)])
        return code, *capsys.readouterr()

    return ran


@pytest.mark.parametrize("later", [RESUMED + 1, 400, -1])
def test_an_answer_goes_on_while_its_beginning_is_on_the_board_and_begins_anew_after_that(
    desk: Desk, drop: Drop, tmp_path: Path, later: int
) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    long = "x" * (2 * PIECE) + "end"
    reply(desk, sent, long)
    exported(desk, tmp_path, 0, count=1)
    _, second = exported(desk, tmp_path, RESUMED, count=1)
    assert board(drop, sent, second).incomplete == 1
    # The pieces of the first days are gone from the board by now, or were written under another clock.
    _, late = exported(desk, tmp_path, later, count=3)
    assert texts(drop, sent, late) == [long]


def test_an_answer_is_put_up_seven_times_however_seldom_files_are_made(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    reply(desk, sent, "are you there?")
    days = [0, 200, 500, 530, 900, 1300, 2000, 2100, 3000]
    came = [day for day in days if texts(drop, sent, exported(desk, tmp_path, day)[1])]
    assert came == days[:7]


def damage(desk: Desk, kind: str, name: str) -> None:
    with desk.opened() as (one, _):
        place, _ = one.records._where(kind, name)
    db = sqlite3.connect(desk.path / "vault.db")
    assert db.execute("update records set box = zeroblob(length(box)) where place = ?", (place,)).rowcount == 1
    db.commit()
    db.close()


def of_an_answer(desk: Desk, sent: Sent) -> None:
    damage(desk, "answer", queued(desk)[0].name)


def of_an_acknowledgement(desk: Desk, sent: Sent) -> None:
    damage(desk, "answer", f"acknowledgement/{sent.id.hex()}")


def of_a_submission(desk: Desk, sent: Sent) -> None:
    damage(desk, "submission", sent.id.hex())


def of_a_note(desk: Desk, sent: Sent) -> None:
    with desk.opened() as (one, _), one.records.transaction():
        one.records.put("changed letter", sent.id.hex(), {"letter": sent.id.hex()})
    damage(desk, "changed letter", sent.id.hex())


@pytest.mark.parametrize("harm", [of_an_answer, of_an_acknowledgement, of_a_submission, of_a_note])
def test_one_damaged_record_silences_no_other_answer(
    desk: Desk, drop: Drop, tmp_path: Path, command: Command, harm: Callable[[Desk, Sent], None]
) -> None:
    harmed, other = import_one(desk, drop, tmp_path / "harmed"), import_one(desk, drop, tmp_path / "other")
    first, second = reply(desk, harmed, "to the harmed one"), reply(desk, other, "to the other")
    harm(desk, harmed)
    code, said, error = command("replies")
    assert "to the other" in said
    assert code == (1 if harm in (of_an_answer, of_an_acknowledgement) else 0)
    assert ("1 record of the vault could not be read" in error) == bool(code)
    code, said, error = command("reply", other.id.hex()[:12], "-m", "one more")
    assert code == 0, error
    code, said, error = command("slots", "-o", tmp_path / "day")
    assert (code, "Wrote" in said) == (1, True)
    assert "1 record of the vault could not be read" in error
    assert texts(drop, other, (tmp_path / "day").read_bytes()) == ["to the other", "one more"]
    # And a letter that names both as read is taken in.
    read = [(first.sender, first.sequence), (second.sender, second.sequence)]
    desk.take_in(write_out(tmp_path / "more", drop, next_letter(drop, other, read)))
    assert export(desk, tmp_path / "next").replies == 0
    assert "read by" in command("replies")[1]


def test_damage_is_in_json_too(desk: Desk, drop: Drop, tmp_path: Path, command: Command) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    reply(desk, sent, "hello")
    of_an_answer(desk, sent)
    assert json.loads(command("replies", "--json")[1])["damaged"] == 1
    assert json.loads(command("slots", "-o", tmp_path / "day", "--json")[1])["damaged"] == 1
