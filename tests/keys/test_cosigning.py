"""What one administrator alone might try with a roster, and what the next one's `cosign` says to it."""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from knothole_keys import clock, note, secret
from knothole_keys.admin import PURPOSE
from knothole_keys.epoch import DAY, WEEK, epoch_of
from knothole_keys.sign import Signer, new_note
from tests.keys.admins import NOW, PASSPHRASE, Newsroom, desk, weekly

WEEK_NOW = epoch_of(NOW)


def admin(newsroom: Newsroom, name: str = "admin-1") -> Signer:
    return Signer(name, secret.unlock((newsroom.drop / name / f"{name}.key").read_bytes(), PASSPHRASE, PURPOSE))


@pytest.fixture
def issued(newsroom: Newsroom) -> Path:
    """A roster with Dana and Lee, issued by the first administrator."""
    for name in ("Dana", "Lee"):
        newsroom("add", newsroom.drop, newsroom.enrol(desk(), weekly(WEEK_NOW), name=name))
    path = newsroom.path / "roster.note"
    newsroom("roster", newsroom.drop, "--admin", "admin-1", "-o", path)
    # The folder forgets it, as if another machine had issued it.
    (newsroom.drop / "rosters" / "1.note").unlink()
    return path


def resigned(newsroom: Newsroom, path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The roster changed, and signed by the first administrator, who means no good."""
    value = note.parse(path.read_bytes()).value
    change(value)
    path.write_bytes(new_note(value, [admin(newsroom)]).data)
    return path


def leave_this_week_out(value: dict[str, Any]) -> None:
    del value["recipients"][0]["epochs"][0]


def swap_names(value: dict[str, Any]) -> None:
    one, two = value["recipients"]
    one["name"], two["name"] = two["name"], one["name"]


def add_a_remark(value: dict[str, Any]) -> None:
    value["recipients"][0]["note"] = "the only one whom you can trust"


def another_key(value: dict[str, Any]) -> None:
    value["recipients"][0]["epochs"][0]["key"] = base64.b64encode(weekly(WEEK_NOW, 1)[WEEK_NOW]).decode()


def a_stranger(value: dict[str, Any]) -> None:
    signer = desk()
    mole = {"epochs": [], "id": signer.public.name, "key": signer.public.key.hex(), "name": "Mole", "note": ""}
    value["recipients"] = sorted([value["recipients"][0], mole], key=lambda one: str(one["id"]))


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        (leave_this_week_out, "though they enrolled for it"),
        (swap_names, "does not name"),
        (add_a_remark, "does not name"),
        (another_key, "is not the one that they enrolled with"),
        (a_stranger, "No enrolment of"),
    ],
)
def test_one_administrator_alone_changes_nothing(
    newsroom: Newsroom, issued: Path, change: Callable[[dict[str, Any]], None], saying: str
) -> None:
    resigned(newsroom, issued, change)
    newsroom.refused("cosign", newsroom.drop, issued, "--admin", "admin-2", saying=saying)


def test_who_is_enrolled_and_left_out_is_named_before_signing(newsroom: Newsroom, issued: Path) -> None:
    def leave_out(value: dict[str, Any]) -> None:
        gone = value["recipients"].pop()
        names.append(gone["name"])

    names: list[str] = []
    resigned(newsroom, issued, leave_out)
    said = newsroom("cosign", newsroom.drop, issued, "--admin", "admin-2")
    assert f"“{names[0]}”, who is enrolled here" in said
    assert "NOT IN IT" in said


def test_weeks_without_a_key_are_named_before_signing(newsroom: Newsroom) -> None:
    keys = weekly(WEEK_NOW, 3)
    del keys[WEEK_NOW + 1]
    newsroom("add", newsroom.drop, newsroom.enrol(desk(), keys))
    path = newsroom.path / "roster.note"
    newsroom("roster", newsroom.drop, "--admin", "admin-1", "-o", path)
    said = newsroom("cosign", newsroom.drop, path, "--admin", "admin-2")
    assert "BUT NOT" in said
    assert "Note: Dana has no key for the week" in said


def test_signature_lines_of_strangers_do_not_travel_on(newsroom: Newsroom, issued: Path) -> None:
    # With 63 of them beside a good one, a cosigner's own made 65: a note that nobody can read, kept in the folder for good.
    junk = "".join(f"— x{i} {base64.b64encode(os.urandom(68)).decode()}\n" for i in range(63))
    issued.write_bytes(issued.read_bytes() + junk.encode())
    newsroom("cosign", newsroom.drop, issued, "--admin", "admin-2")
    names = [name for name, _, _ in note.parse(issued.read_bytes()).signatures]
    assert names == ["admin-1", "admin-2"]
    newsroom("roster", newsroom.drop, "--admin", "admin-1", "-o", newsroom.path / "next.note")


def test_a_copy_with_fewer_signatures_does_not_replace_the_finished_root(newsroom: Newsroom) -> None:
    finished = newsroom.drop / "root.note"
    before = finished.read_bytes()
    parsed = note.parse(before)
    copy = newsroom.path / "copy.note"
    copy.write_bytes(note.Note(parsed.text, parsed.value, parsed.signatures[:1]).data)
    newsroom("cosign", newsroom.drop, copy, "--admin", "admin-2")
    assert finished.read_bytes() == before


@pytest.mark.parametrize("command", ["roster", "cosign"])
def test_nothing_is_signed_under_a_root_that_ran_out(
    newsroom: Newsroom, issued: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    shown = json.loads(newsroom("show", newsroom.drop / "root.note", "--json"))["notes"][0]
    monkeypatch.setattr(clock, "now", lambda: shown["expires"])
    resigned(newsroom, issued, lambda value: value.update(issued=shown["expires"] - DAY, expires=shown["expires"] + WEEK))
    output = ["-o", newsroom.path / "next.note"] if command == "roster" else [issued]
    newsroom.refused(command, newsroom.drop, *output, "--admin", "admin-2", saying="root has expired")


def test_an_enrolment_from_the_future_is_not_taken_in(newsroom: Newsroom) -> None:
    early = newsroom.enrol(desk(), weekly(WEEK_NOW), issued=NOW + DAY + 1)
    newsroom.refused("add", newsroom.drop, early, saying="issued in the future")
    newsroom("add", newsroom.drop, newsroom.enrol(desk(), weekly(WEEK_NOW), issued=NOW + DAY))


def test_a_public_key_may_have_specs_white_space_around_it_and_no_other(newsroom: Newsroom) -> None:
    newsroom("admin", newsroom.path / "ann", "--name", "ann", "-o", newsroom.path / "ann.pub")
    key = (newsroom.path / "ann.pub").read_text()
    arguments = ("--name", "One", "--admin-key", newsroom.path / "ann.pub", "--threshold", 1)
    (newsroom.path / "ann.pub").write_text(f"\x1c{key}")
    newsroom.refused("init", newsroom.path / "ann", *arguments, saying="name")
    (newsroom.path / "ann.pub").write_text(f"\ufeff {key}\r\n")
    newsroom("init", newsroom.path / "ann", *arguments)
