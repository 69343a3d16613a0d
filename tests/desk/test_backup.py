"""Backups: whole or not at all, without a weekly secret, and no second key for any week after coming back."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_client.desk import backup, enrolling, relocking, restoring, vault
from knothole_client.desk.locks import Holding
from knothole_client.desk.relocking import Plan
from knothole_keys import clock, files
from knothole_keys.errors import Refused
from knothole_keys.secret import WrongPassphrase
from tests.desk.conftest import CHEAP, NOW, PASSPHRASE, Desk, snapshot
from tests.support.drop import Drop, seal_submission, write_out

NEW = Holding(b"another horse battery")
STICK = Holding(PASSPHRASE.passphrase, b"k" * 32)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def back_up(desk: Desk, path: Path, boxes: Path | None = None, holding: Holding = PASSPHRASE) -> Path:
    with vault.opened(desk.path, holding, change=True) as one:
        restoring.make(one, path, boxes)
    return path


def restored(
    desk: Desk,
    file: Path,
    path: Path,
    *,
    holding: Holding = PASSPHRASE,
    boxes: Path | None = None,
    until: int | None = None,
) -> tuple[Desk, restoring.Restored]:
    done = restoring.restore(file, path, holding, boxes=boxes, until=until, cost=CHEAP)
    made = object.__new__(Desk)
    made.path, made.drop = path, desk.drop
    return made, done


def named(done: list[dict[str, object]]) -> list[str]:
    return [Path(str(one["path"])).name for one in done]


def test_what_was_imported_comes_back_bit_for_bit(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    data = os.urandom(700_000)
    # A message of several chunks, and files.
    sent = seal_submission(drop, "hello " * 40_000, {"a.bin": data})
    desk.take_in(write_out(tmp_path / "out", drop, sent.boxes))
    file = back_up(desk, tmp_path / "b1", tmp_path / "boxes")
    came, done = restored(desk, file, tmp_path / "again", boxes=tmp_path / "boxes")
    assert (done.missing, done.boxes) == (0, len(sent.boxes))
    (one,) = came.submissions()
    assert one.message == "hello " * 40_000
    assert came.export(one.id, tmp_path / "ex").incomplete == []
    assert (tmp_path / "ex/files/a.bin").read_bytes() == data
    assert file.stat().st_mode & 0o777 == 0o600


def test_without_its_boxes_it_says_so_and_the_couriers_folder_mends_it(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, "hello", {"a.bin": b"x" * 700_000})
    out = write_out(tmp_path / "out", drop, sent.boxes)
    desk.take_in(out)
    came, done = restored(desk, back_up(desk, tmp_path / "b1"), tmp_path / "again")
    assert done.missing == len(sent.boxes)
    assert came.take_in(out).mended == len(sent.boxes)
    assert came.export(sent.id.hex(), tmp_path / "ex").incomplete == []


def test_boxes_are_copied_once(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    desk.take_in(write_out(tmp_path / "one", drop, seal_submission(drop, "one").boxes))
    back_up(desk, tmp_path / "b1", tmp_path / "boxes")
    desk.take_in(write_out(tmp_path / "two", drop, seal_submission(drop, "two").boxes))
    with vault.opened(desk.path, PASSPHRASE, change=True) as one:
        assert restoring.make(one, tmp_path / "b2", tmp_path / "boxes") == 1
        assert restoring.make(one, tmp_path / "b3", tmp_path / "boxes") == 0


def test_a_restored_vault_opens_nothing_new_and_makes_no_second_key(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    late = write_out(tmp_path / "late", drop, seal_submission(drop, "late").boxes)
    came, done = restored(desk, back_up(desk, tmp_path / "b1"), tmp_path / "again")
    assert done.exported == list(range(drop.epoch, drop.epoch + 8))
    with came.opened() as (_, keyring):
        assert keyring.epochs == []
    assert came.take_in(late).keyless == 1
    with pytest.raises(Refused, match="never replaced"):
        came.enrol(weeks=8)
    enrolled = came.enrol(weeks=10)
    assert sorted(enrolled.recipient.epochs) == [drop.epoch + 8, drop.epoch + 9]
    assert enrolled.lost == done.exported
    # The same journalist: an administrator takes the later weeks without a question.
    drop.admit(enrolled.data)


def test_weeks_enrolled_after_the_backup_get_no_second_key_either(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    file = back_up(desk, tmp_path / "b1")
    desk.enrol(weeks=12)
    came, done = restored(desk, file, tmp_path / "again", until=drop.epoch + 11)
    assert done.exported == list(range(drop.epoch, drop.epoch + 12))
    assert sorted(came.enrol(weeks=13).recipient.epochs) == [drop.epoch + 12]


def test_a_backup_from_before_the_first_enrolment_leaves_no_week_for_a_second_key(drop: Drop, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "vault", drop)
    file = back_up(desk, tmp_path / "b1")
    desk.enrol(weeks=8)
    came, done = restored(desk, file, tmp_path / "again", until=drop.epoch + 7)
    assert done.exported == list(range(drop.epoch, drop.epoch + 8))
    assert sorted(came.enrol(weeks=9).recipient.epochs) == [drop.epoch + 8]


def test_a_roster_that_shows_our_key_keeps_a_restored_vault_from_a_second_one(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    file = back_up(desk, tmp_path / "b1")
    drop.admit(desk.enrol(weeks=12).data)
    drop.issue(now=drop.now, days=35)
    later = drop.now + 7 * 7 * 86400
    drop.issue(now=later, days=35)
    came, _ = restored(desk, file, tmp_path / "again")
    out = write_out(tmp_path / "out", drop, [])
    came.take_in(out, now=later)
    enrolled = came.enrol(weeks=8, now=later)
    assert min(enrolled.recipient.epochs) == drop.epoch + 12


def test_a_destroyed_week_stays_destroyed(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    file = back_up(desk, tmp_path / "b1")
    late = write_out(tmp_path / "late", drop, seal_submission(drop, "late").boxes)
    desk.destroy(drop.epoch)
    came, _ = restored(desk, file, tmp_path / "again")
    assert came.take_in(late).keyless == 1
    assert desk.take_in(late).keyless == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[: -backup.CHUNK],
        lambda data: data + bytes(backup.CHUNK),
        lambda data: data + data[-backup.CHUNK :],
        lambda data: data[:-500] + bytes([data[-500] ^ 1]) + data[-499:],
        lambda data: data[:20] + data[20:60].swapcase() + data[60:],
        lambda data: b"",
        lambda data: data[:10],
        lambda data: data[:18] + b"\xff\xff\xff\xff" + data[22:],
        lambda data: data[: 22 + int.from_bytes(data[18:22])],
        lambda data: b"x" + data[1:],
        lambda data: data[: -2 * backup.CHUNK] + data[-backup.CHUNK :] + data[-2 * backup.CHUNK : -backup.CHUNK],
    ],
)
def test_a_damaged_backup_is_one_sentence_and_makes_nothing(
    desk: Desk, drop: Drop, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    desk.take_in(write_out(tmp_path / "out", drop, seal_submission(drop, "hello " * 40_000).boxes))
    file = back_up(desk, tmp_path / "b1")
    file.write_bytes(damage(file.read_bytes()))
    before = snapshot(tmp_path)
    with pytest.raises(Refused) as caught:
        restored(desk, file, tmp_path / "again")
    assert "\n" not in str(caught.value)
    assert snapshot(tmp_path) == before


def test_a_wrong_passphrase_and_a_full_folder_make_nothing(desk: Desk, tmp_path: Path) -> None:
    file = back_up(desk, tmp_path / "b1")
    before = snapshot(tmp_path)
    with pytest.raises(WrongPassphrase):
        restored(desk, file, tmp_path / "again", holding=NEW)
    with pytest.raises(Refused, match="not an empty folder"):
        restored(desk, file, desk.path)
    assert snapshot(tmp_path) == before


def test_a_backup_never_takes_the_place_of_another_nor_lies_in_the_vault(desk: Desk, tmp_path: Path) -> None:
    file = back_up(desk, tmp_path / "b1")
    before = snapshot(tmp_path)
    with pytest.raises(Refused, match="exists already"):
        back_up(desk, file)
    for place in (desk.path / "b2", desk.path / "boxes" / "b2"):
        with pytest.raises(Refused, match="outside the vault"):
            back_up(desk, place)
    with pytest.raises(Refused, match="outside the vault"):
        back_up(desk, tmp_path / "b2", desk.path / "copy")
    assert snapshot(tmp_path) == before


def test_a_backup_that_does_not_read_back_gets_no_name(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def rots(descriptor: int) -> None:
        real(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        if path.name == ".b1.part":
            path.write_bytes(path.read_bytes()[:-100] + bytes(100))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", rots)
        with pytest.raises(Refused, match="damaged"):
            back_up(desk, tmp_path / "b1")
    assert [path.name for path in tmp_path.iterdir()] == ["vault"]
    with vault.opened(desk.path, PASSPHRASE) as one:
        assert relocking.backups(one.records) == []


def test_old_backups_that_still_open_are_named(desk: Desk, tmp_path: Path) -> None:
    back_up(desk, tmp_path / "at-home")
    done = relocking.relock(desk.path, PASSPHRASE, relocking.passphrase(NEW.passphrase, PASSPHRASE), CHEAP)
    assert named(done.lapsed()) == ["at-home"]
    back_up(desk, tmp_path / "newer", holding=NEW)
    stick = Holding(NEW.passphrase, STICK.key_file)
    done = relocking.relock(desk.path, NEW, relocking.travel(NEW.passphrase, lambda: b"k" * 32), CHEAP)
    assert named(done.without_stick()) == ["at-home", "newer"]
    back_up(desk, tmp_path / "on-the-road", holding=stick)
    done = relocking.relock(desk.path, stick, relocking.keep_all, CHEAP)
    assert named(done.without_stick()) == ["at-home", "newer"]
    assert named(done.lapsed()) == ["at-home", "newer"]
    # Each opens with what opened the vault then, and with nothing else.
    for name, holding, others in (("at-home", PASSPHRASE, [NEW]), ("newer", NEW, [PASSPHRASE]), ("on-the-road", stick, [NEW])):
        assert backup.open_whole(tmp_path / name, holding).count > 0
        for other in others:
            with pytest.raises(Refused):
                backup.open_whole(tmp_path / name, other)


def test_every_slot_opens_a_backup_and_the_restored_vault_has_that_one_alone(desk: Desk, tmp_path: Path) -> None:
    relocking.relock(desk.path, PASSPHRASE, lambda one: Plan(relocking.keep_all(one).keep, ((STICK, ""),)), CHEAP)
    relocking.relock(desk.path, PASSPHRASE, lambda one: Plan(relocking.keep_all(one).keep, ((NEW, ""),)), CHEAP)
    file = back_up(desk, tmp_path / "b1")
    for number, holding in enumerate((NEW, PASSPHRASE)):
        came, _ = restored(desk, file, tmp_path / f"again-{number}", holding=holding)
        with vault.opened(came.path, holding, change=True) as one:
            assert [slot.number for slot in one.locks.slots] == [4]
            assert one.keyring(holding).epochs == []
            assert named(relocking.backups(one.records)) == ["b1"]
            assert enrolling.exported(one)


def test_a_part_that_a_killed_backup_left_is_named_and_wiped_by_the_next(desk: Desk, tmp_path: Path) -> None:
    back_up(desk, tmp_path / "b1").rename(tmp_path / ".b1.part")
    done = relocking.relock(desk.path, PASSPHRASE, relocking.travel(PASSPHRASE.passphrase, lambda: b"k" * 32), CHEAP)
    assert named(done.without_stick()) == ["b1", ".b1.part"]
    with (tmp_path / ".b1.part").open("rb") as held:
        back_up(desk, tmp_path / "b1", holding=STICK)
        assert held.read(len(backup.MAGIC)) != backup.MAGIC
    assert not (tmp_path / ".b1.part").exists()


def test_a_backup_that_exists_is_remembered_though_its_folder_could_not_be_synced(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Path) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(files, "sync_directory", fails)
        with pytest.raises(Refused, match="input/output"):
            back_up(desk, tmp_path / "b1")
    assert (tmp_path / "b1").exists()
    with vault.opened(desk.path, PASSPHRASE) as one:
        assert named(relocking.backups(one.records)) == ["b1"]


def test_a_link_to_an_empty_folder_is_restored_into_and_the_folder_that_one_stands_in_is_refused(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = back_up(desk, tmp_path / "b1")
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    restored(desk, file, tmp_path / "link")
    with vault.opened(tmp_path / "there", PASSPHRASE) as one:
        assert one.identity["name"] == "Ada"
    # The vault would take its place, and leave the shell in a folder that is gone.
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "also").symlink_to(tmp_path / "here")
    for place in (Path(), tmp_path / "here", tmp_path / "also", Path("..", "here")):
        with pytest.raises(Refused, match="You stand in"):
            restored(desk, file, place)
    assert Path.cwd().samefile(tmp_path / "here")
    assert list((tmp_path / "here").iterdir()) == []
    restored(desk, file, Path("new"))
