"""Secrets at rest and files that are whole or absent."""

import errno
import os
import socket
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.pwhash import argon2id

from knothole_keys import canonical, files, secret
from knothole_keys.errors import Refused
from knothole_keys.secret import Cost, WrongPassphrase
from tests.keys.refusing import refusal

CHEAP = Cost(1, 8192)
# As the product has it: tests run at a lighter one.
REAL = secret.DESK_COST


@settings(max_examples=40)
@given(st.binary(max_size=200), st.binary(max_size=40), st.text(max_size=20))
def test_what_is_locked_is_unlocked(value: bytes, passphrase: bytes, purpose: str) -> None:
    if refusal(lambda: canonical.encode(purpose)) is not None:
        return
    locked = secret.lock(value, passphrase, purpose, CHEAP)
    assert secret.unlock(locked, passphrase, purpose) == value
    assert refusal(lambda: secret.unlock(locked, passphrase + b"x", purpose)) == "WrongPassphrase"
    assert refusal(lambda: secret.unlock(locked, passphrase, purpose + "x")) == "Refused"
    assert len(value) < 8 or value not in locked


LOCKED = secret.lock(b"the secret", b"passphrase", "admin", CHEAP)


@settings(max_examples=150)
@given(st.integers(0, len(LOCKED) - 1), st.integers(1, 127))
def test_a_changed_byte_of_a_locked_file_is_refused(at: int, mask: int) -> None:
    changed = bytearray(LOCKED)
    changed[at] ^= mask
    # A digit more of cost would take this machine's memory, not teach us anything.
    if refusal(lambda: dear(bytes(changed))) is None:
        assert refusal(lambda: secret.unlock(bytes(changed), b"passphrase", "admin")) in ("Refused", "WrongPassphrase")


def dear(data: bytes) -> None:
    value = canonical.decode(data)
    if not isinstance(value, dict) or not value.get("memory", 0) == 8192 or not value.get("passes", 0) == 1:
        raise Refused("The cost was changed.")


@pytest.mark.parametrize(
    "change",
    [
        {"passes": 0}, {"passes": 17}, {"memory": 8191}, {"memory": 2**32 + 1}, {"salt": "00"}, {"box": "!"}, {"box": ""},
        {"box": "AAAA"}, {"type": "x"}, {"purpose": "desk"}, {"passes": True}, {"more": 1},
    ],
)  # fmt: skip
def test_odd_members_of_a_locked_file_are_refused(change: dict[str, object]) -> None:
    data = canonical.encode({**canonical.decode(LOCKED), **change})
    assert refusal(lambda: secret.unlock(data, b"passphrase", "admin")) in ("Refused", "WrongPassphrase")


@given(st.binary(max_size=100))
def test_junk_is_no_locked_file(junk: bytes) -> None:
    assert refusal(lambda: secret.unlock(junk, b"passphrase", "admin")) == "Refused"


def test_too_little_memory_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def starved(*_args: object, **_more: object) -> bytes:
        raise RuntimeError("allocation failed")

    monkeypatch.setattr(argon2id, "kdf", starved)
    with pytest.raises(Refused, match=r"too little memory.*MiB") as caught:
        secret.unlock(LOCKED, b"passphrase", "admin")
    assert not isinstance(caught.value, WrongPassphrase)


def test_locking_twice_shows_nothing_in_common() -> None:
    one, other = (canonical.decode(secret.lock(b"x" * 64, b"p", "admin", CHEAP)) for _ in range(2))
    assert one["salt"] != other["salt"]
    assert one["box"] != other["box"]


def test_the_desks_cost_is_dear() -> None:
    assert REAL.memory >= 256 * 2**20
    assert REAL.passes >= 3


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_whole_and_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "key"
    files.write_whole(path, b"one")
    files.write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names_in(tmp_path) == ["key"]


def test_an_existing_file_is_kept_when_it_must_be(tmp_path: Path) -> None:
    path = tmp_path / "key"
    files.write_whole(path, b"one", replace=False)
    with pytest.raises(Refused, match=r"exists already"):
        files.write_whole(path, b"two", replace=False)
    assert path.read_bytes() == b"one"
    assert names_in(tmp_path) == ["key"]


