"""Lists are made of summaries: how long messages and tables are costs nobody memory but whoever looks at that letter."""

import json
import os
import sqlite3
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_client.desk.claims import Claims
from knothole_client.desk.cli import words
from knothole_client.desk.streams import Group, Place, Streams
from knothole_keys import clock
from knothole_keys.cli import passphrase, run
from knothole_keys.errors import Refused
from tests.desk.conftest import NOW, PASSPHRASE, Desk
from tests.support.drop import Drop, seal_submission, write_out

BIG = os.urandom(700_000)
MEGABYTE = 1_000_000


Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command; the most bytes of Python's that it had at once, and what it printed."""
    (tmp_path / "passphrase").write_bytes(PASSPHRASE.passphrase)
    monkeypatch.setenv(passphrase.VARIABLE, str(tmp_path / "passphrase"))
    monkeypatch.setattr(clock, "now", lambda: NOW)

    def ran(name: str, *arguments: str) -> tuple[int, str]:
        # Into a real file: what a test captures would be in memory, too.
        with (tmp_path / "printed").open("w") as file, monkeypatch.context() as patch:
            patch.setattr("sys.stdout", file)
            tracemalloc.start()
            assert run(["desk", name, str(desk.path), *arguments]) == 0
            used = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return used, (tmp_path / "printed").read_text()

    return ran


@pytest.fixture
def long(desk: Desk, drop: Drop, tmp_path: Path) -> list[str]:
    """The ids of twelve letters of a megabyte each."""
    sent = [seal_submission(drop, f"{i} " + "x" * MEGABYTE) for i in range(12)]
    desk.take_in(write_out(tmp_path / "out", drop, [box for one in sent for box in one.boxes]))
    return [one.id.hex() for one in sent]


def test_a_list_opens_no_message(long: list[str], command: Command) -> None:
    used, printed = command("list")
    assert len(printed.splitlines()) == 13
    assert used < MEGABYTE


def test_one_submission_opens_no_other(long: list[str], command: Command) -> None:
    used, printed = command("show", long[5])
    assert "5 xxx" in printed
    assert used < 12 * MEGABYTE


def test_json_has_one_submission_in_memory_at_a_time(long: list[str], command: Command) -> None:
    used, printed = command("list", "--json")
    value = json.loads(printed)
    assert set(value) == {"submissions", "start", "total", "refused", "unclaimed", "damaged", "warnings"}
    assert sorted(one["id"] for one in value["submissions"]) == sorted(long)
    assert all(len(one["message"]) > MEGABYTE for one in value["submissions"])
    assert used < 9 * MEGABYTE


def test_an_empty_vault_lists_as_json(command: Command) -> None:
    value = json.loads(command("list", "--json")[1])
    del value["warnings"]
    assert value == {"submissions": [], "start": 0, "total": 0, "refused": [], "unclaimed": 0, "damaged": []}


def test_a_damaged_message_keeps_nobody_from_the_others(desk: Desk, drop: Drop, long: list[str], tmp_path: Path) -> None:
    # The longest record is a message; lists, imports and the search for an id need none.
    db = sqlite3.connect(desk.path / "vault.db")
    longest = db.execute("select max(length(box)) from records").fetchone()[0]
    db.execute("update records set box = zeroblob(?) where length(box) = ?", (longest, longest))
    db.commit()
    db.close()
    assert len(desk.summaries()) == 12
    other = seal_submission(drop, "short")
    assert len(desk.take_in(write_out(tmp_path / "more", drop, other.boxes)).letters) == 1
    desk.export(other.id.hex(), tmp_path / "ex")
    with pytest.raises(Refused, match="vault is damaged"):
        desk.submissions()


def states(desk: Desk) -> list[str]:
    return [words.state(one) for one in desk.summaries()]


def test_a_summary_follows_its_files_as_they_come(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    files = {"one.bin": BIG, "two.bin": BIG[1:], "same.bin": BIG}
    sent = seal_submission(drop, "hello", files)
    one, two = sent.file_boxes["one.bin"], sent.file_boxes["two.bin"]
    seen = []
    for turn, boxes in enumerate([sent.letter_boxes, one[:2], one[2:], two]):
        desk.take_in(write_out(tmp_path / f"out{turn}", drop, boxes))
        seen += states(desk)
        # What is derived at import is what all records together say.
        assert [words.state(full) for full in desk.submissions()] == seen[-1:]
        with desk.inbox() as inbox:
            assert inbox.unclaimed() == 0
    assert seen == ["3 of 3 files incomplete", "3 of 3 files incomplete", "1 of 3 files incomplete", "complete"]


def test_files_that_two_letters_name_come_for_both(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    first = seal_submission(drop, "first", {"a.bin": BIG})
    second = seal_submission(drop, "second", {"b.bin": BIG}, words=first.codename)
    desk.take_in(write_out(tmp_path / "letters", drop, first.letter_boxes + second.letter_boxes))
    assert states(desk) == ["1 of 1 file incomplete"] * 2
    desk.take_in(write_out(tmp_path / "files", drop, first.file_boxes["a.bin"]))
    assert states(desk) == ["complete"] * 2


def test_a_file_before_its_letters_counts_for_both(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    first = seal_submission(drop, "first", {"a.bin": BIG})
    second = seal_submission(drop, "second", {"b.bin": BIG}, words=first.codename)
    for turn, boxes in enumerate([first.file_boxes["a.bin"], first.letter_boxes, second.letter_boxes]):
        desk.take_in(write_out(tmp_path / f"out{turn}", drop, boxes))
        with desk.inbox() as inbox:
            assert inbox.unclaimed() == (turn == 0)
    assert states(desk) == ["complete"] * 2


def test_a_crash_before_the_summary_was_told_is_made_good_by_any_import(
    desk: Desk, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = seal_submission(drop, "hello", {"a.bin": BIG})
    desk.take_in(write_out(tmp_path / "letter", drop, sent.letter_boxes))

    def power_cut(self: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(Claims, "settle", power_cut)
        with pytest.raises(RuntimeError):
            desk.take_in(write_out(tmp_path / "files", drop, sent.file_boxes["a.bin"]))
    desk.take_in(write_out(tmp_path / "empty", drop, []))
    assert states(desk) == ["complete"]


def test_a_table_that_adds_up_to_more_than_any_number_is_listed(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    # 500 files of 2^53 - 1 bytes, of which none ever comes.
    from tests.desk.test_hostile_letters import boxed, entry
    from tests.support.drop import letter_value, new_thread, sign_letter

    _, keys = new_thread(drop)
    files = [entry(f"{i}", inside=False, size=2**53 - 1) for i in range(500)]
    stream = sign_letter(drop, keys, letter_value(drop, keys, files=files))
    desk.take_in(write_out(tmp_path / "out", drop, boxed(drop, keys, stream)))
    (one,) = desk.summaries()
    assert (one.size, one.outstanding, one.file_count) == (500 * (2**53 - 1), 500, 500)


def test_a_letter_that_only_claims_an_id_does_not_hide_the_one_that_was_read(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, "hello")
    desk.take_in(write_out(tmp_path / "out", drop, sent.boxes))
    with desk.opened() as (vault, _), vault.records.transaction():
        streams = Streams(vault.records)
        streams.add(Group("letter", sent.id, os.urandom(32), 2), 0, Place(drop.epoch, os.urandom(16), os.urandom(32)))
        streams.flush()
    assert [one.read for one in desk.summaries()] == [True, False]
    desk.export(sent.id.hex(), tmp_path / "ex")
    assert (tmp_path / "ex/message.txt").read_text() == "hello"
