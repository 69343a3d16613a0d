"""Weekly secrets go when both clocks agree, and what was imported before opens for ever."""

from pathlib import Path

import pytest

from knothole_client.desk import drop as drops
from knothole_client.desk.drop import Known
from knothole_client.desk.expiry import judge, limit
from knothole_keys.epoch import DAY, end
from tests.desk.conftest import NOW, Desk
from tests.support.drop import Drop, make_drop, seal_submission, write_out


def known_at(drop: Drop, issued: int | None) -> Known:
    begun = drops.first(drop.chain_bytes, NOW)
    if issued is None:
        return begun
    return drops.meet_roster(begun, drop.issue(now=issued).note.data, issued)[0]


@pytest.mark.parametrize(
    ("clock", "issued", "expired"),
    [
        (0, 0, True),
        (0, 5 * DAY, True),
        (300 * DAY, 0, True),
        (-1, 0, False),
        (0, -1, False),
        (300 * DAY, -1, False),
        (-1, 300 * DAY, False),
        (0, None, False),
    ],
)
def test_both_clocks_must_be_past_the_limit(clock: int, issued: int | None, expired: bool) -> None:
    drop = make_drop(recipients=[], now=NOW, retention_days=28)
    due = end(drop.epoch) + 42 * DAY
    known = known_at(drop, None if issued is None else due + issued)
    (verdict,) = judge([drop.epoch], known, due + clock)
    assert (verdict.expired, bool(verdict.why)) == (expired, not expired)


def test_the_limit_follows_the_roots_retention() -> None:
    for days in (1, 28, 365):
        drop = make_drop(recipients=[], now=NOW, retention_days=days)
        assert limit(drop.epoch, known_at(drop, None)) == end(drop.epoch) + (days + 14) * DAY


def test_a_destroyed_week_opens_nothing_new_and_keeps_what_was_imported(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    before, late = seal_submission(drop, "before"), seal_submission(drop, "late")
    next_week = seal_submission(drop, "next week", epoch=drop.epoch + 1)
    desk.take_in(write_out(tmp_path / "out", drop, before.boxes))
    desk.destroy(drop.epoch)
    report = desk.take_in(write_out(tmp_path / "out", drop, late.boxes + next_week.boxes))
    assert (report.known, report.keyless, report.kept) == (1, 1, 1)
    assert report.keyless_epochs == {drop.epoch}
    assert {one.message for one in desk.submissions()} == {"before", "next week"}
    assert desk.export(before.id.hex(), tmp_path / "ex").incomplete == []


def test_half_a_file_of_a_destroyed_week_is_finished_from_the_next(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    data = bytes(range(256)) * 2500
    first = seal_submission(drop, "hello", {"a.bin": data})
    again = seal_submission(drop, "hello", {"a.bin": data}, words=first.codename, epoch=drop.epoch + 1)
    desk.take_in(write_out(tmp_path / "one", drop, first.boxes[:2]))
    desk.destroy(drop.epoch)
    desk.take_in(write_out(tmp_path / "two", drop, first.boxes[2:]))
    assert not desk.submissions()[0].complete
    desk.take_in(write_out(tmp_path / "three", drop, again.boxes))
    assert desk.export(first.id.hex(), tmp_path / "ex").incomplete == []
    assert (tmp_path / "ex/files/a.bin").read_bytes() == data
