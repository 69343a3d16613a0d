"""The board: everybody gets all of it, and it tells nothing about when or with what a slot came."""

import os
import sqlite3
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knothole_keys import clock
from knothole_keys.board import BOARD_DAYS
from knothole_keys.epoch import DAY
from knothole_server import board
from knothole_server.config import Config
from knothole_server.published import Published
from knothole_server.state import State
from tests.server.serving import SMALL, Served, lay_out, publish, serving, tree_hash, wait_for
from tests.support.drop import make_drop


def post(served: Served, slots: list[bytes]) -> int:
    return served.http.post("/courier/slots", content=b"".join(slots), headers=served.bearer).status_code


def shown(served: Served) -> list[bytes]:
    data = served.http.get("/board").content
    assert len(data) % 2048 == 0
    return [data[start : start + 2048] for start in range(0, len(data), 2048)]


def some(count: int) -> list[bytes]:
    return [os.urandom(2048) for _ in range(count)]


def test_everybody_gets_every_slot_sorted(served: Served) -> None:
    slots = some(300)
    assert shown(served) == []
    for start in range(0, 300, 100):
        assert post(served, slots[start : start + 100]) == 200
    assert shown(served) == sorted(slots)


def test_a_slot_posted_again_is_kept_once(served: Served) -> None:
    slots = some(5)
    assert post(served, slots + slots) == 200
    before = tree_hash(served.config.directory)
    assert post(served, slots) == 200
    assert shown(served) == sorted(slots)
    assert tree_hash(served.config.directory) == before


def test_a_post_beyond_the_days_cap_is_refused_whole(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "SLOTS_A_DAY", 10)
    slots = some(8)
    assert post(served, slots) == 200
    before = tree_hash(served.config.directory)
    assert post(served, some(3)) == 507
    assert tree_hash(served.config.directory) == before
    # What is there already does not count again.
    assert post(served, slots[:2] + some(2)) == 200
    assert len(shown(served)) == 10
    tomorrow = clock.now() + DAY
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    assert post(served, some(10)) == 200
    assert len(shown(served)) == 20


def test_slots_come_down_after_thirty_days(config: Config) -> None:
    state, old = State(config.state), some(3)
    state.add_slots(old, 20_000, 4096)
    for today, left in ((20_029, 3), (20_030, 0)):
        state.drop_slots(today - BOARD_DAYS + 1)
        assert state.slot_count() == left
    state.close()
    assert all(slot not in config.state.read_bytes() for slot in old)


def test_the_beat_takes_old_slots_down_when_both_clocks_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop = make_drop()
    config = lay_out(tmp_path, drop, replace(SMALL, beat_seconds=0.05, poll_seconds=0.05))
    with serving(drop, config) as served:
        assert post(served, some(3)) == 200
        now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: now + 29 * DAY)
        time.sleep(0.2)
        assert len(shown(served)) == 3
        monkeypatch.setattr(clock, "now", lambda: now + 30 * DAY)
        drop.issue(now=now + 29 * DAY)
        drop.now = now + 30 * DAY
        publish(config, drop)
        time.sleep(0.2)
        assert len(shown(served)) == 3
        drop.issue(now=now + 30 * DAY)
        publish(config, drop)
        wait_for(lambda: shown(served) == [])


def test_nothing_finer_than_a_day_is_kept(served: Served) -> None:
    slots = some(4)
    post(served, slots)
    rows = sqlite3.connect(served.config.state).execute("select * from slots").fetchall()
    assert {row[1] for row in rows} == {clock.now() // DAY}
    assert all(len(row) == 2 for row in rows)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=8), min_size=1, max_size=4))
def test_rows_of_a_day_tell_no_order_of_arrival(posts: list[list[int]]) -> None:
    drop = make_drop(recipients=[])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        State.create(path, Published(drop.chain, None))
        state = State(path)
        for several in posts:
            state.add_slots([bytes([number]) * 2048 for number in several], 20_000, 4096)
        state.close()
        by_row = sqlite3.connect(path).execute("select slot from slots order by rowid").fetchall()
    assert by_row == sorted(by_row)
    assert {row[0][0] for row in by_row} == {number for several in posts for number in several}
