"""One slab: what it promises across restarts, damage and full disks, tried by a machine that does not get bored."""

import errno
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from knothole_server.disk import NoRoom
from knothole_server.slab import Slab
from knothole_server.slab_commit import Commit, commit_batch
from knothole_server.slab_table import PAGE, Shape, SlabDamaged

SIZE = 4096
# Any: what matters is that bodies do not begin with zeros.
PREFIX_BYTES = b"knothole-box/1\n\4"
SHAPE = Shape(epoch=2960, size=SIZE, slots=4, first=8, later=16)


def store(slab: Slab, box_id: bytes, body: bytes) -> bool:
    """What an upload does, without the network."""
    if slab.low:
        slab.grow()
    position = slab.take()
    assert position is not None
    for start in range(0, len(body), 1000):
        slab.write(position, start, body[start : start + 1000])
    commit = Commit(slab, position, box_id, hashlib.sha256(body).digest())
    commit_batch([commit])
    if not commit.done.result(0):
        slab.give_back(position, len(body))
    return commit.done.result(0)


def load(slab: Slab, box_id: bytes) -> bytes:
    return slab.read(slab.index[box_id][0], 0, SIZE)


class SlabMachine(RuleBasedStateMachine):
    """Boxes put, uploads given up, restarts, and entries damaged on the disk, in any order."""

    @initialize()
    def begin(self) -> None:
        self.path = Path(os.environ["PYTEST_SLAB_FOLDER"]) / f"{os.urandom(8).hex()}.slab"
        self.slab = Slab.create(self.path, SHAPE)
        self.boxes: dict[bytes, bytes] = {}
        self.damaged: set[int] = set()

    @rule(content=st.binary(min_size=1, max_size=8))
    def put(self, content: bytes) -> None:
        box_id, body = os.urandom(16), hashlib.shake_256(content).digest(SIZE)
        assert store(self.slab, box_id, body)
        self.boxes[box_id] = body

    @precondition(lambda self: self.boxes)
    @rule(data=st.data())
    def put_again(self, data: st.DataObject) -> None:
        box_id = data.draw(st.sampled_from(sorted(self.boxes)))
        before = self.path.read_bytes()[PAGE : PAGE + SHAPE.table(0)]
        assert not store(self.slab, box_id, bytes(SIZE))
        assert self.path.read_bytes()[PAGE : PAGE + SHAPE.table(0)] == before

    @rule(written=st.integers(0, SIZE))
    def give_up(self, written: int) -> None:
        position = self.slab.take()
        if position is not None:
            self.slab.write(position, 0, os.urandom(written))
            self.slab.give_back(position, written)
            assert self.slab.read(position, 0, SIZE) == bytes(SIZE)

    @rule()
    def restart(self) -> None:
        self.slab.close()
        self.slab = Slab.open(self.path)

    @rule(written=st.integers(0, SIZE))
    def die_in_the_middle_of_an_upload(self, written: int) -> None:
        position = self.slab.take()
        if position is not None:
            self.slab.write(position, 0, PREFIX_BYTES[:written] + os.urandom(max(0, written - len(PREFIX_BYTES))))
        self.restart()

    @precondition(lambda self: self.boxes)
    @rule(data=st.data(), at=st.integers(0, 63), flip=st.integers(1, 255))
    def damage_an_entry(self, data: st.DataObject, at: int, flip: int) -> None:
        box_id = data.draw(st.sampled_from(sorted(self.boxes)))
        position = self.slab.index[box_id][0]
        self.slab.close()
        with self.path.open("r+b") as file:
            file.seek(SHAPE.entry_offset(position) + at)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ flip]))
        del self.boxes[box_id]
        self.damaged.add(position)
        self.slab = Slab.open(self.path)

    @invariant()
    def every_box_is_there_and_whole(self) -> None:
        assert dict(self.slab.listing()) == {i: hashlib.sha256(body).digest() for i, body in self.boxes.items()}
        assert all(load(self.slab, box_id) == body for box_id, body in self.boxes.items())

    @invariant()
    def places_are_free_or_taken_or_damaged_once(self) -> None:
        taken = [position for position, _ in self.slab.index.values()]
        assert len(set(taken)) == len(taken)
        assert set(self.slab.damaged) == self.damaged
        assert not self.damaged & set(taken)
        places = SHAPE.begin(self.slab.extents)
        assert self.slab.free + len(taken) + len(self.damaged) == places

    @invariant()
    def free_places_are_empty(self) -> None:
        taken = {position for position, _ in self.slab.index.values()} | self.damaged
        places = set(range(SHAPE.begin(self.slab.extents))) - taken
        assert all(self.slab.read(position, 0, SIZE) == bytes(SIZE) for position in places)

    @precondition(lambda self: self.boxes)
    @rule(data=st.data())
    def give_a_box_up_and_take_it_again(self, data: st.DataObject) -> None:
        box_id = data.draw(st.sampled_from(sorted(self.boxes)))
        position = self.slab.index[box_id][0]
        self.slab.condemn(box_id, position)
        self.damaged.add(position)
        assert box_id not in self.slab.index
        self.boxes[box_id] = hashlib.shake_256(box_id).digest(SIZE)
        assert store(self.slab, box_id, self.boxes[box_id])

    def teardown(self) -> None:
        if hasattr(self, "slab"):
            self.slab.close()
            self.path.unlink()


