"""Working copies on the disk: sealed chunk by chunk, through new keys, backups and crashes."""

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_client.desk import copies, relocking, restoring, vault
from knothole_client.desk.chunks import CHUNK, Sealing, Unsealing
from knothole_client.desk.copies import Copies, Copy
from knothole_keys.errors import Refused
from tests.desk.conftest import CHEAP, PASSPHRASE, Desk, snapshot
from tests.desk.killing import Killer, at, copy_of, leftovers


def sealed(tmp_path: Path, data: bytes, key: bytes = b"k" * 32) -> Path:
    with Sealing(tmp_path / "copies" / ".part", key) as writing:
        for start in range(0, len(data), 700_000):
            writing.write(data[start : start + 700_000])
        writing.end()
        writing.keep(tmp_path / "copies" / "whole")
    return tmp_path / "copies" / "whole"


def read(path: Path, size: int, key: bytes = b"k" * 32) -> bytes:
    with Unsealing(path, key, size) as reading:
        return reading.read()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_is_sealed_comes_back_and_tells_no_length(tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    path = sealed(tmp_path, data)
    assert read(path, size) == data
    assert path.stat().st_size == max(1, -(-size // CHUNK)) * (CHUNK + 40)
    with Unsealing(path, b"k" * 32, size) as reading:
        for start in (size // 2, 0, max(0, size - 3)):
            reading.seek(start)
            assert reading.read(5) == data[start : start + min(5, CHUNK - start % CHUNK)]
        assert reading.seek(0, 2) == size
        assert reading.read(1) == b""


def _swapped(data: bytes) -> bytes:
    one = CHUNK + 40
    return data[one : 2 * one] + data[:one] + data[2 * one :]


TAMPERED: dict[str, Callable[[bytes], bytes]] = {
    "a bit": lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
    "chunks exchanged": _swapped,
    "cut short at a chunk": lambda data: data[: -(CHUNK + 40)],
    "cut short": lambda data: data[:-1],
    "longer": lambda data: data + b"\0",
    "gone": lambda _: b"",
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_tampered_with_is_not_read(tmp_path: Path, how: str) -> None:
    path = sealed(tmp_path, b"x" * (2 * CHUNK + 5))
    path.write_bytes(TAMPERED[how](path.read_bytes()))
    with pytest.raises(Refused, match="damaged or missing"):
        read(path, 2 * CHUNK + 5)


def test_a_shorter_file_is_not_taken_for_the_whole_one(tmp_path: Path) -> None:
    path = sealed(tmp_path, b"x" * (2 * CHUNK))
    path.write_bytes(path.read_bytes()[: CHUNK + 40])
    with pytest.raises(Refused, match="damaged or missing"):
        read(path, CHUNK)


def test_what_is_not_kept_leaves_nothing(tmp_path: Path) -> None:
    with Sealing(tmp_path / "copies" / ".part", b"k" * 32) as writing:
        writing.write(b"x" * 3 * CHUNK)
    assert list((tmp_path / "copies").iterdir()) == []


def put_copy(one: vault.Vault, submission: str, data: bytes) -> Copy:
    """A copy as `copies.clean` keeps one, of any bytes."""
    copy = Copy(
        secrets.token_hex(16),
        submission,
        "a.bin",
        "00" * 32,
        "copy.bin",
        len(data),
        copies.CLEANED,
        False,
        "2026-01-01",
        "Ada",
        "11" * 32,
    )
    with Sealing(one.copies / f".{copy.id}.part", bytes.fromhex(copy.key)) as writing:
        writing.write(data)
        writing.end()
        with one.changing():
            Copies(one).sweep()
            Copies(one).keep(copy, writing)
    return copy


def content(one: vault.Vault) -> list[bytes]:
    found = []
    for copy in Copies(one).all():
        with Copies(one).open(copy) as reading:
            found.append(b"".join(iter(lambda reading=reading: reading.read(CHUNK), b"")))
    return found


def test_copies_outlive_new_keys_and_come_back_with_a_backup(desk: Desk, tmp_path: Path) -> None:
    data = b"worked on" * 200_000
    with vault.opened(desk.path, PASSPHRASE, change=True) as one:
        put_copy(one, "aa" * 32, data)
    before = snapshot(desk.path / "copies")
    relocking.relock(desk.path, PASSPHRASE, relocking.keep_all, CHEAP)
    assert snapshot(desk.path / "copies") == before
    with vault.opened(desk.path, PASSPHRASE, change=True) as one:
        assert content(one) == [data]
        restoring.make(one, tmp_path / "backup", tmp_path / "boxes")
    done = restoring.restore(
        tmp_path / "backup", tmp_path / "new", PASSPHRASE, boxes=tmp_path / "boxes", until=None, cost=CHEAP
    )
    assert done.lost == 0
    with vault.opened(tmp_path / "new", PASSPHRASE) as one:
        assert content(one) == [data]
    done = restoring.restore(tmp_path / "backup", tmp_path / "less", PASSPHRASE, boxes=None, until=None, cost=CHEAP)
    assert done.lost == 1
    with vault.opened(tmp_path / "less", PASSPHRASE) as one, pytest.raises(Refused, match="damaged or missing"):
        content(one)


@pytest.mark.timeout(7200)
def test_killed_while_a_copy_is_made_there_is_a_whole_one_or_none(desk: Desk, tmp_path: Path, moments: int) -> None:
    data = b"worked on" * 300_000

    def make(path: Path) -> None:
        with vault.opened(path, PASSPHRASE, change=True) as one:
            put_copy(one, "aa" * 32, data)

    killer = Killer()
    killer.measure(lambda: make(copy_of(desk.path, tmp_path / "trial")))
    for _ in range(moments):
        broken = at(desk, copy_of(desk.path, tmp_path / "broken"))
        killer.kill(lambda path=broken.path: make(path))  # type: ignore[misc]
        with vault.opened(broken.path, PASSPHRASE, change=True) as one:
            assert content(one) in ([], [data])
            put_copy(one, "aa" * 32, data)
            assert set(content(one)) == {data}
            assert len(list(one.copies.iterdir())) == len(Copies(one).all())
        assert leftovers(broken.path) == []
    killer.check(moments)
