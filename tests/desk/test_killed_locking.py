"""kill -9 of the desk at any moment of a change of keys, a backup or a restore: the vault is the old one or the new one."""

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from knothole_client.desk import relocking, restoring, vault
from knothole_client.desk.locks import Holding
from knothole_client.desk.relocking import relock
from knothole_keys.errors import Refused
from tests.desk.conftest import CHEAP, PASSPHRASE, Desk, snapshot
from tests.desk.killing import Killer, at, copy_of, leftovers
from tests.support.drop import Drop, seal_submission, write_out

pytestmark = pytest.mark.timeout(7200)

NEW = Holding(b"another horse battery")
STICK = Holding(PASSPHRASE.passphrase, b"k" * 32)


@pytest.fixture
def killer() -> Killer:
    return Killer()


@pytest.fixture
def full(desk: Desk, drop: Drop, tmp_path: Path) -> Desk:
    sent = [seal_submission(drop, f"letter {number}", {"a.bin": os.urandom(300_000)}) for number in range(3)]
    desk.take_in(write_out(tmp_path / "kept", drop, [box for one in sent for box in one.boxes]))
    return desk


def contents(path: Path, holding: Holding) -> tuple[dict[tuple[str, str], str], dict[int, bytes | None], str]:
    """All records and all weekly secrets, and the kind of the slot that opened them; in one go, as a change would."""
    with vault.opened(path, holding, change=True) as one:
        keyring = one.keyring(holding)
        assert [slot.number for slot in keyring.locks.slots] == [slot.number for slot in one.locks.slots]
        records = {(kind, name): str(value) for kind, name, value in one.records.everything()}
        return records, {epoch: keyring.seed(epoch) for epoch in keyring.epochs}, one.locks.slot.kind


CHANGES: dict[str, tuple[Callable[[Path], object], Holding]] = {
    "passphrase": (lambda path: relock(path, PASSPHRASE, relocking.passphrase(NEW.passphrase, PASSPHRASE), CHEAP), NEW),
    "lock-travel": (
        lambda path: relock(path, PASSPHRASE, relocking.travel(PASSPHRASE.passphrase, lambda: b"k" * 32), CHEAP),
        STICK,
    ),
    "re-key": (lambda path: relock(path, PASSPHRASE, relocking.keep_all, CHEAP), PASSPHRASE),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_keys_killed_at_any_moment_leaves_the_old_vault_or_the_new_one(
    full: Desk, tmp_path: Path, killer: Killer, moments: int, name: str
) -> None:
    change, new = CHANGES[name]
    before = contents(full.path, PASSPHRASE)
    killer.measure(lambda: change(copy_of(full.path, tmp_path / "trial")))
    old_ones = 0
    for _ in range(moments):
        broken = copy_of(full.path, tmp_path / "broken")
        killer.kill(partial(change, broken))
        if name != "re-key":
            # Looking says which it is before anything is finished; and never both, never neither.
            old_ones += looks(broken, PASSPHRASE)
            assert looks(broken, new) or looks(broken, PASSPHRASE)
            assert name == "lock-travel" or looks(broken, new) is not looks(broken, PASSPHRASE)
        ours = PASSPHRASE if looks(broken, PASSPHRASE) else new
        assert contents(broken, ours)[:2] == before[:2], "a record or a weekly secret was lost"
        assert leftovers(broken) == []
        if ours is PASSPHRASE:
            change(broken)
        assert contents(broken, new)[:2] == before[:2]
    killer.check(moments)
    if moments >= 50 and name != "re-key":
        assert 0 < old_ones < moments, "it was never killed before the change, or never after it"


def looks(path: Path, holding: Holding) -> bool:
    try:
        with vault.opened(path, holding) as one:
            return bool(one.identity["name"] == "Ada")
    except Refused:
        return False


@pytest.mark.whole
def test_a_backup_killed_at_any_moment_is_whole_or_has_no_name_and_is_remembered(
    full: Desk, tmp_path: Path, killer: Killer, moments: int
) -> None:
    def back_up(path: Path, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        with vault.opened(path, PASSPHRASE, change=True) as one:
            restoring.make(one, folder / "backup", folder / "boxes")

    def fresh() -> tuple[Path, Path]:
        shutil.rmtree(tmp_path / "folder", ignore_errors=True)
        return copy_of(full.path, tmp_path / "broken"), tmp_path / "folder"

    killer.measure(lambda: back_up(*fresh()))
    records = contents(full.path, PASSPHRASE)[0]
    for _ in range(moments):
        broken, folder = fresh()
        killer.kill(partial(back_up, broken, folder))
        after = contents(broken, PASSPHRASE)[0]
        assert {name: value for name, value in after.items() if name != relocking.BACKUPS} == records
        if folder.exists() and {path.name for path in folder.iterdir()} & {"backup", ".backup.part"}:
            assert relocking.BACKUPS in after, "a backup that the vault does not know of"
        if (folder / "backup").exists():
            shutil.rmtree(tmp_path / "again", ignore_errors=True)
            restoring.restore(folder / "backup", tmp_path / "again", PASSPHRASE, boxes=None, until=None, cost=CHEAP)
            assert len(at(full, tmp_path / "again").summaries()) == 3
        else:
            back_up(broken, folder)
        assert not (folder / ".backup.part").exists()
    killer.check(moments)


@pytest.mark.whole
def test_a_restore_killed_at_any_moment_makes_a_whole_vault_or_none(
    full: Desk, tmp_path: Path, killer: Killer, moments: int
) -> None:
    with vault.opened(full.path, PASSPHRASE, change=True) as one:
        restoring.make(one, tmp_path / "backup", tmp_path / "boxes")
    again = tmp_path / "place" / "again"
    again.parent.mkdir()

    def restore() -> None:
        restoring.restore(tmp_path / "backup", again, PASSPHRASE, boxes=tmp_path / "boxes", until=None, cost=CHEAP)

    before = snapshot(full.path)
    killer.measure(lambda: (shutil.rmtree(again, ignore_errors=True), restore()))
    for _ in range(moments):
        # Not in the process that is killed: half a removal is no restore.
        shutil.rmtree(again, ignore_errors=True)
        killer.kill(restore)
        if again.exists():
            assert len(at(full, again).summaries()) == 3
    assert snapshot(full.path) == before
    killer.check(moments)