@pytest.fixture(autouse=True)
def slab_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_SLAB_FOLDER", str(tmp_path))


class TestSlabMachine(SlabMachine.TestCase):  # type: ignore[misc]
    settings = settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))


def test_listing_is_sorted_by_id_not_by_arrival(tmp_path: Path) -> None:
    slab = Slab.create(tmp_path / "1.slab", SHAPE)
    for _ in range(20):
        store(slab, os.urandom(16), os.urandom(SIZE))
    ids = [box_id for box_id, _ in slab.listing()]
    assert ids == sorted(ids)
    slab.close()


def test_places_are_chosen_at_random(tmp_path: Path) -> None:
    orders = []
    for number in range(3):
        slab = Slab.create(tmp_path / f"{number}.slab", Shape(1, SIZE, 4, 64, 64))
        orders.append([slab.take() for _ in range(40)])
        assert len(set(orders[-1])) == 40
        slab.close()
    assert orders[0] != orders[1] != orders[2]
    assert all(order != sorted(order) and order != sorted(order, reverse=True) for order in orders)


def test_an_extent_is_added_before_random_places_run_out(tmp_path: Path) -> None:
    slab = Slab.create(tmp_path / "1.slab", SHAPE)
    for _ in range(6):
        assert not slab.low
        slab.take()
    assert not slab.low
    slab.take()
    assert slab.low
    slab.grow()
    assert (slab.extents, slab.free) == (2, 1 + SHAPE.later)
    slab.close()


def test_a_box_stored_twice_on_disk_is_indexed_once_and_reported(tmp_path: Path) -> None:
    slab = Slab.create(tmp_path / "1.slab", SHAPE)
    body = os.urandom(SIZE)
    store(slab, b"i" * 16, body)
    other = slab.take()
    assert other is not None
    slab.write(other, 0, body)
    slab.enter(other, b"i" * 16, hashlib.sha256(body).digest())
    slab.close()
    slab = Slab.open(tmp_path / "1.slab")
    assert len(slab.index) == 1
    assert len(slab.damaged) == 1
    assert load(slab, b"i" * 16) == body
    slab.close()


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_growing_on_a_full_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slab = Slab.create(tmp_path / "1.slab", SHAPE)
    store(slab, b"i" * 16, b"b" * SIZE)
    before = (tmp_path / "1.slab").read_bytes()

    def half(descriptor: int, offset: int, length: int) -> None:
        os.ftruncate(descriptor, offset + length // 2)
        no_space()

    monkeypatch.setattr(os, "posix_fallocate", half)
    with pytest.raises(NoRoom):
        slab.grow()
    assert (tmp_path / "1.slab").read_bytes() == before
    assert slab.extents == 1
    slab.close()


def test_a_slab_that_finds_no_room_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "posix_fallocate", no_space)
    with pytest.raises(NoRoom):
        Slab.create(tmp_path / "1.slab", SHAPE)
    assert list(tmp_path.iterdir()) == []


def test_an_extent_cut_off_by_a_crash_is_completed(tmp_path: Path) -> None:
    slab = Slab.create(tmp_path / "1.slab", SHAPE)
    slab.close()
    os.truncate(tmp_path / "1.slab", SHAPE.offset(1) + 5000)
    slab = Slab.open(tmp_path / "1.slab")
    assert (slab.extents, slab.free) == (2, SHAPE.first + SHAPE.later)
    slab.close()


@pytest.mark.parametrize("content", [b"", b"short", bytes(PAGE), os.urandom(PAGE)])
def test_what_is_not_a_slab_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "1.slab").write_bytes(content)
    with pytest.raises(SlabDamaged):
        Slab.open(tmp_path / "1.slab")
    assert (tmp_path / "1.slab").read_bytes() == content
