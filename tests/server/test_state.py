"""The database: private, forgetful where it should be, and never half-written."""

import multiprocessing
import sqlite3
import stat
from pathlib import Path

import pytest

from knothole_keys.errors import KnotholeError, Refused
from knothole_server.config import Config
from knothole_server.state import COURIER, PERMIT, State
from knothole_server.state_thread import StateThread
from tests.support.drop import Drop


def test_what_is_deleted_is_overwritten_and_what_is_written_is_durable(config: Config) -> None:
    state = State(config.state)
    pragmas = {name: state._one(f"PRAGMA {name}") for name in ("journal_mode", "secure_delete", "synchronous")}
    assert pragmas == {"journal_mode": "truncate", "secure_delete": 1, "synchronous": 2}
    state.close()
    assert not list(config.directory.glob("*-wal"))


def test_the_file_is_its_owners_alone(config: Config) -> None:
    assert stat.S_IMODE(config.state.stat().st_mode) == 0o600


def test_every_purpose_has_a_secret_of_its_own(config: Config, tmp_path: Path, small_drop: Drop) -> None:
    state = State(config.state)
    secrets = [*state.secrets(PERMIT), *state.secrets(COURIER)]
    other = tmp_path / "other.db"
    State.create(other, state.published())
    secrets += [*State(other).secrets(PERMIT), *State(other).secrets(COURIER)]
    assert len(set(secrets)) == 4
    assert {len(secret) for secret in secrets} == {32}
    state.close()


def test_a_new_drop_never_overwrites_an_old_one(config: Config, small_drop: Drop) -> None:
    before = config.state.read_bytes()
    state = State(config.state)
    with pytest.raises(FileExistsError):
        State.create(config.state, state.published())
    state.close()
    assert config.state.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"not a database" * 100])
def test_another_file_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.db").write_bytes(content)
    with pytest.raises(Refused):
        State(tmp_path / "state.db")


def test_a_database_of_another_version_is_refused(config: Config) -> None:
    with sqlite3.connect(config.state) as db:
        db.execute("update settings set value = 3 where name = 'schema'")
    with pytest.raises(Refused, match="another version"):
        State(config.state)
    with pytest.raises(Refused):
        StateThread(config.state)


def test_a_refused_publication_is_rolled_back_and_blocks_nobody(config: Config, small_drop: Drop) -> None:
    state = State(config.state)
    for _ in range(2):
        with pytest.raises(KnotholeError):
            state.publish(b"no note", None, small_drop.now)
    other = State(config.state)
    other.set_difficulty(3)
    assert state.difficulty() == 3
    other.close()
    state.close()


def test_a_write_that_finds_no_room_is_refused_and_rolled_back(config: Config, small_drop: Drop) -> None:
    state = State(config.state)
    # SQLite's own limit on the file's length fails as a full disk does.
    state._db.execute(f"PRAGMA max_page_count = {state._one('PRAGMA page_count')}").fetchall()
    before = config.state.read_bytes()
    with pytest.raises(Refused, match="full"):
        state.add_slots([bytes([number]) * 2048 for number in range(200)], 20_000, 4096)
    assert state.slot_count() == 0
    assert config.state.read_bytes() == before
    state.set_difficulty(5)
    state.close()


def rotate_often(path: Path) -> None:
    state = State(path)
    for _ in range(20):
        state.rotate({COURIER: 1000})
    state.close()


def test_processes_that_write_at_once_all_succeed(config: Config) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=rotate_often, args=(config.state,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    state = State(config.state)
    assert len(state.secrets(COURIER)) == 61
    state.close()


def test_the_version_changes_when_another_writes(config: Config) -> None:
    state, other = State(config.state), State(config.state)
    before = state.version()
    state.set_difficulty(1)
    assert state.version() == before
    other.set_difficulty(2)
    assert state.version() != before
    state.close()
    other.close()
