"""Answers over long times and bad disks: begun anew when their beginning is too old, counted by files, and never silenced."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_client.desk.answers import RESUMED
from knothole_keys import clock
from knothole_keys.board import SLOT, SLOTS_A_FILE
from knothole_keys.card import PIECE
from knothole_keys.epoch import DAY
from tests.desk.answering import board, export, exported, import_one, next_letter, queued, reply, texts
from tests.desk.conftest import NOW, Command, Desk
from tests.support.drop import Drop, Sent, write_out


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


@pytest.mark.parametrize("length", [1, 3 * PIECE])
def test_what_was_in_a_lost_file_goes_out_again_when_the_day_is_named(
    desk: Desk, drop: Drop, tmp_path: Path, command: Command, length: int
) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    reply(desk, sent, "x" * length)
    exported(desk, tmp_path, -2, count=2)
    exported(desk, tmp_path, -1, count=8)
    before = queued(desk)[0]
    assert command("slots", "-o", tmp_path / "empty")[0] == 0
    assert texts(drop, sent, (tmp_path / "empty").read_bytes()) == []
    # In the first file the long one had its beginning only: it is all of it that goes again.
    code, said, _ = command("slots", "-o", tmp_path / "again", "--again", clock.day_of(NOW - 2 * DAY))
    assert code == 0
    assert "that no later one has and nobody has read; they go out again" in said
    again = (tmp_path / "again").read_bytes()
    assert len(again) == SLOTS_A_FILE * SLOT
    assert texts(drop, sent, again) == ["x" * length]
    after = queued(desk)[0]
    assert (after.times, after.sequence) == (before.times, before.sequence)
    assert command("slots", "-o", tmp_path / "next")[0] == 0
    assert texts(drop, sent, (tmp_path / "next").read_bytes()) == []


def test_a_day_without_a_lost_file_brings_nothing_back(desk: Desk, drop: Drop, tmp_path: Path, command: Command) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    answer = reply(desk, sent, "read already")
    reply(desk, sent, "unread")
    exported(desk, tmp_path, -3)
    desk.take_in(write_out(tmp_path / "more", drop, next_letter(drop, sent, [(answer.sender, answer.sequence)])))
    for day in (-4, -2, 0):
        command("slots", "-o", tmp_path / f"of{day}", "--again", clock.day_of(NOW + day * DAY))
        assert texts(drop, sent, (tmp_path / f"of{day}").read_bytes()) == []
    command("slots", "-o", tmp_path / "again", "--again", clock.day_of(NOW - 3 * DAY))
    assert texts(drop, sent, (tmp_path / "again").read_bytes()) == ["unread"]
    assert command("slots", "-o", tmp_path / "none", "--again", "yesterday")[0] == 2


def test_an_answer_that_went_nowhere_is_withdrawn_and_no_other(
    desk: Desk, drop: Drop, tmp_path: Path, command: Command
) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    kept = reply(desk, sent, "x" * (2 * PIECE))
    exported(desk, tmp_path, 0, count=1)
    told = command("reply", sent.id.hex(), "-m", "a slip of the pen")[1]
    slip = queued(desk)[-1].sequence
    assert f"number {slip}" in told
    assert f"{slip}" in command("replies")[1]
    code, said, _ = command("reply", "--withdraw", slip)
    assert (code, "is withdrawn" in said) == (0, True)
    for number, why in ((slip, "No answer has this number"), (kept.sequence, "cannot be withdrawn"), (0, "No answer")):
        code, _, error = command("reply", "--withdraw", number)
        assert (code, why in error) == (1, True)
    assert command("reply", sent.id.hex(), "--withdraw", kept.sequence)[0] == 2
    assert command("reply", "-m", "to nobody")[0] == 2
    command("slots", "-o", tmp_path / "day", "--again", clock.day_of(NOW))
    assert texts(drop, sent, (tmp_path / "day").read_bytes()) == [kept.text]
    assert command("reply", "--withdraw", kept.sequence)[0] == 1
    # Also when its only file is said to be lost: that may be wrong.
    command("slots", "-o", tmp_path / "short", "--count", 1, "--again", clock.day_of(NOW))
    assert command("reply", "--withdraw", kept.sequence)[0] == 1


def test_whom_an_answer_is_for_is_shown_and_what_was_answered_can_be_read(
    desk: Desk, drop: Drop, tmp_path: Path, command: Command
) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    code, _, error = command("reply", sent.id.hex()[:12], "-m", "the first line\n\x09and " + "long " * 30 + "\nits end")
    assert code == 0
    assert f"This answers thread {sent.thread.thread.hex()[:10]}: 1 letter, the last of" in error
    assert f"({sent.id.hex()[:10]}): hello" in error
    assert "its end" not in command("replies")[1]
    assert "    the first line\n" in command("replies", "--text")[1]
    assert "\n    its end\n" in command("replies", "--text")[1]


def test_an_answer_that_is_too_long_is_told_both_sizes(desk: Desk, drop: Drop, tmp_path: Path, command: Command) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    (tmp_path / "long").write_bytes(b"x" * 40_000)
    code, _, error = command("reply", sent.id.hex(), "--file", tmp_path / "long")
    assert code == 1
    assert "has 40,000 bytes, and a message at most 29,904; write it in several replies." in error
    (tmp_path / "long").write_bytes(b"x" * 29_904 + b"\n")
    assert command("reply", sent.id.hex(), "--file", tmp_path / "long")[0] == 0
