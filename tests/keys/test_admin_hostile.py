"""What administrators are handed by others: notes of any shape to look at, enrolments for years."""

import json
from pathlib import Path
from typing import Any

import pytest

from knothole_keys import clock
from knothole_keys.admin import AdminFolder
from knothole_keys.cli import run
from knothole_keys.epoch import WEEK
from knothole_keys.errors import MalformedEnrolment
from tests.keys.making import drop


def folder_of(path: Path, monkeypatch: pytest.MonkeyPatch) -> AdminFolder:
    (path / "root.note").write_bytes(drop.ROOT)
    monkeypatch.setattr(clock, "now", lambda: drop.NOW)
    return AdminFolder(path)


def enrolment_for(weeks: range) -> bytes:
    value = {**drop.journalist("dana", weeks).value(), "type": "knothole-enrolment/1"}
    return drop.note_of({**value, "drop_id": drop.DROP_ID.hex(), "issued": drop.NOW}, [drop.long_term("dana")])


def test_years_of_enrolments_leave_the_folder_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path, monkeypatch)
    for start in range(0, 160, 20):
        monkeypatch.setattr(clock, "now", lambda start=start: drop.NOW + start * WEEK)
        folder.add(enrolment_for(range(start, start + 30)))
        (dana,) = folder.recipients()
        assert {drop.EPOCH + week for week in range(start, start + 30)} <= set(dana.epochs)
        assert len(dana.epochs) <= 60


def test_keys_that_are_still_to_be_used_are_never_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path, monkeypatch)
    folder.add(enrolment_for(range(0, 8)))
    with pytest.raises(MalformedEnrolment, match=r"more than 60 weeks"):
        folder.add(enrolment_for(range(8, 68)))
    (dana,) = folder.recipients()
    assert sorted(dana.epochs) == [drop.EPOCH + week for week in range(8)]


ODD: dict[str, Any] = {
    "a name that clears the screen": {"recipients": [{"id": "x", "name": "\x1b[2J\x07evil\r"}]},
    "a version that is a text": {"version": "\x1b[31m2"},
    "recipients that are a number": {"recipients": 5},
    "recipients that are texts": {"recipients": ["a", "b"]},
    "no recipients": {"recipients": None},
    "very many recipients": {"recipients": [{}] * 10_000},
    "times beyond the calendar": {"issued": 2**53 - 2, "expires": 2**53 - 1},
    "another type": {"type": ["knothole-roster/1"]},
}


@pytest.mark.parametrize("kind", ["root", "roster", "enrolment"])
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("as_json", [False, True])
def test_any_note_can_be_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, odd: dict[str, Any], as_json: bool
) -> None:
    value = {"root": drop.root_value(), "roster": drop.roster_value(), "enrolment": {"type": "knothole-enrolment/1"}}[kind]
    changed = {name: member for name, member in {**value, **odd}.items() if member is not None}
    path = tmp_path / "note"
    path.write_bytes(drop.note_of(changed, [drop.ANA]))
    code = run(["keys", "show", str(path), *(["--json"] if as_json else [])])
    out, err = capsys.readouterr()
    assert (code, bool(out), bool(err)) in [(0, True, False), (1, False, True)]
    assert all(line.isprintable() for line in (out + err).splitlines())
    assert code == 1 or not as_json or json.loads(out)


def test_a_refusal_cannot_write_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "root\x1b[2J\nforged line.note"
    assert run(["keys", "fingerprint", str(path)]) == 1
    assert capsys.readouterr().err.removesuffix("\n").isprintable()
