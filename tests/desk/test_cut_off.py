"""A letter at which the program dies costs one import, not every import after it, and can be tried again on purpose."""

import json
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from knothole_client.desk import inbox
from knothole_client.desk.cli import words
from knothole_client.desk.reading import BATCH
from knothole_keys import clock
from knothole_keys.cli import passphrase, run
from knothole_keys.errors import Refused
from tests.desk.conftest import NOW, PASSPHRASE, Desk, snapshot
from tests.support.drop import Drop, seal_submission, write_out

read_letter: Any = inbox.read_letter
HOSTILE = "the letter at which this machine dies"


def die(stream: bytes) -> None:
    os._exit(9)


def want_too_much(stream: bytes) -> None:
    # As a letter that needs more memory than there is: the allocation itself fails.
    resource.setrlimit(resource.RLIMIT_AS, (2**31, resource.RLIM_INFINITY))
    try:
        bytearray(2**32)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def import_in_child(desk: Desk, out: Path, end: Callable[[bytes], None], again: list[str] | None = None) -> bool:
    """Import in a process of its own, in which the hostile letter ends in its own way; whether the import finished."""
    child = os.fork()
    if child == 0:

        def reading(stream: bytes, **options: Any) -> Any:
            if HOSTILE.encode() in stream:
                end(stream)
            return read_letter(stream, **options)

        inbox.read_letter = reading
        desk.take_in(out, again=again or [])
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.fixture
def out(desk: Desk, drop: Drop, tmp_path: Path) -> Path:
    """A hostile letter among more honest ones than are read together."""
    honest = [box for i in range(BATCH + 4) for box in seal_submission(drop, f"honest {i}").boxes]
    return write_out(tmp_path / "out", drop, [*honest, *seal_submission(drop, HOSTILE).boxes])


def honest(desk: Desk) -> int:
    return sum(one.message.startswith("honest") for one in desk.submissions())


def test_honest_letters_are_read_though_the_program_was_killed_at_a_hostile_one(desk: Desk, out: Path) -> None:
    runs = 0
    while not import_in_child(desk, out, die):
        runs += 1
        assert runs < 3
    assert honest(desk) == BATCH + 4
    (left,) = (one for one in desk.summaries() if not one.read)
    assert (left.have, left.group.count, left.cut_off) == (1, 1, True)


def test_one_killed_alone_is_cut_off_at_once_and_reported_each_time(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, HOSTILE)
    out = write_out(tmp_path / "out", drop, sent.boxes)
    assert not import_in_child(desk, out, die)
    for _ in range(2):
        report = desk.take_in(out)
        assert (report.letters, report.refused, report.cut_off) == ([], {}, [sent.id.hex()])
        (told,) = (line for line in words.report(report) if line.startswith("Letter "))
        assert f"--read-again {sent.id.hex()[:10]}" in told
    assert "reading was cut off" in words.state(desk.summaries()[0])
    with pytest.raises(Refused, match="was not read"):
        desk.export(sent.id.hex(), tmp_path / "ex")


def test_more_memory_than_there_is_costs_that_letter_alone(desk: Desk, out: Path) -> None:
    assert import_in_child(desk, out, want_too_much)
    assert honest(desk) == BATCH + 4
    assert [one.cut_off for one in desk.summaries() if not one.read] == [True]


def test_read_again_reads_it_and_only_once_more(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, HOSTILE)
    out, empty = write_out(tmp_path / "out", drop, sent.boxes), write_out(tmp_path / "empty", drop, [])
    assert not import_in_child(desk, out, die)
    assert not import_in_child(desk, empty, die, again=[sent.id.hex()[:8]])
    assert desk.take_in(empty).cut_off == [sent.id.hex()]
    assert desk.take_in(empty, again=[sent.id.hex()[:8].upper()]).letters == [sent.id.hex()]
    assert [(one.message, one.cut_off) for one in desk.submissions()] == [(HOSTILE, False)]
    assert desk.take_in(empty).cut_off == []


@pytest.mark.parametrize("start", ["", "zz", "0" * 65])
def test_read_again_of_what_was_not_cut_off_changes_nothing(desk: Desk, drop: Drop, tmp_path: Path, start: str) -> None:
    out = write_out(tmp_path / "out", drop, seal_submission(drop, "honest").boxes)
    before = snapshot(desk.path)
    with pytest.raises(Refused, match="0 letters whose reading was cut off"):
        desk.take_in(out, again=[start])
    assert snapshot(desk.path) == before


def test_a_letter_that_was_never_begun_is_shown_and_read_by_the_next_import(
    desk: Desk, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = seal_submission(drop, "honest")
    out = write_out(tmp_path / "out", drop, sent.boxes)
    child = os.fork()
    if child == 0:
        monkeypatch.setattr("knothole_client.desk.reading.Reading.run", lambda *_: os._exit(9))
        desk.take_in(out)
    os.waitpid(child, 0)
    (tmp_path / "passphrase").write_bytes(PASSPHRASE.passphrase)
    monkeypatch.setenv(passphrase.VARIABLE, str(tmp_path / "passphrase"))
    monkeypatch.setattr(clock, "now", lambda: NOW)
    assert run(["desk", "list", str(desk.path)]) == 0
    assert "not read yet: import again" in capsys.readouterr().out
    assert run(["desk", "list", str(desk.path), "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["submissions"]
    assert (one["id"], one["read"], one["cut_off"], one["complete"]) == (sent.id.hex(), False, False, False)
    assert one["letter"] == {"parts": 1, "have": 1}
    assert desk.take_in(out).letters == [sent.id.hex()]
