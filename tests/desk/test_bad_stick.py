"""A stick that gives back less than was copied to it: what cannot be read is named, never passed over as something odd."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from knothole_keys import clock
from knothole_keys.cli import passphrase, run
from tests.desk.conftest import NOW, PASSPHRASE, Desk
from tests.support.drop import Drop, Sent, seal_submission, write_out

BIG = os.urandom(700_000)
Fail = Callable[[str, int], None]


@pytest.fixture
def sent(desk: Desk, drop: Drop) -> Sent:
    return seal_submission(drop, "hello", {"big.bin": BIG})


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """`failing(name, errno)`: the disk fails whenever a file or folder of this name is opened."""
    real: Any = os.open

    def fail(name: str, number: int) -> None:
        def opened(path: Any, *arguments: Any, **options: Any) -> int:
            if str(path) == name and "dir_fd" in options:
                raise OSError(number, os.strerror(number))
            found: int = real(path, *arguments, **options)
            return found

        monkeypatch.setattr(os, "open", opened)

    return fail


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES])
def test_a_box_that_cannot_be_read_is_named(
    desk: Desk, drop: Drop, sent: Sent, tmp_path: Path, failing: Fail, number: int
) -> None:
    out = write_out(tmp_path / "out", drop, sent.boxes)
    failing(f"{sent.boxes[1].id.hex()}.box", number)
    report = desk.take_in(out)
    assert (report.unreadable, report.odd, report.kept) == ([f"{drop.epoch}/{sent.boxes[1].id.hex()}"], 0, 3)


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES])
def test_a_week_that_cannot_be_read_is_named_and_the_others_are_imported(
    desk: Desk, drop: Drop, sent: Sent, tmp_path: Path, failing: Fail, number: int
) -> None:
    next_week = seal_submission(drop, "later", epoch=drop.epoch + 1)
    out = write_out(tmp_path / "out", drop, sent.boxes + next_week.boxes)
    failing(str(drop.epoch), number)
    report = desk.take_in(out)
    assert (report.unreadable_folders, report.odd, report.kept) == ([str(drop.epoch)], 0, 1)


def test_what_was_set_aside_and_cannot_be_read_is_named(
    desk: Desk, drop: Drop, sent: Sent, tmp_path: Path, failing: Fail
) -> None:
    out = write_out(tmp_path / "out", drop, sent.boxes)
    (out / "set-aside").mkdir()
    failing("set-aside", errno.EIO)
    report = desk.take_in(out)
    assert (report.unreadable_folders, report.odd, report.kept) == (["set-aside"], 0, 4)


@pytest.mark.parametrize("length", [0, 1, 2**18 - 1])
def test_a_box_cut_short_is_told_from_a_forged_one(desk: Desk, drop: Drop, sent: Sent, tmp_path: Path, length: int) -> None:
    out = write_out(tmp_path / "out", drop, sent.boxes)
    os.truncate(out / str(drop.epoch) / f"{sent.boxes[1].id.hex()}.box", length)
    report = desk.take_in(out)
    assert (report.partial, report.wrong, report.kept) == ([f"{drop.epoch}/{sent.boxes[1].id.hex()}"], [], 3)


@pytest.mark.parametrize("harm", ["box", "week", "cut"])
def test_the_command_exits_1_says_what_to_do_and_keeps_the_rest(
    desk: Desk,
    drop: Drop,
    sent: Sent,
    tmp_path: Path,
    failing: Fail,
    harm: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    next_week = seal_submission(drop, "later", epoch=drop.epoch + 1)
    out = write_out(tmp_path / "out", drop, sent.boxes + next_week.boxes)
    name = f"{sent.boxes[1].id.hex()}.box"
    if harm == "cut":
        os.truncate(out / str(drop.epoch) / name, 5000)
    else:
        failing(name if harm == "box" else str(drop.epoch), errno.EIO)
    (tmp_path / "passphrase").write_bytes(PASSPHRASE.passphrase)
    monkeypatch.setenv(passphrase.VARIABLE, str(tmp_path / "passphrase"))
    monkeypatch.setattr(clock, "now", lambda: NOW)
    assert run(["desk", "import", str(desk.path), str(out)]) == 1
    told = capsys.readouterr()
    assert "copy it again" in told.out
    assert ("only in part" in told.out) == (harm == "cut")
    assert told.err.splitlines()[-1].startswith("knothole: Not all of ")
    assert "later" in {one.message for one in desk.submissions()}
    monkeypatch.undo()
    assert desk.take_in(write_out(out, drop, sent.boxes)).kept in (1, 4)
    assert all(one.complete for one in desk.submissions())
