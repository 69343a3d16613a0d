"""What administrators do, through the command line: every refusal leaves the folder as it was."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from knothole_keys import clock, note, root, secret
from knothole_keys.admin import PURPOSE
from knothole_keys.cli import run
from knothole_keys.epoch import WEEK, epoch_of
from knothole_keys.root import read_chain
from knothole_keys.roster import read_roster
from knothole_keys.sign import Signer, new_note
from tests.keys.admins import NOW, PASSPHRASE, Newsroom, desk, weekly


def test_a_roster_needs_its_threshold_and_then_names_who_joined(newsroom: Newsroom) -> None:
    dana = desk()
    newsroom("add", newsroom.drop, newsroom.enrol(dana, weekly(epoch_of(NOW))))
    note_path = newsroom.path / "roster.note"
    newsroom("roster", newsroom.drop, "--admin", "admin-1", "-o", note_path)
    chain = read_chain((newsroom.drop / "root.note").read_bytes())
    with pytest.raises(Exception, match="1 of the 2 signatures"):
        read_roster(note_path.read_bytes(), chain, now=NOW)
    newsroom.refused("cosign", newsroom.drop, note_path, "--admin", "admin-1", saying="signed this already")
    newsroom("cosign", newsroom.drop, note_path, "--admin", "admin-3")
    roster = read_roster(note_path.read_bytes(), chain, now=NOW)
    assert [(r.name, sorted(r.epochs)) for r in roster.recipients] == [
        ("Dana", [epoch_of(NOW), epoch_of(NOW) + 1, epoch_of(NOW) + 2])
    ]
    lee = desk()
    newsroom("add", newsroom.drop, newsroom.enrol(lee, weekly(epoch_of(NOW)), name="Lee"))
    newsroom("revoke", newsroom.drop, dana.public.name[:6])
    said = newsroom("roster", newsroom.drop, "--admin", "admin-1", "-o", note_path)
    assert f"JOINS: {lee.public.name}  “Lee”" in said
    assert f"LEAVES: {dana.public.name}  “Dana”" in said
    newsroom("cosign", newsroom.drop, note_path, "--admin", "admin-2")
    second = read_roster(note_path.read_bytes(), chain, now=NOW, known=roster)
    assert second.version == 2
    assert second.note.value["previous"] == roster.hash.hex()


def test_a_published_key_is_never_replaced_not_even_after_revoking(newsroom: Newsroom) -> None:
    dana, week = desk(), epoch_of(NOW)
    newsroom("add", newsroom.drop, newsroom.enrol(dana, weekly(week)))
    newsroom.refused("add", newsroom.drop, newsroom.enrol(dana, weekly(week)), saying="changes a key of Dana")
    newsroom("roster", newsroom.drop, "--admin", "admin-1", "-o", newsroom.path / "roster.note")
    newsroom("revoke", newsroom.drop, dana.public.name)
    again = newsroom.enrol(dana, weekly(week))
    newsroom.refused("add", newsroom.drop, again, saying="was revoked")
    newsroom.refused("add", newsroom.drop, again, "--again", saying="changes a key of Dana")


def test_enrolling_again_brings_the_weeks_to_come(newsroom: Newsroom) -> None:
    dana, week = desk(), epoch_of(NOW)
    first = weekly(week, 2)
    newsroom("add", newsroom.drop, newsroom.enrol(dana, first))
    newsroom("add", newsroom.drop, newsroom.enrol(dana, {**first, **weekly(week + 2, 2)}))
    newsroom("roster", newsroom.drop, "--admin", "admin-1", "--days", 21, "-o", newsroom.path / "roster.note")
    shown = json.loads(newsroom("show", newsroom.path / "roster.note", "--json"))
    assert [e["epoch"] for e in shown["notes"][0]["recipients"][0]["epochs"]] == [week, week + 1, week + 2, week + 3]


def test_rosters_carry_only_the_weeks_that_they_touch(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    dana, week = desk(), epoch_of(NOW)
    newsroom("add", newsroom.drop, newsroom.enrol(dana, weekly(week, 12)))
    monkeypatch.setattr(clock, "now", lambda: NOW + 4 * WEEK)
    newsroom("roster", newsroom.drop, "--admin", "admin-1", "--days", 7, "-o", newsroom.path / "roster.note")
    chain = read_chain((newsroom.drop / "root.note").read_bytes())
    newsroom("cosign", newsroom.drop, newsroom.path / "roster.note", "--admin", "admin-2")
    roster = read_roster((newsroom.path / "roster.note").read_bytes(), chain, now=clock.now())
    assert sorted(roster.recipients[0].epochs) == [week + 3, week + 4, week + 5]


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        ({"drop_id": "00" * 32}, "another drop"),
        ({"id": "00" * 8}, "does not belong to its key"),
        ({"epochs": []}, "not a list within its limits"),
        ({"epochs": [{"epoch": 1, "key": base64.b64encode(bytes(1216)).decode()}]}, "cannot be sealed to"),
        ({"epochs": [{"epoch": 1, "key": base64.b64encode(b"\xff" * 1216).decode()}]}, "cannot be sealed to"),
        ({"name": "Dana\u202egnp"}, "must not hold"),
        ({"name": ""}, "1 to 64 bytes"),
        ({"note": "n" * 501}, "0 to 500 bytes"),
        ({"type": "knothole-roster/1"}, "not an enrolment"),
    ],
)
def test_an_enrolment_that_is_refused(newsroom: Newsroom, change: dict[str, Any], saying: str) -> None:
    newsroom.refused("add", newsroom.drop, newsroom.enrol(desk(), weekly(epoch_of(NOW), 1), **change), saying=saying)


def test_an_enrolment_signed_by_somebody_else(newsroom: Newsroom) -> None:
    dana, mallory = desk(), desk()
    path = newsroom.enrol(dana, weekly(epoch_of(NOW), 1))
    honest = note.parse(path.read_bytes())
    path.write_bytes(new_note(honest.value, [mallory]).data)
    newsroom.refused("add", newsroom.drop, path, saying="0 of the 1 signatures")


def test_more_recipients_than_slots(newsroom: Newsroom) -> None:
    for name in ("Dana", "Lee"):
        newsroom("add", newsroom.drop, newsroom.enrol(desk(), weekly(epoch_of(NOW), 1), name=name))
    newsroom.refused("add", newsroom.drop, newsroom.enrol(desk(), weekly(epoch_of(NOW), 1), name="Kim"), saying="2 slots")


def test_a_cosigner_refuses_an_edited_roster(newsroom: Newsroom) -> None:
    newsroom("add", newsroom.drop, newsroom.enrol(desk(), weekly(epoch_of(NOW), 1)))
    path = newsroom.path / "roster.note"
    newsroom("roster", newsroom.drop, "--admin", "admin-1", "-o", path)
    honest = path.read_bytes()
    path.write_bytes(honest.replace(b"Dana", b"Mole"))
    newsroom.refused("cosign", newsroom.drop, path, "--admin", "admin-2", saying="changed after signing")
    path.write_bytes(honest.split(b"\n\n")[0] + b"\n\n")
    newsroom.refused("cosign", newsroom.drop, path, "--admin", "admin-2", saying="its end is missing")


def test_a_cosigner_refuses_a_second_roster_of_the_same_version(newsroom: Newsroom, tmp_path: Path) -> None:
    path = newsroom.path / "roster.note"
    newsroom("roster", newsroom.drop, "--admin", "admin-1", "-o", path)
    chain_value = note.parse(path.read_bytes()).value
    key = newsroom.drop / "admin-1" / "admin-1.key"
    seed = secret.unlock(key.read_bytes(), PASSPHRASE, PURPOSE)
    other = new_note({**chain_value, "expires": chain_value["expires"] - 1}, [Signer("admin-1", seed)])
    path.write_bytes(other.data)
    newsroom.refused("cosign", newsroom.drop, path, "--admin", "admin-2", saying="the same version")


def test_a_wrong_passphrase_signs_nothing(newsroom: Newsroom) -> None:
    newsroom("roster", newsroom.drop, "--admin", "admin-1", "-o", newsroom.path / "roster.note")
    Path(os.environ["KNOTHOLE_PASSPHRASE_FILE"]).write_text("something else entirely\n")
    newsroom.refused(
        "roster", newsroom.drop, "--admin", "admin-1", "-o", newsroom.path / "roster.note", saying="passphrase is wrong"
    )
    newsroom.refused("cosign", newsroom.drop, newsroom.path / "roster.note", "--admin", "admin-2", saying="passphrase is wrong")


def test_a_drop_is_never_made_over_another(newsroom: Newsroom) -> None:
    arguments = ("init", newsroom.drop, "--name", "Other", "--admins", 1, "--threshold", 1)
    newsroom.refused(*arguments, saying="left as it is")


@pytest.mark.parametrize(
    "options",
    [
        ("--admins", 2, "--threshold", 3),
        ("--admins", 1, "--threshold", 1, "--box-size", 1_000_000),
        ("--admins", 1, "--threshold", 1, "--box-size", 2**25),
        ("--admins", 1, "--threshold", 1, "--slots", 17),
        ("--admins", 1, "--threshold", 1, "--days", 404),
        ("--admins", 1, "--threshold", 1, "--retention", 0),
    ],
)
def test_a_drop_outside_the_limits_is_not_made(newsroom: Newsroom, options: tuple[object, ...]) -> None:
    newsroom.refused("init", newsroom.path / "new", "--name", "New", *options, saying="not a ")
    assert not (newsroom.path / "new").exists()


def test_three_machines_make_one_drop(newsroom: Newsroom) -> None:
    folders = [newsroom.path / name for name in ("ann", "ben", "eve")]
    for folder in folders:
        newsroom("admin", folder, "--name", folder.name, "-o", newsroom.path / f"{folder.name}.pub")
    publics = [word for f in folders for word in ("--admin-key", newsroom.path / f"{f.name}.pub")]
    newsroom("init", folders[0], "--name", "Three", *publics, "--threshold", 2)
    travelling = newsroom.path / "root.note"
    travelling.write_bytes((folders[0] / "root.note").read_bytes())
    newsroom.refused("fingerprint", travelling, saying="1 of the 3 signatures")
    newsroom("cosign", folders[1], travelling, "--admin", "ben")
    newsroom("cosign", folders[2], travelling, "--admin", "eve")
    fingerprint = newsroom("fingerprint", travelling).strip()
    assert root.parse_fingerprint(fingerprint.upper()) == read_chain(travelling.read_bytes()).drop_id
    assert newsroom("fingerprint", folders[2] / "root.note").strip() == fingerprint
    # The first two folders have a root that lacks signatures, until they take the finished one in.
    enrolment = newsroom.enrol(desk(), weekly(epoch_of(NOW)), drop_id=read_chain(travelling.read_bytes()).drop_id.hex())
    newsroom.refused("add", folders[0], enrolment, saying="not signed by all administrators yet")
    for folder in folders[:2]:
        newsroom("cosign", folder, travelling)
        assert (folder / "root.note").read_bytes() == travelling.read_bytes()
    newsroom("add", folders[0], enrolment)
    newsroom("roster", folders[0], "-o", newsroom.path / "roster.note")
    # Whoever cosigns vouches for each weekly key, so the enrolment goes to them, too.
    newsroom.refused("cosign", folders[1], newsroom.path / "roster.note", saying="No enrolment taken in here")
    newsroom("add", folders[1], enrolment)
    newsroom("cosign", folders[1], newsroom.path / "roster.note")
    read_roster((newsroom.path / "roster.note").read_bytes(), read_chain(travelling.read_bytes()), now=NOW)


def test_help_loads_no_room(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert "knothole" in capsys.readouterr().out
    assert run(["keys", "nonsense"]) == 2


def test_the_next_roster_continues_one_made_under_an_earlier_root(newsroom: Newsroom) -> None:
    newsroom("roster", newsroom.drop, "--admin", "admin-1", "-o", newsroom.path / "roster.note")
    first = note.parse((newsroom.drop / "rosters" / "1.note").read_bytes())
    signers = [
        Signer(name, secret.unlock((newsroom.drop / name / f"{name}.key").read_bytes(), PASSPHRASE, PURPOSE))
        for name in ("admin-1", "admin-2")
    ]
    old = read_chain((newsroom.drop / "root.note").read_bytes()).current
    value = {
        **old.note.value,
        "version": 2,
        "drop_id": old.note.hash.hex(),
        "previous": old.note.hash.hex(),
        "issued": NOW + 1,
        "expires": NOW + WEEK,
    }
    (newsroom.drop / "root.note").write_bytes(old.note.data + new_note(value, signers).data)
    newsroom("roster", newsroom.drop, "--admin", "admin-1", "-o", newsroom.path / "roster.note")
    second = note.parse((newsroom.path / "roster.note").read_bytes()).value
    assert (second["version"], second["root_version"], second["previous"]) == (2, 2, first.hash.hex())
