"""Who opens a vault: passphrases, key files, key slots. What was taken away opens neither records nor weekly secrets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.secret import SecretBox

from knothole_client.desk import relocking, vault
from knothole_client.desk import vault as vaults
from knothole_client.desk.keyring import Keyring
from knothole_client.desk.locks import ALONE, MAX_SLOTS, WITH_KEY_FILE, Holding, kinds, new_locks, new_slot, open_locks
from knothole_client.desk.relocking import Plan, keep_all, relock
from knothole_client.desk.vault import Vault
from knothole_keys import canonical, fields
from knothole_keys.errors import Refused
from knothole_keys.kdf import derive
from knothole_keys.secret import WrongPassphrase
from tests.desk.conftest import CHEAP, PASSPHRASE, Desk, snapshot
from tests.support.drop import Drop, seal_submission, write_out

NEW = Holding(b"another horse battery")
STICK = Holding(PASSPHRASE.passphrase, b"k" * 32)
OTHER_STICK = Holding(PASSPHRASE.passphrase, b"j" * 32)


def opens(desk: Desk, holding: Holding) -> bool:
    """Whether it opens the vault and its weekly secrets, asking each by itself. They must agree."""
    answers = []
    try:
        with vaults.opened(desk.path, holding) as one:
            answers.append(one.identity["name"] == "Ada")
    except Refused:
        answers.append(False)
    try:
        answers.append(len(Keyring.open(desk.path / "epochs", holding).epochs) == 8)
    except Refused:
        answers.append(False)
    assert len(set(answers)) == 1, "the vault and its weekly secrets do not open alike"
    return answers[0]


def change(desk: Desk, plan: Callable[[Vault], Plan], holding: Holding = PASSPHRASE) -> relocking.Relocked:
    return relock(desk.path, holding, plan, CHEAP)


def travel(desk: Desk, holding: Holding = PASSPHRASE) -> relocking.Relocked:
    return change(desk, relocking.travel(PASSPHRASE.passphrase, lambda: b"k" * 32), holding)


def test_the_old_passphrase_opens_nothing(desk: Desk) -> None:
    change(desk, relocking.passphrase(NEW.passphrase, PASSPHRASE))
    assert opens(desk, NEW)
    assert not opens(desk, PASSPHRASE)


def test_nothing_opens_without_the_stick(desk: Desk) -> None:
    change(desk, lambda one: Plan(keep_all(one).keep, ((NEW, ""),)))
    travel(desk)
    assert opens(desk, STICK)
    for holding in (PASSPHRASE, NEW, OTHER_STICK, Holding(b"", b"k" * 32), Holding(b"wrong", b"k" * 32)):
        assert not opens(desk, holding)


def test_neither_half_is_told_from_the_other(desk: Desk) -> None:
    travel(desk)
    told = set()
    for holding in (OTHER_STICK, Holding(b"wrong", b"k" * 32)):
        with pytest.raises(WrongPassphrase) as caught, vaults.opened(desk.path, holding):
            pass
        told.add(str(caught.value))
    assert len(told) == 1
    with pytest.raises(Refused, match="--key-file"), vaults.opened(desk.path, PASSPHRASE):
        pass


def test_the_way_home(desk: Desk) -> None:
    travel(desk)
    change(desk, relocking.exchange(PASSPHRASE, STICK), STICK)
    assert opens(desk, PASSPHRASE)
    with vaults.opened(desk.path, STICK) as one:
        assert [slot.kind for slot in one.locks.slots] == [ALONE], "the stick must mean nothing any more"


def test_a_passphrase_is_changed_on_the_road_and_keeps_its_stick(desk: Desk) -> None:
    travel(desk)
    change(desk, relocking.passphrase(NEW.passphrase, STICK), STICK)
    assert opens(desk, Holding(NEW.passphrase, STICK.key_file))
    assert not opens(desk, STICK)
    assert not opens(desk, NEW)


def test_travelling_twice_needs_the_same_stick_and_stays_locked(desk: Desk) -> None:
    travel(desk)
    travel(desk, STICK)
    assert opens(desk, STICK)
    assert kinds_of(desk) == {WITH_KEY_FILE}


def test_a_stick_with_ones_own_passphrase_is_no_second_way_in_for_the_old_one(desk: Desk) -> None:
    change(desk, lambda one: Plan(keep_all(one).keep, ((STICK, ""),)))
    assert len(travel(desk).slots) == 1
    change(desk, relocking.passphrase(NEW.passphrase, STICK), STICK)
    assert opens(desk, Holding(NEW.passphrase, STICK.key_file))
    assert not opens(desk, STICK)


def test_every_slot_that_the_old_passphrase_opens_goes(desk: Desk) -> None:
    change(desk, lambda one: Plan(keep_all(one).keep, ((STICK, ""),)))
    change(desk, relocking.passphrase(NEW.passphrase, STICK), STICK)
    assert opens(desk, NEW)
    assert not opens(desk, STICK)
    assert not opens(desk, PASSPHRASE)


def test_no_two_slots_ask_for_the_same(desk: Desk) -> None:
    before = snapshot(desk.path)
    with pytest.raises(Refused, match="Key slot 1 asks for the same"):
        change(desk, lambda one: Plan(keep_all(one).keep, ((PASSPHRASE, ""),)))
    assert snapshot(desk.path) == before


def kinds_of(desk: Desk) -> set[str]:
    return vaults.slot_kinds(desk.path)


def test_slots_come_and_go_and_numbers_are_never_used_twice(desk: Desk) -> None:
    added = change(desk, lambda one: Plan(keep_all(one).keep, ((NEW, "Lee"),))).added
    assert added == (2,)
    assert opens(desk, NEW)
    assert opens(desk, PASSPHRASE)
    change(desk, lambda one: Plan(keep_all(one).keep - {1}), NEW)
    assert not opens(desk, PASSPHRASE)
    assert opens(desk, NEW)
    assert change(desk, lambda one: Plan(keep_all(one).keep, ((PASSPHRASE, ""),)), NEW).added == (3,)


def test_whoever_opened_one_slot_re_keys_for_all(desk: Desk) -> None:
    change(desk, lambda one: Plan(keep_all(one).keep, ((STICK, ""),)))
    for holding in (PASSPHRASE, STICK):
        change(desk, keep_all, holding)
        desk_opens = [opens(desk, one) for one in (PASSPHRASE, STICK)]
        assert desk_opens == [True, True]


def test_the_last_slot_stays(desk: Desk, unchanged: Callable[[Path], Callable[[], None]]) -> None:
    check = unchanged(desk.path)
    with pytest.raises(Refused, match="last key slot"):
        change(desk, lambda _: Plan(frozenset()))
    check()


def test_there_is_a_most_of_slots(desk: Desk) -> None:
    for number in range(MAX_SLOTS - 1):
        change(desk, lambda one, number=number: Plan(keep_all(one).keep, ((Holding(b"passphrase %d" % number), ""),)))  # type: ignore[misc]
    with pytest.raises(Refused, match="at most"):
        change(desk, lambda one: Plan(keep_all(one).keep, ((NEW, ""),)))
    assert opens(desk, PASSPHRASE)


def test_a_new_key_is_behind_everything_at_new_places_and_nothing_is_lost(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, "hello", {"a.bin": b"x" * 600_000})
    out = write_out(tmp_path / "out", drop, sent.boxes)
    desk.take_in(out)
    keys, rows = [], []
    for number in range(2):
        with vaults.opened(desk.path, PASSPHRASE) as one:
            keys.append({one.locks.key, Keyring.open(one.epochs, PASSPHRASE).locks.key})
            rows.append({(kind, name): str(value) for kind, name, value in one.records.everything()})
            places = set(one.records.places())
        if number == 0:
            before = places
            change(desk, keep_all)
    assert rows[0] == rows[1]
    assert len(rows[0]) > 5
    assert not keys[0] & keys[1]
    assert not before & places
    assert desk.take_in(out).known == len(sent.boxes)
    assert desk.export(sent.id.hex(), tmp_path / "ex").incomplete == []


def test_an_older_database_does_not_open_with_the_new_passphrase_nor_mix_with_it(desk: Desk, tmp_path: Path) -> None:
    stale = (desk.path / "vault.db").read_bytes()
    change(desk, relocking.passphrase(NEW.passphrase, PASSPHRASE))
    (desk.path / "vault.db").write_bytes(stale)
    with pytest.raises(WrongPassphrase), vaults.opened(desk.path, NEW):
        pass


def test_the_old_database_is_overwritten_before_it_is_freed(desk: Desk) -> None:
    with (desk.path / "vault.db").open("rb") as held:
        before = held.read()
        change(desk, relocking.passphrase(NEW.passphrase, PASSPHRASE))
        held.seek(0)
        after = held.read()
    assert len(after) == len(before)
    shared = [at for at in range(0, len(before), 64) if before[at : at + 64] == after[at : at + 64]]
    assert shared == []
    assert {path.name for path in desk.path.iterdir()} == {"vault.db", "vault.db-journal", "boxes", "epochs"}


def test_who_is_looking_is_not_given_a_database_full_of_noise(desk: Desk) -> None:
    with vaults.opened(desk.path, PASSPHRASE) as one:
        with pytest.raises(Refused, match="reading this vault"):
            change(desk, keep_all)
        assert one.identity["name"] == "Ada"
    change(desk, keep_all)


def test_a_file_system_without_links_changes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as patch:
        patch.setattr(vault.os, "link", no_links)
        with pytest.raises(Refused, match="ext4"):
            change(desk, relocking.passphrase(NEW.passphrase, PASSPHRASE))
    assert opens(desk, PASSPHRASE)
    assert not list(desk.path.glob(".*"))


def test_a_full_disk_is_not_called_a_file_system_without_links(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(vault.os, "link", full)
        with pytest.raises(Refused, match=r"no space left"):
            change(desk, keep_all)
    assert not list(desk.path.glob(".*"))


def test_a_link_or_folder_of_the_old_databases_name_does_not_block_every_change(desk: Desk) -> None:
    old = desk.path / ".vault.old"
    old.symlink_to("/nowhere/at/all")
    change(desk, keep_all)
    assert not old.is_symlink()
    old.mkdir()
    with pytest.raises(Refused, match=r"\.vault\.old is a folder"):
        change(desk, keep_all)


class PowerCut(BaseException):
    """The machine stops here."""


@pytest.mark.parametrize("step", ["set_slots 1", "link", "rename", "wipe", "set_slots 2", "nothing"])
def test_a_power_cut_between_any_two_steps_leaves_the_old_slots_or_the_new_ones(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    calls: dict[str, int] = {}

    def cut(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **options: Any) -> Any:
            calls[name] = calls.get(name, 0) + 1
            if step in (name, f"{name} {calls[name]}"):
                raise PowerCut
            return real(*arguments, **options)

        return called

    with monkeypatch.context() as patch:
        patch.setattr(Keyring, "set_slots", cut("set_slots", Keyring.set_slots))
        patch.setattr(vault.os, "link", cut("link", vault.os.link))
        patch.setattr(Path, "rename", cut_rename(desk, cut("rename", Path.rename)))
        patch.setattr(vault, "wipe", cut("wipe", vault.wipe))
        if step == "nothing":
            travel(desk)
        else:
            with pytest.raises(PowerCut):
                travel(desk)
    done = step in ("wipe", "set_slots 2", "nothing")
    ours = STICK if done else PASSPHRASE
    # The next change finishes the work, or takes back what was begun.
    with vaults.opened(desk.path, ours, change=True) as one:
        keyring = one.keyring(ours)
        assert len(keyring.epochs) == 8
        assert [slot.number for slot in keyring.locks.slots] == [slot.number for slot in one.locks.slots]
    assert opens(desk, STICK)  # before the change by its passphrase alone
    assert kinds_of(desk) == {WITH_KEY_FILE if done else ALONE}
    assert opens(desk, PASSPHRASE) is not done
    assert {path.name for path in desk.path.iterdir()} == {"vault.db", "vault.db-journal", "boxes", "epochs"}


def cut_before_the_last_step(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, change: Callable[[Desk], object] = travel, steps: int = 2
) -> None:
    real, calls = Keyring.set_slots, []

    def cut(keyring: Keyring, slots: Any) -> None:
        calls.append(slots)
        if len(calls) == steps:
            raise PowerCut
        real(keyring, slots)

    with monkeypatch.context() as patch:
        patch.setattr(Keyring, "set_slots", cut)
        with pytest.raises(PowerCut):
            change(desk)


def test_any_changing_command_finishes_a_change_that_was_cut_short(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_before_the_last_step(desk, monkeypatch)
    with vaults.opened(desk.path, STICK) as one:
        assert one.cut_short
    # As a backup does, which never asks for the weekly secrets.
    with vaults.opened(desk.path, STICK, change=True) as one:
        assert not one.cut_short
    assert not opens(desk, PASSPHRASE)
    assert opens(desk, STICK)


def test_a_re_key_cut_short_before_the_weekly_secrets_is_known_and_finished(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (copied,) = [path.read_bytes() for path in (desk.path / "epochs").glob("*.lock")]
    cut_before_the_last_step(desk, monkeypatch, lambda desk: change(desk, keep_all), steps=1)
    assert [path.read_bytes() for path in (desk.path / "epochs").glob("*.lock")] == [copied]
    with vaults.opened(desk.path, PASSPHRASE) as one:
        assert one.cut_short
    with vaults.opened(desk.path, PASSPHRASE, change=True) as one:
        assert not one.cut_short
        assert len(one.keyring(PASSPHRASE).epochs) == 8
    (after,) = [path.read_bytes() for path in (desk.path / "epochs").glob("*.lock")]
    assert after != copied, "what an open copy of the vault knows still opens the weekly secrets"
    # Once is enough.
    with vaults.opened(desk.path, PASSPHRASE, change=True):
        assert [path.read_bytes() for path in (desk.path / "epochs").glob("*.lock")] == [after]


def test_a_new_passphrase_goes_into_every_slot_that_asked_for_the_old_one(desk: Desk) -> None:
    change(desk, lambda one: Plan(keep_all(one).keep, ((STICK, "stick"),)))
    change(desk, lambda one: Plan(keep_all(one).keep, ((OTHER_STICK, "Lee's stick"),)))
    done = change(desk, relocking.passphrase(NEW.passphrase, STICK), STICK)
    assert {slot.kind for slot in done.gone} == {ALONE, WITH_KEY_FILE}
    # The stick goes on being one: with the new passphrase, and whatever becomes of the slot without it.
    assert sorted((slot.kind, slot.label) for slot in done.slots) == [
        (ALONE, ""),
        (WITH_KEY_FILE, "Lee's stick"),
        (WITH_KEY_FILE, "stick"),
    ]
    new_stick = Holding(NEW.passphrase, STICK.key_file)
    change(desk, lambda one: Plan(frozenset(slot.number for slot in one.locks.slots if slot.kind != ALONE)), NEW)
    assert opens(desk, new_stick)
    assert opens(desk, OTHER_STICK)
    assert not any(opens(desk, one) for one in (NEW, PASSPHRASE, STICK))


def cut_rename(desk: Desk, cut: Callable[..., Any]) -> Callable[..., Any]:
    real = Path.rename
    return lambda path, target: (cut if Path(target) == desk.path / "vault.db" else real)(path, target)


def test_a_lock_does_not_pass_for_the_other_one_and_damage_is_a_sentence() -> None:
    locks = new_locks("vault", new_slot(PASSPHRASE, "vault", 1, "", CHEAP))
    data = locks.sealed()
    assert kinds(data) == {ALONE}
    assert open_locks(data, PASSPHRASE, "vault").key == locks.key
    with pytest.raises(Refused, match="something else"):
        open_locks(data, PASSPHRASE, "epochs")
    for damaged in (b"", data[:-1], data.replace(b'"number":1', b'"number":2'), data.replace(b"inside", b"outside")):
        with pytest.raises(Refused):
            open_locks(damaged, PASSPHRASE, "vault")
    other = new_locks("vault", new_slot(NEW, "vault", 1, "", CHEAP))
    assert other.key != locks.key


def test_a_failed_change_changes_nothing(desk: Desk) -> None:
    before = snapshot(desk.path)
    with pytest.raises(WrongPassphrase):
        change(desk, keep_all, NEW)
    with pytest.raises(Refused, match="label"):
        change(desk, lambda one: Plan(keep_all(one).keep, ((NEW, "two\nlines"),)))
    assert snapshot(desk.path) == before


def test_a_removed_slot_and_an_old_copy_open_nothing_that_was_locked_afterwards(desk: Desk) -> None:
    change(desk, lambda one: Plan(keep_all(one).keep, ((NEW, ""),)))
    with vaults.opened(desk.path, PASSPHRASE) as one:
        old = one.locks
    change(desk, lambda one: Plan(keep_all(one).keep - {old.used}), NEW)
    with vaults.opened(desk.path, NEW) as one:
        after = canonical.decode(one.locks.sealed())
    # Whoever opened the old copy knows all that was in it, about the slots that stayed as well.
    known = [old.key, *(value for slot in old.slots for value in vars(slot).values() if isinstance(value, bytes))]
    for box in [fields.strict_base64(slot["box"]) or b"" for slot in after["slots"]]:
        for key in [value for value in known if len(value) == 32]:
            for attempt in (SealedBox(PrivateKey(key)), SecretBox(key), SecretBox(derive(key, "slot"))):
                with pytest.raises(CryptoError):
                    attempt.decrypt(box)
