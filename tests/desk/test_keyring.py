"""Weekly secrets: never replaced, and gone when they are destroyed, wherever the machine stops."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from knothole_client.desk import keyring as module
from knothole_client.desk.keyring import WEEK_FILE, Keyring
from knothole_client.desk.locks import Holding, open_locks
from knothole_client.desk.wiping import wipe
from knothole_keys import files
from knothole_keys.errors import Refused
from knothole_keys.secret import WrongPassphrase
from tests.desk.conftest import CHEAP, PASSPHRASE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Keyring.create(tmp_path / "epochs", PASSPHRASE, CHEAP)
    Keyring.open(tmp_path / "epochs", PASSPHRASE).add([10, 11, 12])
    return tmp_path / "epochs"


def reopened(folder: Path) -> Keyring:
    return Keyring.open(folder, PASSPHRASE)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def generations(folder: Path) -> list[str]:
    """What lies there without the random part of its name: `1.lock`, and `1.week` for each week of generation 1."""
    return sorted(re.sub("-[0-9a-f]{16}", "", name) for name in names(folder))


FIRST = ["1.lock", "1.week", "1.week", "1.week"]
SECOND = ["2.lock", "2.week", "2.week"]


def test_seeds_are_random_independent_and_last(folder: Path) -> None:
    keyring = reopened(folder)
    seeds = {keyring.seed(epoch) for epoch in keyring.epochs}
    assert keyring.epochs == [10, 11, 12]
    assert len(seeds) == 3
    assert all(seed is not None and len(seed) == 32 for seed in seeds)
    assert keyring.seed(13) is None


def test_a_seed_that_exists_is_never_replaced(folder: Path) -> None:
    before = reopened(folder).seed(11)
    reopened(folder).add([11, 12, 13])
    assert reopened(folder).seed(11) == before
    assert reopened(folder).epochs == [10, 11, 12, 13]


def test_destroying_one_keeps_the_others(folder: Path) -> None:
    before = {epoch: reopened(folder).seed(epoch) for epoch in (11, 12)}
    reopened(folder).destroy([10])
    assert {epoch: reopened(folder).seed(epoch) for epoch in reopened(folder).epochs} == before
    assert generations(folder) == SECOND


def test_destroying_overwrites_the_blocks_before_they_are_freed(folder: Path) -> None:
    held = {name: os.open(folder / name, os.O_RDONLY) for name in names(folder)}
    assert len(held) == len(FIRST)
    before = {name: os.pread(descriptor, 4096, 0) for name, descriptor in held.items()}
    reopened(folder).destroy([10])
    for name, descriptor in held.items():
        after = os.pread(descriptor, 8192, 0)
        os.close(descriptor)
        assert len(after) == 4096
        assert before[name][:64] not in after
        assert before[name][-64:] not in after


def test_a_stale_copy_of_a_destroyed_block_is_useless_under_the_new_lock(folder: Path) -> None:
    stale = next(folder.glob("1-*.week")).read_bytes()
    reopened(folder).destroy([10])
    (folder / f"2-{bytes(8).hex()}.week").write_bytes(stale)
    with pytest.raises(Refused, match="damaged"):
        reopened(folder)


def test_the_lock_is_not_the_vaults(folder: Path) -> None:
    with pytest.raises(Refused, match="something else"):
        open_locks((folder / "1.lock").read_bytes(), PASSPHRASE, "vault")


def test_a_wrong_passphrase_opens_and_changes_nothing(folder: Path) -> None:
    (folder / "0.part").write_bytes(b"left over")
    with pytest.raises(WrongPassphrase):
        Keyring.open(folder, Holding(b"wrong horse battery"))
    assert generations(folder) == ["0.part", *FIRST]


def test_a_crash_before_the_wiping_is_finished_by_the_next_change(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(path: Path) -> None:
        raise RuntimeError("power cut")

    keyring = reopened(folder)
    with monkeypatch.context() as patch:
        patch.setattr(module, "wipe", power_cut)
        with pytest.raises(RuntimeError):
            keyring.destroy([10])
    assert generations(folder) == [*FIRST, *SECOND]
    assert reopened(folder).epochs == [11, 12]
    assert generations(folder) == SECOND


def test_a_crash_before_the_new_lock_keeps_the_old_generation(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Any = files.write_whole

    def power_cut(path: Path, data: bytes, **options: Any) -> None:
        if path.name == "2.lock":
            raise RuntimeError("power cut")
        real(path, data, **options)

    keyring = reopened(folder)
    with monkeypatch.context() as patch:
        patch.setattr(files, "write_whole", power_cut)
        with pytest.raises(RuntimeError):
            keyring.destroy([10])
    assert reopened(folder).epochs == [10, 11, 12]
    assert generations(folder) == FIRST


def doomed_files(folder: Path, *epochs: int) -> set[str]:
    """The files of some weeks: those without which the keyring does not have them."""
    found = set()
    for path in folder.glob("*.week"):
        data = path.read_bytes()
        path.unlink()
        if set(epochs) - set(reopened(folder).epochs):
            found.add(path.name)
        path.write_bytes(data)
    return found


def test_the_lock_is_wiped_before_what_it_opens(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wiped = []

    def watched(path: Path) -> None:
        wiped.append(path.name)
        wipe(path)

    monkeypatch.setattr(module, "wipe", watched)
    first = doomed_files(folder, 10, 11)
    reopened(folder).destroy([10, 11])
    assert wiped[0] == "1.lock"
    assert set(wiped[1:3]) == first
    assert len(wiped) == 4


def test_a_vault_without_its_secrets_says_so(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(Refused, match="missing, as in a copy"):
        reopened(folder)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: bytes(len(data)), lambda data: b""])
def test_damaged_secrets_are_one_sentence(folder: Path, change: Any) -> None:
    path = next(folder.glob("*.week"))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(Refused, match="damaged"):
        reopened(folder)


def test_what_is_not_the_keyrings_is_left_alone(folder: Path) -> None:
    # A desktop puts a waste bin on every disk, and other names into any folder that it shows.
    (folder / ".Trash-0" / "files").mkdir(parents=True)
    (folder / "7.lock").mkdir()
    (folder / "notes.txt").write_text("mine")
    (folder / ".DS_Store.part").write_text("mine")
    reopened(folder).destroy([10])
    assert reopened(folder).epochs == [11, 12]
    assert generations(folder) == sorted([*SECOND, ".DS_Store.part", ".Trash-0", "7.lock", "notes.txt"])
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("left", ["9-0123456789abcdef.week", ".0123456789abcdef.part"])
def test_what_a_crash_left_of_the_keyring_is_wiped(folder: Path, left: str) -> None:
    (folder / left).write_bytes(b"half")
    reopened(folder)
    assert generations(folder) == FIRST


def test_every_weeks_file_is_one_block_whatever_is_in_it_and_its_name_tells_no_week(folder: Path) -> None:
    reopened(folder).add([2**31])
    weeks = list(folder.glob("*.week"))
    assert {path.stat().st_size for path in weeks} == {WEEK_FILE}
    assert all(re.fullmatch(r"1-[0-9a-f]{16}\.week", path.name) for path in weeks)


def test_wiping_a_link_never_touches_what_it_points_to(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"kept")
    (tmp_path / "link").symlink_to(precious)
    wipe(tmp_path / "link")
    assert precious.read_bytes() == b"kept"
    assert not (tmp_path / "link").is_symlink()
