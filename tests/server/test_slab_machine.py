"""The slab as a state machine: uploads, twins, aborts, growth and rot in any order, with the power failing between any two
calls. Whatever happens, what was acknowledged is there, whole, and nothing else is ever taken for a box.
"""

import hashlib
import random
import secrets
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from knothole_server.slab import Slab
from knothole_server.slab_commit import Commit, commit_batch
from knothole_server.slab_table import Shape
from tests.support.cut import Disk, PowerCut
from tests.support.soak import SOAK

SIZE = 2048
PLACES = 6
IDS = [hashlib.sha256(bytes([number])).digest()[:16] for number in range(12)]


class SlabMachine(RuleBasedStateMachine):
    """`acknowledged` is what somebody was promised; `sent` every body that was ever sent under an id; `given_up` has the
    places of boxes that somebody was told are missing, `grown` is how many extents there are for good."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="knothole-slab-"))
        self.acknowledged: dict[bytes, bytes] = {}
        self.sent: dict[bytes, set[bytes]] = {}
        self.under_way: dict[int, tuple[bytes, bytes]] = {}
        self.power = True
        self.given_up: set[int] = set()
        self.grown = 1

    @initialize(seed=st.integers(0, 2**32))
    def make(self, seed: int) -> None:
        # Places are chosen by chance; here the chance is hypothesis's, so that it can play a failure again.
        self.chance = mock.patch.object(secrets, "randbelow", random.Random(seed).randrange)
        self.chance.start()
        path = self.folder / "1.slab"
        self.slab = Slab.create(path, Shape(2960, SIZE, 4, PLACES, PLACES))
        self.disk = Disk(path)
        self.disk.settle()
        self.watching = self.disk.watching()
        self.watching.__enter__()

    def teardown(self) -> None:
        if hasattr(self, "watching"):
            self.watching.__exit__(None, None, None)
            self.chance.stop()
            self.slab.close()
        shutil.rmtree(self.folder)

    # What a server does.

    @rule(
        several=st.lists(st.tuples(st.sampled_from(IDS), st.binary(max_size=8), st.integers(0, SIZE)), min_size=1, max_size=4)
    )
    def upload(self, several: list[tuple[bytes, bytes, int]]) -> None:
        for box_id, body, cut in several:
            if not self._send(box_id, body, cut):
                return

    def _send(self, box_id: bytes, body: bytes, cut: int) -> bool:
        position = self.slab.take()
        if position is None:
            return False
        # It begins as a box does: with something that is not zero.
        whole = (b"\x01" + body + hashlib.sha256(box_id + body).digest() * SIZE)[:SIZE]
        self.sent.setdefault(box_id, set()).add(whole)
        self.under_way[position] = (box_id, whole)
        pieces = ((0, whole[:cut]), (cut, whole[cut:]))
        return self._lived(lambda: [self.slab.write(position, at, piece) for at, piece in pieces])

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        chosen = data.draw(st.lists(st.sampled_from(sorted(self.under_way)), min_size=1, unique=True))
        # The moments that matter most are those within a commit.
        calls = data.draw(st.none() | st.integers(0, 4))
        if self.disk.fuse is None:
            self.disk.fuse, self.power = calls, data.draw(st.booleans())
        digests = [(position, *self.under_way[position]) for position in chosen]
        batch = [Commit(self.slab, place, box_id, hashlib.sha256(body).digest()) for place, box_id, body in digests]
        if not self._lived(lambda: commit_batch(batch)):
            return
        losers = []
        for one in batch:
            box_id, body = self.under_way.pop(one.position)
            if one.done.result(0):
                assert box_id not in self.acknowledged, "one id was stored twice"
                self.acknowledged[box_id] = body
            else:
                assert box_id in self.slab.index
                losers.append(one.position)
        self._lived(lambda: [self.slab.give_back(position, SIZE) for position in losers])

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def abort(self, data: st.DataObject) -> None:
        position = data.draw(st.sampled_from(sorted(self.under_way)))
        del self.under_way[position]
        self._lived(lambda: self.slab.give_back(position, SIZE))

    @precondition(lambda self: self.slab.extents < 4)
    @rule()
    def grow(self) -> None:
        if self._lived(self.slab.grow):
            self.grown = self.slab.extents

    # What the world does.

    @precondition(lambda self: self.under_way and self.disk.fuse is None)
    @rule(calls=st.integers(0, 8), power=st.booleans())
    def it_will_end_within(self, calls: int, power: bool) -> None:
        # By a power cut, or by kill -9: what the process wrote is then in the kernel's memory, and not yet on the disk.
        self.disk.fuse, self.power = calls, power

    @precondition(lambda self: self.acknowledged)
    @rule(seed=st.integers(0, 2**32))
    def the_power_fails(self, seed: int) -> None:
        self._restart(lambda: self.disk.power_cut(random.Random(seed)))

    @precondition(lambda self: self.under_way)
    @rule(calls=st.none() | st.integers(0, 4))
    def the_process_is_killed(self, calls: int | None) -> None:
        # What it wrote is in the kernel's memory; the disk has it only when it is synced.
        self.disk.fuse = calls
        self._restart(lambda: None)
        assert calls is not None or all(not any(self.slab.read(place, 0, 16)) for place in self._free()), (
            "a killed upload's bytes were left"
        )

    @precondition(lambda self: self.acknowledged)
    @rule(data=st.data(), at=st.integers(0, SIZE - 1))
    def a_box_rots_and_is_found(self, data: st.DataObject, at: int) -> None:
        box_id = data.draw(st.sampled_from(sorted(self.acknowledged)))
        position, _ = self.slab.index[box_id]
        rotten = bytes([self.slab.read(position, at, 1)[0] ^ 1])
        with self.disk.path.open("r+b") as file:
            file.seek(self.slab.shape.place_offset(position) + at)
            file.write(rotten)
        self.disk.settle()
        # From here on nobody is told any more that it is stored.
        del self.acknowledged[box_id]
        self.sent[box_id].add(self.slab.read(position, 0, SIZE))
        if self._lived(lambda: self.slab.condemn(box_id, position)):
            self.given_up.add(position)

    # What holds.

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        if not hasattr(self, "slab"):
            return
        for box_id, body in self.acknowledged.items():
            position, digest = self.slab.index[box_id]
            assert self.slab.read(position, 0, SIZE) == body
            assert digest == hashlib.sha256(body).digest()

    @invariant()
    def nothing_is_taken_for_a_box_that_was_not_sent_as_one(self) -> None:
        if not hasattr(self, "slab"):
            return
        for box_id, (position, _) in self.slab.index.items():
            assert self.slab.read(position, 0, SIZE) in self.sent[box_id]

    @invariant()
    def what_was_given_up_or_grown_stays_so(self) -> None:
        if not hasattr(self, "slab"):
            return
        assert self.given_up <= set(self.slab.damaged), "a box that was said to be missing came back"
        assert self.slab.extents >= self.grown, "an extent is gone"

    @invariant()
    def every_place_is_one_thing(self) -> None:
        if not hasattr(self, "slab"):
            return
        stored = {position for position, _ in self.slab.index.values()}
        groups = [stored, set(self.slab.damaged), set(self.under_way), set(self._free())]
        assert sum(map(len, groups)) == len(set().union(*groups)) == self.slab.extents * PLACES

    def _free(self) -> list[int]:
        taken: list[int] = []
        while (position := self.slab.take()) is not None:
            taken.append(position)
        for position in taken:
            self.slab.give_back(position, 0)
        return taken

    def _lived(self, action: Callable[[], object]) -> bool:
        """Whether an action ran to its end; if the power failed within, the server has been started again."""
        try:
            action()
        except PowerCut:
            self.disk.fuse = None
            luck = random.Random(self.disk.calls)
            self._restart((lambda: self.disk.power_cut(luck)) if self.power else lambda: None)
            return False
        return True

    def _restart(self, meanwhile: Callable[[], None]) -> None:
        self.slab.close()
        meanwhile()
        self.under_way.clear()
        while True:
            # Starting again is work, too, and the power may fail in the middle of it.
            try:
                self.slab = Slab.open(self.disk.path)
                break
            except PowerCut:
                self.disk.power_cut(random.Random(self.disk.calls))
        # A box whose commit was under way may have become durable without anybody being told. One that rotted, and was not
        # given up before the power failed, is found again when it is fetched.
        for box_id, (position, digest) in self.slab.index.items():
            body = self.slab.read(position, 0, SIZE)
            if hashlib.sha256(body).digest() == digest:
                self.acknowledged.setdefault(box_id, body)


TestSlabMachine = SlabMachine.TestCase
TestSlabMachine.settings = settings(
    max_examples=2000 if SOAK else 120,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
