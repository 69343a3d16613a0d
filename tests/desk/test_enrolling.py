"""Enrolments: bound to one drop, the same keys for ever."""

from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_client.desk import enrolling, vault
from knothole_keys import enrolment
from knothole_keys.epoch import DAY, WEEK
from knothole_keys.errors import BadSignature, BrokenChain, MalformedNote, Refused, RootExpired, WrongDrop
from knothole_keys.trial import try_recipient
from tests.desk.conftest import PASSPHRASE, Desk
from tests.support.drop import Drop, make_drop


@pytest.fixture
def fresh(drop: Drop, tmp_path: Path) -> Desk:
    return Desk(tmp_path / "vault", drop)


def test_an_administrator_can_take_it_in(fresh: Desk, drop: Drop) -> None:
    made = fresh.enrol()
    read = enrolment.read_enrolment(made.data, drop_id=drop.drop_id)
    try_recipient(read.recipient)
    assert read.recipient.name == "Ada"
    assert sorted(read.recipient.epochs) == list(range(drop.epoch, drop.epoch + 8))
    assert made.lost == []


def test_again_gives_the_same_keys_and_adds_weeks(fresh: Desk, drop: Drop) -> None:
    first, second = fresh.enrol(weeks=3).recipient, fresh.enrol(weeks=5).recipient
    assert first.id == second.id
    assert len(second.epochs) == 5
    assert {epoch: second.epochs[epoch] for epoch in first.epochs} == first.epochs


def test_fewer_weeks_still_export_all_that_are_known(fresh: Desk) -> None:
    assert fresh.enrol(weeks=6).recipient.epochs == fresh.enrol(weeks=1).recipient.epochs


def test_past_weeks_are_not_exported_again(fresh: Desk, drop: Drop) -> None:
    fresh.enrol(weeks=3)
    later = fresh.enrol(weeks=3, now=drop.now + 2 * WEEK).recipient
    assert sorted(later.epochs) == [drop.epoch + 2, drop.epoch + 3, drop.epoch + 4]


def test_a_destroyed_week_never_gets_a_second_key(fresh: Desk, drop: Drop) -> None:
    fresh.enrol(weeks=3)
    fresh.destroy(drop.epoch + 1)
    made = fresh.enrol(weeks=3)
    assert sorted(made.recipient.epochs) == [drop.epoch, drop.epoch + 2]
    assert made.lost == [drop.epoch + 1]


def test_nothing_left_to_export_is_refused(fresh: Desk, drop: Drop) -> None:
    fresh.enrol(weeks=1)
    fresh.destroy(drop.epoch)
    with pytest.raises(Refused, match="never replaced"):
        fresh.enrol(weeks=1)


def test_a_crash_after_the_keys_exports_the_same_ones(fresh: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(*_: object) -> bytes:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(enrolling, "_write", power_cut)
        with pytest.raises(RuntimeError):
            fresh.enrol()
    with fresh.opened() as (_, keyring):
        before = {epoch: keyring.seed(epoch) for epoch in keyring.epochs}
    made = fresh.enrol()
    with fresh.opened() as (_, keyring):
        assert {epoch: keyring.seed(epoch) for epoch in made.recipient.epochs} == before


def test_another_drop_is_refused_for_ever(fresh: Desk, unchanged: Callable[[Path], Callable[[], None]]) -> None:
    fresh.enrol()
    check = unchanged(fresh.path)
    with pytest.raises(WrongDrop):
        fresh.enrol(roots=make_drop(recipients=[], now=fresh.drop.now).chain_bytes)
    check()


def test_the_first_enrolment_needs_roots(drop: Drop, fresh: Desk) -> None:
    with fresh.opened() as (one, keyring), pytest.raises(Refused, match="--root"):
        enrolling.enrol(one, keyring, roots=None, weeks=8, note=None, now=drop.now)
    fresh.enrol()
    with fresh.opened() as (one, keyring):
        again = enrolling.enrol(one, keyring, roots=None, weeks=8, note=None, now=drop.now)
    assert again.known.drop_id == drop.drop_id


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda data: data[:-5], MalformedNote),
        (lambda data: data.replace(b"The Test Drop", b"The Best Drop"), BadSignature),
        (lambda data: b"", BrokenChain),
    ],
)
def test_damaged_roots_pin_nothing(fresh: Desk, drop: Drop, damage: Callable[[bytes], bytes], error: type[Exception]) -> None:
    with pytest.raises(error):
        fresh.enrol(roots=damage(drop.chain_bytes))
    with fresh.opened() as (_, keyring):
        assert keyring.epochs == []
    fresh.enrol()


def test_an_expired_root_is_refused(fresh: Desk, drop: Drop) -> None:
    with pytest.raises(RootExpired):
        fresh.enrol(now=drop.now + 366 * DAY)


def test_the_note_is_remembered(fresh: Desk, drop: Drop) -> None:
    with fresh.opened() as (one, keyring):
        enrolling.enrol(one, keyring, roots=drop.chain_bytes, weeks=1, note="Investigations", now=drop.now)
    assert fresh.enrol().recipient.note == "Investigations"
    with fresh.opened() as (one, keyring), pytest.raises(Refused, match="note"):
        enrolling.enrol(one, keyring, roots=None, weeks=1, note="two\nlines", now=drop.now)
    assert fresh.enrol().recipient.note == "Investigations"


def test_two_desks_have_nothing_in_common(drop: Drop, tmp_path: Path) -> None:
    desks = [Desk(tmp_path / name, drop).enrol().recipient for name in ("one", "two")]
    assert desks[0].id != desks[1].id
    assert not set(desks[0].epochs.values()) & set(desks[1].epochs.values())


def test_a_vault_that_was_never_enrolled_imports_nothing(fresh: Desk, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(Refused, match="enrol it first"):
        fresh.take_in(tmp_path / "out")
    with vault.opened(fresh.path, PASSPHRASE) as one:
        assert enrolling.exported(one) == set()
