"""kill -9 of the desk at any moment of an import, an enrolment, a rotation, a destruction: every vault opens, nothing that
was done is undone, nothing that was destroyed comes back, and doing it again finishes the work.
"""

import os
import random
import shutil
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_keys.epoch import WEEK
from tests.desk.conftest import Desk, snapshot, whole
from tests.support.drop import Drop, seal_submission, write_out

pytestmark = pytest.mark.timeout(7200)


class Killer:
    """Runs an action in a process of its own and kills that at a moment anywhere between its start and its end."""

    def __init__(self) -> None:
        self.chance = random.Random(7)
        self.longest = 0.0
        self.killed = self.survived = 0

    def measure(self, action: Callable[[], object]) -> None:
        """How long the action takes when nobody kills it: the least of three, as the first one warms things up."""
        taken = []
        for _ in range(3):
            began = time.monotonic()
            self._run(action, None)
            taken.append(time.monotonic() - began)
        self.longest = min(taken)
        self.killed = self.survived = 0

    def kill(self, action: Callable[[], object]) -> bool:
        """Run it and kill it, if it has not ended before. Whether it was killed."""
        before = self.killed
        self._run(action, self.chance.uniform(0, self.longest * 1.1))
        return self.killed > before

    def check(self, moments: int) -> None:
        """Most of what was to be killed was, when there were enough moments to say so."""
        assert self.killed > moments // 5 or moments < 50

    def _run(self, action: Callable[[], object], after: float | None) -> None:
        pid = os.fork()
        if pid == 0:
            # Whatever happens in here ends in here: pytest lives in the parent.
            code = 1
            try:
                action()
                code = 0
            except BaseException:  # noqa: BLE001 - told here, as nobody else will hear of it
                traceback.print_exc()
            finally:
                os._exit(code)
        if after is not None:
            time.sleep(after)
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status):
            self.killed += 1
        else:
            self.survived += 1
            assert os.waitstatus_to_exitcode(status) == 0, "the action itself failed"


@pytest.fixture
def killer() -> Killer:
    return Killer()


def copy_of(path: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(path, to)
    return to


def at(desk: Desk, path: Path) -> Desk:
    """The same desk with its vault in another folder."""
    moved = object.__new__(Desk)
    moved.path, moved.drop = path, desk.drop
    return moved


def finish(desk: Desk, out: Path) -> None:
    """Import once more, as its journalist would: letters at whose reading the desk was killed twice are asked for by name."""
    report = desk.take_in(out)
    if report.cut_off:
        assert desk.take_in(out, again=report.cut_off).cut_off == []


def secrets_of(desk: Desk) -> dict[int, bytes | None]:
    """Every weekly secret that the vault has, by epoch, read anew."""
    with desk.opened() as (_, keyring):
        return {epoch: keyring.seed(epoch) for epoch in keyring.epochs}


def leftovers(path: Path) -> list[Path]:
    return [found for found in path.rglob("*") if found.name.endswith((".part", ".new", ".tmp"))]


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
