"""A person's files: refused when they cannot be read twice, found out when they change in between."""

import os
import threading
from pathlib import Path

import pytest

from knothole_client.source.reading import look, survey
from knothole_keys import merkle
from knothole_keys.errors import Refused

CAPACITY = 1000


def nothing(_: int) -> None:
    pass


def test_leaves_and_bodies_agree(tmp_path: Path):
    data = os.urandom(2500)
    (tmp_path / "f").write_bytes(data)
    read: list[int] = []
    file = survey(tmp_path / "f", CAPACITY, read.append)
    assert read == [1000, 1000, 500]
    assert [merkle.leaf(file.body(i)) for i in range(3)] == list(file.leaves)
    assert b"".join(file.body(i) for i in range(3)) == data


def test_an_empty_file_has_one_empty_body(tmp_path: Path):
    (tmp_path / "f").touch()
    file = survey(tmp_path / "f", CAPACITY, nothing)
    assert file.leaves == (merkle.leaf(b""),)
    assert file.body(0) == b""


def test_a_link_to_a_file_is_that_file(tmp_path: Path):
    (tmp_path / "f").write_bytes(b"x")
    (tmp_path / "link").symlink_to("f")
    assert survey(tmp_path / "link", CAPACITY, nothing).body(0) == b"x"


def test_a_folder_is_refused(tmp_path: Path):
    with pytest.raises(Refused, match="is a folder"):
        look(tmp_path)


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    done = threading.Event()

    def ask() -> None:
        with pytest.raises(Refused, match="read twice"):
            look(tmp_path / "pipe")
        done.set()

    threading.Thread(target=ask, daemon=True).start()
    assert done.wait(5)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_a_device_is_refused(path: str):
    with pytest.raises(Refused, match="read twice"):
        look(Path(path))


def test_a_missing_file_is_one_sentence(tmp_path: Path):
    with pytest.raises(Refused, match="cannot be read: no such file"):
        look(tmp_path / "missing")


def longer(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


def shorter(path: Path) -> None:
    os.truncate(path, 10)


def same_length(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def in_silence(path: Path) -> None:
    # The clock of the file is set back: only the leaf tells.
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(1500)
        file.write(b"\0")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replaced(path: Path) -> None:
    data = path.read_bytes()
    path.unlink()
    (path.parent / "other").touch()
    path.write_bytes(data)


def removed(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [longer, shorter, same_length, in_silence, replaced, removed])
def test_a_file_that_changes_between_the_readings_is_found_out(change, tmp_path: Path):
    path = tmp_path / "f"
    path.write_bytes(bytes(range(1, 251)) * 10)
    file = survey(path, CAPACITY, nothing)
    change(path)
    with pytest.raises(Refused, match=r"changed while it was being sent|cannot be read"):
        list(map(file.body, range(3)))


def test_a_file_that_changes_during_the_first_reading_is_found_out(tmp_path: Path):
    path = tmp_path / "f"
    path.write_bytes(bytes(3000))
    with pytest.raises(Refused, match="changed"):
        survey(path, CAPACITY, lambda _: longer(path))
