"""Slabs that were cut, boxes that went bad, bytes that a killed upload left: noticed, and mended where that is safe."""

import hashlib
import os
import random
import secrets
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from knothole_keys import epoch
from knothole_keys.epoch import DAY
from knothole_keys.errors import Refused
from knothole_server.config import Config
from knothole_server.doctor import examine, status
from knothole_server.drop import Drop as OpenDrop
from knothole_server.failstop import EXIT_DISK
from knothole_server.slab import Slab
from knothole_server.slab_table import Shape, SlabDamaged
from tests.server.serving import SMALL, Served, lay_out, process, serving, wait_for
from tests.server.test_durability import RecordedDisk
from tests.server.test_slab import SHAPE, SIZE, load, store
from tests.support.drop import Drop

# Longer than the pieces in which a place is wiped.
WIDE = Shape(epoch=2960, size=2**18, slots=4, first=4, later=4)


def two_extents(path: Path) -> Slab:
    """A slab with a box in its second extent."""
    slab = Slab.create(path, SHAPE)
    while slab.extents < 2 or all(position < SHAPE.first for position, _ in slab.index.values()):
        store(slab, os.urandom(16), os.urandom(SIZE))
    return slab


@pytest.mark.parametrize("writable", [True, False])
@pytest.mark.parametrize("length", [SHAPE.offset(0), SHAPE.offset(0) + SHAPE.table(0), SHAPE.offset(1) - 1])
def test_a_slab_shorter_than_its_first_extent_is_refused(tmp_path: Path, length: int, writable: bool) -> None:
    path = tmp_path / "1.slab"
    slab = Slab.create(path, SHAPE)
    store(slab, b"i" * 16, b"b" * SIZE)
    slab.close()
    os.truncate(path, length)
    before = path.read_bytes()
    with pytest.raises(SlabDamaged, match="shorter"):
        Slab.open(path, writable=writable)
    assert path.read_bytes() == before


@pytest.mark.parametrize("writable", [True, False])
@pytest.mark.parametrize("kept", [SHAPE.table(1), SHAPE.length(1) - 1])
def test_a_slab_cut_within_an_extent_that_holds_boxes_is_refused(tmp_path: Path, kept: int, writable: bool) -> None:
    path = tmp_path / "1.slab"
    two_extents(path).close()
    os.truncate(path, SHAPE.offset(1) + kept)
    before = path.read_bytes()
    with pytest.raises(SlabDamaged, match="holds boxes"):
        Slab.open(path, writable=writable)
    assert path.read_bytes() == before


def slab_of(served: Served) -> Slab:
    return served.opened.store.slabs[served.drop.epoch]


@pytest.fixture
def stopped(config: Config, small_drop: Drop) -> tuple[Config, Path]:
    """The directory of a server that took one box and ended, and the box's slab."""
    with serving(small_drop, config) as served:
        served.put(b"i" * 16, served.fake_box())
    return config, config.slabs / f"{small_drop.epoch}.slab"


def test_a_cut_slab_is_one_sentence_everywhere(stopped: tuple[Config, Path]) -> None:
    config, path = stopped
    os.truncate(path, 300_000)
    before = path.read_bytes()
    assert [sentence for sentence in examine(config) if path.name in sentence] == [
        f"{path} cannot be read as a slab (it is shorter than it was made); restore it from a copy."
    ]
    assert [slab["readable"] for slab in status(config)["epochs"] if path.name == f"{slab['epoch']}.slab"] == [False]
    with pytest.raises(Refused, match="shorter than it was made"):
        OpenDrop(config)
    assert path.read_bytes() == before


def test_an_extent_that_a_crash_left_unfinished_is_told_and_mended(stopped: tuple[Config, Path]) -> None:
    config, path = stopped
    size = path.stat().st_size
    os.truncate(path, size + 5000)
    told = [sentence for sentence in examine(config) if path.name in sentence]
    assert told == [f"{path} ends within an extent, an empty one; the server makes it whole at its next start."]
    assert [slab["surplus"] for slab in status(config)["epochs"] if slab["boxes"]] == [5000]
    assert path.stat().st_size == size + 5000
    OpenDrop(config).close()
    assert list(examine(config)) == []
    assert [slab["boxes"] for slab in status(config)["epochs"] if slab["boxes"]] == [1]


def spoil(slab: Slab, box_id: bytes) -> int:
    """Change a byte of a stored box on the disk; its position."""
    position = slab.index[box_id][0]
    with slab.path.open("r+b") as file:
        file.seek(slab.shape.place_offset(position) + 1000)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    return position


def missing(served: Served, box_id: bytes) -> bool:
    asked = served.drop.epoch.to_bytes(4, "big") + box_id + os.urandom(16 * 1023)
    return bool(served.http.post("/boxes/missing", content=asked).content[0] & 0x80)


def test_a_damaged_box_is_asked_for_and_a_resend_repairs_it(config: Config, small_drop: Drop) -> None:
    box_id, other = os.urandom(16), os.urandom(16)
    with serving(small_drop, config) as served:
        box = served.fake_box()
        served.put(other, served.fake_box())
        served.put(box_id, box)
        place = spoil(slab_of(served), box_id)
        assert not missing(served, box_id)
        with pytest.raises(httpx.RemoteProtocolError):
            served.fetch(box_id)
        assert missing(served, box_id)
        assert not missing(served, other)
        assert served.fetch(box_id).status_code == 404
    with serving(small_drop, config) as served:
        # What was given up stays so, and what is sent again is a new box.
        assert missing(served, box_id)
        assert slab_of(served).damaged == [place]
        assert served.put(box_id, box).status_code == 201
        assert served.put(box_id, box).status_code == 200
        assert served.fetch(box_id).content == box
    with serving(small_drop, config) as served:
        assert served.fetch(box_id).content == box
        assert slab_of(served).damaged == [place]
        assert slab_of(served).index[box_id][0] != place
        assert len(slab_of(served).index) == 2


