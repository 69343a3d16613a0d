"""Rosters that never got their signatures: they hide nobody's leaving, and a wrong clock's stand in nobody's way."""

import pytest

from knothole_keys import clock
from knothole_keys.epoch import DAY, epoch_of
from tests.keys.admins import NOW, Newsroom, desk, weekly


def issue(newsroom: Newsroom, name: str, *cosigners: str) -> str:
    path = newsroom.path / name
    said = newsroom("roster", newsroom.drop, "--admin", "admin-1", "-o", path)
    for one in cosigners:
        newsroom("cosign", newsroom.drop, path, "--admin", one)
    return said


def turn(monkeypatch: pytest.MonkeyPatch, now: int) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


def test_a_clock_once_ahead_does_not_date_the_next_roster(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    issue(newsroom, "1.note", "admin-2")
    turn(monkeypatch, NOW + 90 * DAY)
    issue(newsroom, "2.note")
    issue(newsroom, "3.note")
    turn(monkeypatch, NOW)
    newsroom.refused(
        "cosign", newsroom.drop, newsroom.path / "2.note", "--admin", "admin-2", saying="a machine whose clock was ahead"
    )
    assert "Roster 2 of" in issue(newsroom, "again.note", "admin-2")
    assert sorted(path.name for path in (newsroom.drop / "rosters").iterdir()) == ["1.note", "2.note"]
    turn(monkeypatch, NOW + 91 * DAY)
    assert "Roster 3 of" in issue(newsroom, "next.note", "admin-2")


def test_a_finished_roster_of_the_future_names_both_dates(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    turn(monkeypatch, NOW + 90 * DAY)
    issue(newsroom, "1.note", "admin-2")
    turn(monkeypatch, NOW)
    dates = f"clock says {clock.day_of(NOW)}, but roster 1 is dated {clock.day_of(NOW + 90 * DAY)}"
    newsroom.refused("roster", newsroom.drop, "--admin", "admin-1", "-o", newsroom.path / "2.note", saying=dates)


def test_who_leaves_and_joins_by_a_draft_is_named_again_by_the_next(newsroom: Newsroom) -> None:
    dana, lee = desk(), desk()
    newsroom("add", newsroom.drop, newsroom.enrol(dana, weekly(epoch_of(NOW))))
    issue(newsroom, "1.note", "admin-2")
    newsroom("revoke", newsroom.drop, dana.public.name)
    newsroom("add", newsroom.drop, newsroom.enrol(lee, weekly(epoch_of(NOW)), name="Lee"))
    issue(newsroom, "2.note")
    issue(newsroom, "3.note")
    made = issue(newsroom, "4.note")
    signed = newsroom("cosign", newsroom.drop, newsroom.path / "4.note", "--admin", "admin-2")
    for said in (made, signed):
        assert f"LEAVES: {dana.public.name}" in said
        assert f"JOINS: {lee.public.name}" in said
        assert "Rosters 2 and 3 were never finished here." in said


def test_a_roster_that_is_missing_here_is_named(newsroom: Newsroom) -> None:
    for version in (1, 2, 3):
        issue(newsroom, f"{version}.note", "admin-2")
    for version in (2, 3):
        (newsroom.drop / "rosters" / f"{version}.note").unlink()
    said = newsroom("cosign", newsroom.drop, newsroom.path / "3.note")
    assert "Roster 2 is not known here." in said