@pytest.fixture(params=[errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
def no_links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that has no hard links, as FAT on a stick has none."""

    def refuse(*_args: object) -> None:
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("no_links")
def test_a_new_file_is_made_where_there_are_no_hard_links(tmp_path: Path) -> None:
    path = tmp_path / "key"
    files.write_whole(path, b"one", replace=False)
    assert path.read_bytes() == b"one"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Refused, match=r"exists already"):
        files.write_whole(path, b"two", replace=False)
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    assert refusal(lambda: files.write_whole(tmp_path / "link", b"two", replace=False)) == "Refused"
    assert path.read_bytes() == b"one"
    assert names_in(tmp_path) == ["key", "link"]


@pytest.mark.usefixtures("no_links")
def test_a_full_stick_without_hard_links_is_left_without_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, synced = os.fsync, list[int]()

    def full(descriptor: int) -> None:
        synced.append(descriptor)
        if len(synced) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused, match=r"no space left"):
        files.write_whole(tmp_path / "key", b"one", replace=False)
    assert names_in(tmp_path) == []


def test_a_refusal_that_is_not_about_links_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_args: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "link", denied)
    with pytest.raises(Refused, match=r"permission denied"):
        files.write_whole(tmp_path / "key", b"one", replace=False)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("replace", [True, False])
def test_a_link_is_neither_followed_nor_replaced(tmp_path: Path, replace: bool) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"precious")
    link.symlink_to(target)
    assert refusal(lambda: files.write_whole(link, b"new", replace=replace)) == "Refused"
    assert target.read_bytes() == b"precious"
    assert link.is_symlink()
    assert names_in(tmp_path) == ["link", "target"]


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "link_to_a_device", "link_to_nothing"])
def test_what_is_not_a_plain_file_is_left_as_it_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "target"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(path))
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/full" if kind == "link_to_a_device" else tmp_path / "nothing")
    before = path.lstat()
    with pytest.raises(Refused, match=r"not a plain file, and was left as it is; name a file"):
        files.write_whole(path, b"new")
    assert (path.lstat().st_mode, path.lstat().st_ino) == (before.st_mode, before.st_ino)
    assert names_in(tmp_path) == ["target"]


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_a_failure_leaves_the_old_file_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"old")

    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(Refused, match=r"no space left"):
        files.write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["key"]


def test_a_crash_before_the_rename_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"old")
    child = os.fork()
    if child == 0:
        # What a power cut does: nothing after the data was synced is run.
        Path.rename = lambda *_: os._exit(9)  # type: ignore[method-assign]
        files.write_whole(path, b"new")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert path.read_bytes() == b"old"
    (part,) = [name for name in names_in(tmp_path) if name != "key"]
    assert part.startswith(".")
    assert stat.S_IMODE((tmp_path / part).stat().st_mode) == 0o600


def test_long_names_fit_and_longer_ones_are_refused(tmp_path: Path) -> None:
    files.write_whole(tmp_path / ("x" * 255), b"1")
    assert refusal(lambda: files.write_whole(tmp_path / ("x" * 256), b"1")) == "Refused"


@pytest.mark.parametrize("where", ["missing/key", "folder", "file/key", "."])
def test_places_that_take_no_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    assert refusal(lambda: files.write_whole(Path(where), b"1")) == "Refused"
    assert names_in(tmp_path) == ["file", "folder"]
    assert names_in(tmp_path / "folder") == []


def test_reading_stops_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    assert files.read(path, 10) == b"x" * 10
    assert refusal(lambda: files.read(path, 9)) == "Refused"
    assert refusal(lambda: files.read(Path("/dev/zero"), 100)) == "Refused"
    assert refusal(lambda: files.read(tmp_path / "missing", 9)) == "Refused"
    assert refusal(lambda: files.read(tmp_path, 9)) == "Refused"


def test_a_folder_is_made_for_its_owner_and_never_reused(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    files.make_directory(folder)
    files.make_directory(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / "x").write_bytes(b"")
    assert refusal(lambda: files.make_directory(folder)) == "Refused"
    assert refusal(lambda: files.make_directory(folder / "x")) == "Refused"