def test_giving_up_a_box_does_not_touch_the_one_that_took_its_place(tmp_path: Path) -> None:
    slab = Slab.create(tmp_path / "1.slab", SHAPE)
    store(slab, b"i" * 16, b"a" * SIZE)
    old = slab.index[b"i" * 16][0]
    slab.condemn(b"i" * 16, old)
    assert store(slab, b"i" * 16, b"b" * SIZE)
    # A second reader of the damaged box comes late.
    slab.condemn(b"i" * 16, old)
    assert load(slab, b"i" * 16) == b"b" * SIZE
    assert slab.damaged == [old]
    slab.close()


@pytest.mark.parametrize("later", [True, False])
def test_power_cut_at_any_point_of_a_repair_loses_no_promised_box_and_revives_no_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later: bool
) -> None:
    disk, box_id = RecordedDisk(tmp_path / "1.slab", monkeypatch), b"i" * 16
    # The damaged box comes before the new one in the table, or after it.
    monkeypatch.setattr(secrets, "randbelow", lambda count: 0 if later else count - 1)
    disk.commit({box_id: b"\1" * SIZE})
    old = disk.slab.index[box_id][0]
    disk.slab.condemn(box_id, old)
    given_up = len(disk.events)
    monkeypatch.setattr(secrets, "randbelow", lambda count: count // 2)
    disk.commit({box_id: b"\2" * SIZE})
    assert (disk.slab.index[box_id][0] > old) == later
    promised = len(disk.events)
    disk.slab.close()
    luck = random.Random(1)
    for at in range(len(disk.events) + 1):
        for _ in range(20):
            (tmp_path / "cut.slab").write_bytes(disk.after_power_cut(at, luck))
            slab = Slab.open(tmp_path / "cut.slab", writable=False)
            assert box_id in slab.index or at < promised
            if box_id in slab.index:
                body = load(slab, box_id)
                assert body == b"\2" * SIZE or at < given_up
                assert hashlib.sha256(body).digest() == slab.index[box_id][1]
            slab.close()


def test_what_a_killed_upload_left_is_wiped_at_the_next_start(tmp_path: Path, small_drop: Drop) -> None:
    config = lay_out(tmp_path, small_drop)
    geometry = small_drop.geometry()
    half = geometry.prefix + b"\xaa" * 100_000
    path = config.slabs / f"{small_drop.epoch}.slab"
    with process(config) as (running, port):
        address = f"http://127.0.0.1:{port}"
        permit = httpx.get(f"{address}/permit").json()["permit"]

        def body() -> object:
            yield half
            wait_for(lambda: half in path.read_bytes())
            running.kill()
            yield bytes(geometry.size - len(half))

        headers = {"Knothole-Permit": permit, "Knothole-Proof": "0", "Content-Length": str(geometry.size)}
        with pytest.raises(httpx.TransportError):
            httpx.put(f"{address}/boxes/{small_drop.epoch}/{'ab' * 16}", content=body(), headers=headers)  # type: ignore[arg-type]
        running.wait(10)
    assert b"\xaa" * 100 in path.read_bytes()
    assert list(examine(config)) == []
    assert b"\xaa" * 100 in path.read_bytes()
    OpenDrop(config).close()
    assert b"\xaa" not in path.read_bytes()


def test_a_place_that_was_wiped_by_half_is_wiped_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slab = Slab.create(tmp_path / "1.slab", WIDE)
    real = os.pwrite
    for works in range(5):
        place = slab.take()
        assert place is not None
        slab.write(place, 0, b"\xaa" * WIDE.size)
        calls = [0]

        def pwrite(descriptor: int, data: bytes, offset: int, works: int = works, calls: list[int] = calls) -> int:
            calls[0] += 1
            if calls[0] > works:
                raise OSError("the process ends here")
            return real(descriptor, data, offset)

        monkeypatch.setattr(os, "pwrite", pwrite)
        slab.give_back(place, WIDE.size)
        monkeypatch.undo()
        slab.close()
        slab = Slab.open(tmp_path / "1.slab")
        assert b"\xaa" not in (tmp_path / "1.slab").read_bytes()
    slab.close()


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_a_new_slab_that_cannot_be_made_durable_stops_the_server(tmp_path: Path, small_drop: Drop, kind: str) -> None:
    flag, week = tmp_path / "now", small_drop.epoch
    failing = f"""
import errno, os, stat
from knothole_keys import clock
flag, failed = Path({str(flag)!r}), []
# The next week opens, and its slab is made, a day before the present one ends.
clock.now = lambda: {epoch.end(week) - 3600} if flag.exists() else {epoch.start(week) + 2 * DAY}
real = os.fsync
def fsync(descriptor):
    directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
    if flag.exists() and not failed and directory == {kind == "directory"}:
        failed.append(1)
        raise OSError(errno.EIO, "Input/output error")
    real(descriptor)
os.fsync = fsync
"""
    config = lay_out(tmp_path, small_drop, replace(SMALL, beat_seconds=0.05, poll_seconds=0.05))
    with process(config, failing) as (running, _):
        flag.touch()
        assert running.wait(10) == EXIT_DISK
        assert running.stderr is not None
        assert running.stderr.read().count("stopped") == 1
