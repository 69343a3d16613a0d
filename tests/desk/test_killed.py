"""kill -9 of the desk at any moment of an import, an enrolment, a rotation, a destruction: every vault opens, nothing that
was done is undone, nothing that was destroyed comes back, and doing it again finishes the work.
"""

import os
import shutil
from pathlib import Path

import pytest

from knothole_keys.epoch import WEEK
from tests.desk.conftest import Desk, snapshot, whole
from tests.desk.killing import Killer, at, copy_of, leftovers
from tests.support.drop import Drop, seal_submission, write_out

pytestmark = pytest.mark.timeout(7200)


@pytest.fixture
def killer() -> Killer:
    return Killer()


def finish(desk: Desk, out: Path) -> None:
    """Import once more, as its journalist would: letters at whose reading the desk was killed twice are asked for by name."""
    report = desk.take_in(out)
    if report.cut_off:
        assert desk.take_in(out, again=report.cut_off).cut_off == []


def secrets_of(desk: Desk) -> dict[int, bytes | None]:
    """Every weekly secret that the vault has, by epoch, read anew."""
    with desk.opened() as (_, keyring):
        return {epoch: keyring.seed(epoch) for epoch in keyring.epochs}


def test_an_import_killed_at_any_moment_is_finished_by_another(
    desk: Desk, drop: Drop, tmp_path: Path, killer: Killer, moments: int
) -> None:
    film = os.urandom(10_000_000)
    sent = seal_submission(drop, "the film", {"film.mp4": film})
    others = [seal_submission(drop, f"letter {number}") for number in range(12)]
    boxes = [*sent.boxes, *(box for one in others for box in one.boxes)]
    out = write_out(tmp_path / "carried", drop, boxes)
    carried = snapshot(out)
    killer.measure(lambda: at(desk, copy_of(desk.path, tmp_path / "trial")).take_in(out))
    broken = at(desk, copy_of(desk.path, tmp_path / "broken"))
    for number in range(moments):
        # A vault is broken up to five times, and a new one is taken when an import came to its end.
        if not killer.kill(lambda one=broken: one.take_in(out)) or number % 5 == 4:  # type: ignore[misc]
            finish(broken, out)
            assert len(broken.summaries()) == 13
            assert broken.take_in(out).known == len(boxes)
            broken = at(desk, copy_of(desk.path, tmp_path / "broken"))
        broken.summaries()  # it opens, and lists what it has
    finish(broken, out)
    report = broken.take_in(out)
    assert (report.kept, report.known) == (0, len(boxes))
    found = {one.message: one for one in broken.submissions()}
    assert set(found) == {"the film", *(f"letter {number}" for number in range(12))}
    assert all(one.complete for one in found.values())
    exported = broken.export(found["the film"].id, tmp_path / "film")
    assert exported.incomplete == []
    assert (tmp_path / "film" / "files" / "film.mp4").read_bytes() == film
    assert leftovers(broken.path) == []
    assert snapshot(out) == carried
    killer.check(moments)


def test_keys_made_while_being_killed_are_whole_and_never_change(
    desk: Desk, drop: Drop, tmp_path: Path, killer: Killer, moments: int
) -> None:
    killer.measure(lambda: at(desk, copy_of(desk.path, tmp_path / "trial")).enrol(weeks=12))
    broken = at(desk, copy_of(desk.path, tmp_path / "broken"))
    known = dict(broken.enrol(weeks=1).recipient.epochs)
    now = drop.now
    for number in range(moments):
        now += WEEK * (number % 2)
        before = secrets_of(broken)
        killer.kill(lambda now=now: broken.enrol(weeks=4, now=now))  # type: ignore[misc]
        killed = secrets_of(broken)
        assert before.items() <= killed.items(), "a secret was lost or changed"
        enrolled = broken.enrol(weeks=4, now=now)
        assert killed.items() <= secrets_of(broken).items()
        for epoch, key in enrolled.recipient.epochs.items():
            assert known.setdefault(epoch, key) == key, "a published key changed"
    killer.check(moments)


def test_what_is_destroyed_while_being_killed_is_there_whole_or_gone_for_good(
    desk: Desk, drop: Drop, tmp_path: Path, killer: Killer, moments: int
) -> None:
    desk.take_in(write_out(tmp_path / "kept", drop, seal_submission(drop, "imported", {"a.bin": os.urandom(400_000)}).boxes))
    late = write_out(tmp_path / "late", drop, seal_submission(drop, "not imported").boxes)
    with desk.opened() as (_, keyring):
        before = set(keyring.epochs)
    killer.measure(lambda: at(desk, copy_of(desk.path, tmp_path / "trial")).destroy(drop.epoch))
    gone = stayed = 0
    for number in range(moments):
        broken = at(desk, copy_of(desk.path, tmp_path / "broken"))
        killer.kill(lambda one=broken: one.destroy(drop.epoch))  # type: ignore[misc]
        with broken.opened() as (_, keyring):
            after = set(keyring.epochs)
        assert before - after <= {drop.epoch}, "another week's secret was lost"
        report = broken.take_in(late)
        if drop.epoch in after:
            stayed += 1
            assert report.kept == 1
            broken.destroy(drop.epoch)
            assert drop.epoch not in secrets_of(broken)
        else:
            gone += 1
            # Not by a second look either: it never comes back.
            assert (report.kept, report.keyless) == (0, 1)
            assert broken.take_in(late).keyless == 1
        (kept,) = [one for one in broken.submissions() if one.message == "imported"]
        assert broken.export(kept.id, tmp_path / f"export-{number}").incomplete == []
        shutil.rmtree(tmp_path / f"export-{number}")
        assert len(list(broken.path.rglob("*.lock"))) == 1, "an old generation of secrets was left"
        assert len(list(broken.path.rglob("*.week"))) == len(before) - 1, "a secret of an old generation was left"
    assert gone + stayed == moments
    killer.check(moments)
    if moments >= 50:
        assert min(gone, stayed) > 0, "it was never killed before the end, or never after the beginning"


def test_a_desk_killed_once_too_often_still_exports(desk: Desk, drop: Drop, tmp_path: Path, killer: Killer) -> None:
    sent = seal_submission(drop, "hello", {"a.bin": os.urandom(700_000)})
    out = write_out(tmp_path / "carried", drop, sent.boxes)
    killer.measure(lambda: at(desk, copy_of(desk.path, tmp_path / "trial")).take_in(out))
    for _ in range(4):
        killer.kill(lambda: desk.take_in(out))
    finish(desk, out)
    assert len(whole(desk, tmp_path / "out")) == 700_000
