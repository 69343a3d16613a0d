"""What the steady beat does: file times that tell nothing, slabs made before their week, and deleted by two clocks."""

import errno
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from knothole_keys import clock, epoch
from knothole_keys.epoch import DAY
from knothole_keys.errors import Refused
from knothole_server.config import Config
from knothole_server.drop import Drop as OpenDrop
from knothole_server.published import Published
from tests.server.serving import SMALL, Served, lay_out, publish, serving, tree_hash, wait_for
from tests.support.drop import Drop, make_drop

QUICK = replace(SMALL, beat_seconds=0.1, poll_seconds=0.05)


def slab_names(config: Config) -> list[str]:
    return sorted(path.name for path in config.slabs.iterdir())


def test_the_weeks_slab_is_there_before_its_first_box(served: Served) -> None:
    assert f"{served.drop.epoch}.slab" in slab_names(served.config)


def test_next_weeks_slab_is_made_on_the_beat(small_drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: epoch.start(small_drop.epoch) + 2 * DAY)
    with serving(small_drop, lay_out(tmp_path, small_drop, QUICK)) as served:
        assert slab_names(served.config) == [f"{small_drop.epoch}.slab"]
        monkeypatch.setattr(clock, "now", lambda: epoch.end(small_drop.epoch) - DAY)
        wait_for(lambda: slab_names(served.config) == [f"{small_drop.epoch}.slab", f"{small_drop.epoch + 1}.slab"])


def test_file_times_beat_without_arrivals(small_drop: Drop, tmp_path: Path) -> None:
    with serving(small_drop, lay_out(tmp_path, small_drop, QUICK)) as served:
        path = served.config.slabs / f"{small_drop.epoch}.slab"
        seen = set()
        for _ in range(4):
            before = path.stat().st_mtime_ns
            wait_for(lambda before=before: path.stat().st_mtime_ns != before)  # type: ignore[misc]
            now = path.stat()
            assert abs(now.st_mtime_ns - now.st_atime_ns) < 10_000_000
            assert abs(now.st_mtime_ns - now.st_ctime_ns) < 100_000_000
            seen.add(now.st_mtime_ns)
        assert len(seen) == 4


def test_a_boxs_arrival_is_beaten_over(small_drop: Drop, tmp_path: Path) -> None:
    with serving(small_drop, lay_out(tmp_path, small_drop, QUICK)) as served:
        path = served.config.slabs / f"{small_drop.epoch}.slab"
        served.put(os.urandom(16), served.fake_box())
        arrived = time.time_ns()
        wait_for(lambda: min(path.stat().st_mtime_ns, path.stat().st_ctime_ns) > arrived)


@pytest.mark.parametrize(
    ("signed_later", "clock_later", "kept"),
    [(True, True, False), (True, False, True), (False, True, True), (False, False, True)],
)
def test_a_slab_is_deleted_only_when_both_clocks_say_so(signed_later: bool, clock_later: bool, kept: bool) -> None:
    drop = make_drop(retention_days=10)
    last = epoch.end(drop.epoch) + 10 * DAY
    roster = replace(drop.roster, issued=last + 1 if signed_later else last)
    published = Published(drop.chain, roster)
    assert published.is_over(drop.epoch, last + 1 if clock_later else last) is not kept
    assert not published.is_over(drop.epoch + 1, last + 1)
    assert not Published(drop.chain, None).is_over(drop.epoch, 2**40)


def test_old_slabs_go_on_the_beat_after_a_new_roster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop = make_drop(recipients=["Ada"], retention_days=3, weeks=8)
    config = lay_out(tmp_path, drop, QUICK)
    old = f"{drop.epoch}.slab"
    with serving(drop, config) as served:
        box_id = os.urandom(16)
        served.put(box_id, served.fake_box())
        later = epoch.end(drop.epoch) + 3 * DAY + 60
        monkeypatch.setattr(clock, "now", lambda: later)
        time.sleep(0.4)
        # The clock alone deletes nothing.
        assert old in slab_names(config)
        assert served.fetch(box_id).status_code == 200
        drop.now = later
        drop.issue()
        publish(config, drop)
        wait_for(lambda: old not in slab_names(config))
        wait_for(lambda: served.fetch(box_id, drop.epoch - 1).status_code == 404)
        assert any(name != old for name in slab_names(config))


def test_a_slab_in_use_is_not_deleted_under_its_reader(served: Served) -> None:
    served.put(b"i" * 16, served.fake_box())
    slab = served.opened.store.slabs[served.drop.epoch]
    with slab.held():
        served.opened.store.remove_kept_until(lambda _: True)
        assert slab.path.exists()
    assert slab.idle


def test_a_full_disk_refuses_new_boxes_and_keeps_the_old(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = {os.urandom(16): served.fake_box() for _ in range(14)}

    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", no_space)
    for box_id, box in stored.items():
        # Places that are there already are used up first.
        assert served.put(box_id, box).status_code == 201
    for _ in range(2):
        last = os.urandom(16)
        stored[last] = served.fake_box()
        assert served.put(last, stored[last]).status_code == 201
    before = tree_hash(served.config.directory)
    answer = served.put(os.urandom(16), served.fake_box())
    assert (answer.status_code, answer.json()["error"]) == (507, "no_room")
    assert tree_hash(served.config.directory) == before
    for box_id, box in stored.items():
        assert served.fetch(box_id).content == box
        assert served.put(box_id, box).status_code == 200
    monkeypatch.undo()
    served.opened.store._full_until = 0
    assert served.put(os.urandom(16), served.fake_box()).status_code == 201


def test_a_disk_that_fills_up_under_a_body_refuses_it(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    real, writes = os.pwrite, [0]

    def fills_up(descriptor: int, data: bytes, offset: int) -> int:
        writes[0] += 1
        if writes[0] == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data, offset)

    before, free = tree_hash(served.config.directory), served.free_places()
    monkeypatch.setattr(os, "pwrite", fills_up)
    answer = served.put(os.urandom(16), served.fake_box())
    monkeypatch.undo()
    assert answer.status_code == 507
    wait_for(lambda: served.free_places() == free)
    assert tree_hash(served.config.directory) == before


def test_a_start_on_a_full_disk_serves_what_is_there(small_drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    config = lay_out(tmp_path, small_drop)
    monkeypatch.setattr(os, "posix_fallocate", no_space)
    with serving(small_drop, config) as served:
        assert served.http.get("/roster").status_code == 200
        assert served.put(os.urandom(16), served.fake_box()).status_code == 507
        monkeypatch.undo()
        assert served.put(os.urandom(16), served.fake_box()).status_code == 201


def test_two_servers_on_one_directory_are_refused(served: Served) -> None:
    with pytest.raises(Refused, match="Another server"):
        OpenDrop(served.config)
    assert served.put(os.urandom(16), served.fake_box()).status_code == 201


@pytest.mark.parametrize("name", ["lock", "page.html", "state.db"])
def test_a_directory_that_cannot_be_used_is_one_sentence(config: Config, name: str) -> None:
    (config.directory / name).unlink(missing_ok=True)
    (config.directory / name).mkdir()
    with pytest.raises(Refused):
        OpenDrop(config)


def test_a_disk_that_fails_at_the_start_is_one_sentence(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "posix_fallocate", fail)
    with pytest.raises(Refused, match="input/output error"):
        OpenDrop(config)
    monkeypatch.undo()
    OpenDrop(config).close()


@pytest.mark.parametrize("content", [b"", b"not a slab", bytes(5000)])
def test_a_slab_that_cannot_be_read_stops_the_start(config: Config, content: bytes) -> None:
    config.slabs.mkdir()
    (config.slabs / "1.slab").write_bytes(content)
    with pytest.raises(Refused, match=r"1\.slab cannot be read"):
        OpenDrop(config)
    assert (config.slabs / "1.slab").read_bytes() == content


def test_a_slab_under_another_name_stops_the_start(config: Config, small_drop: Drop) -> None:
    OpenDrop(config).close()
    (config.slabs / f"{small_drop.epoch}.slab").rename(config.slabs / "7.slab")
    with pytest.raises(Refused, match="another epoch"):
        OpenDrop(config)


def test_an_empty_slab_of_another_look_gives_way_and_a_used_one_does_not(served: Served) -> None:
    store, geometry = served.opened.store, served.drop.geometry()
    other = replace(geometry, slots=geometry.slots + 1)
    assert store.make(served.drop.epoch, other).shape.slots == other.slots
    assert store.make(served.drop.epoch, geometry).shape.slots == geometry.slots
    assert served.put(os.urandom(16), served.fake_box()).status_code == 201
    with pytest.raises(Refused):
        store.make(served.drop.epoch, other)


def test_what_a_crash_left_unfinished_is_cleared_away(config: Config) -> None:
    config.slabs.mkdir()
    (config.slabs / ".9.slab.new").write_bytes(b"half")
    OpenDrop(config).close()
    assert not (config.slabs / ".9.slab.new").exists()
