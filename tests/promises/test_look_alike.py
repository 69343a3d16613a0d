"""Promise 2: a seized server shows how many boxes a week holds, and nothing of whose they are or which belong together.

Two servers get the same number of boxes: one a single submission of twelve files, all at once, for four readers; the
other twelve submissions of one file each, for one reader, seven minutes apart by everybody's clock, and in another order
(the disk's own clock cannot be turned; there the beat that levels file times is a hundred times quicker). Then both disks are
taken apart to the last byte: what is not the same on both is a place, an id, a hash or a sealed body, and each of these
is random.
"""

import hashlib
import os
import random
import shutil
import statistics
import subprocess
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from knothole_keys import box, clock
from knothole_keys.box import Geometry
from knothole_keys.epoch import DAY, epoch_of, start
from knothole_server.slab_table import ENTRY, FREE, PAGE, Shape
from tests.support.newsroom import Newsroom

SIZE = 2**18
READERS = ("Dana", "Lee", "Kim", "Noor")
CAPACITY = Geometry(SIZE, 4).capacity
ENC = 1120


@dataclass(frozen=True)
class Taken:
    """A seized slab: its shape, and the stored boxes by position as (id, body)."""

    shape: Shape
    boxes: dict[int, tuple[bytes, bytes]]


def take_apart(path: Path) -> Taken:
    """Read a slab by its published layout, and prove that it holds nothing else: all other bytes are zero."""
    data = path.read_bytes()
    shape = Shape.read(data[:PAGE])
    assert len(data) == shape.offset(shape.extents_in(len(data))), "bytes beyond the last extent"
    expected = bytearray(len(data))
    expected[:PAGE] = shape.header()
    boxes = {}
    for extent in range(shape.extents_in(len(data))):
        for position in range(shape.begin(extent), shape.begin(extent) + shape.count(extent)):
            at, place = shape.entry_offset(position), shape.place_offset(position)
            raw, body = data[at : at + ENTRY], data[place : place + SIZE]
            if raw == FREE:
                continue
            found = shape.read_entry(position, raw)
            assert found == (raw[:16], hashlib.sha256(body).digest())
            boxes[position] = (raw[:16], body)
            expected[at : at + ENTRY], expected[place : place + SIZE] = raw, body
    assert bytes(expected) == data, "something lies between entries and boxes"
    return Taken(shape, boxes)


def send(room: Newsroom, message: str, sizes: list[int], *, to: tuple[str, ...], folder: Path) -> None:
    folder.mkdir()
    files = []
    for number, size in enumerate(sizes):
        files.append(folder / f"file-{number}.bin")
        files[-1].write_bytes(os.urandom(size))
    chosen = [word for name in to for word in ("--to", room.id_of(name))]
    room("source", "send", room.url, "--root", room.fingerprint, "-m", message, *chosen, *files)


def others(server: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of a server's folder that is no slab: when it was last changed (ns), and its bytes."""
    return {
        str(path.relative_to(server)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in server.rglob("*")
        if path.is_file() and path.suffix != ".slab"
    }


@dataclass(frozen=True)
class Seized:
    """A server's disk as it was seized while running, and what was true of it beforehand."""

    slabs: dict[str, Taken]
    same_beside_slabs: bool
    names: dict[str, int]
    sent: tuple[float, float]
    times: dict[str, tuple[float, float, float]]


def seize(room: Newsroom, feed: object, copy: Path) -> Seized:
    server = room.path / "server"
    with room.serving():
        # The page and the slabs of the open weeks are made at start, whoever comes.
        before = others(server)
        began = time.time()
        feed()  # type: ignore[operator]
        ended = time.time()
        time.sleep(1.2)  # two beats
        after = others(server)
        shutil.copytree(server / "slabs", copy)
        stats = {path: path.stat() for path in (server / "slabs").iterdir()}
        times = {path.name: (status.st_mtime, status.st_ctime, _born(path)) for path, status in stats.items()}
    slabs = {path.name: take_apart(path) for path in copy.iterdir()}
    names = {str(path.relative_to(server)): path.stat().st_mode for path in server.rglob("*")}
    return Seized(slabs, before == after, names, (began, ended), times)


def _born(path: Path) -> float:
    return float(subprocess.run(["stat", "-c", "%W", path], capture_output=True, text=True, check=True).stdout)


class Turned:
    """Everybody's clock, in the middle of a week so that no week ends during a test; it can be put forward."""

    def __init__(self) -> None:
        now = int(time.time())
        self.ahead = start(epoch_of(now)) + 3 * DAY - now

    def now(self) -> int:
        return int(time.time()) + self.ahead


@pytest.fixture
def turned(monkeypatch: pytest.MonkeyPatch) -> Turned:
    made = Turned()
    monkeypatch.setattr(clock, "now", made.now)
    return made


@pytest.fixture
def rooms(tmp_path: Path, room: Newsroom, turned: Turned) -> tuple[Newsroom, Newsroom]:
    """Two servers of one drop."""
    room.make(*READERS, options=("--box-size", SIZE))
    other = Newsroom(tmp_path / "other")
    shutil.copytree(room.path, other.path, ignore=lambda *_: ["other"])
    return room, other


def test_one_submission_of_twelve_looks_like_twelve_of_one(
    rooms: tuple[Newsroom, Newsroom], turned: Turned, tmp_path: Path
) -> None:
    one, twelve = rooms

    def feed_one() -> None:
        # A letter and twelve files of three parts, but for one of two.
        sizes = [3 * CAPACITY - 100] * 11 + [2 * CAPACITY]
        send(one, "all in one", sizes, to=READERS, folder=tmp_path / "in")

    def feed_twelve() -> None:
        # Twelve letters and twelve files of two parts.
        for number in random.sample(range(12), 12):
            send(twelve, f"number {number}", [2 * CAPACITY - number], to=READERS[:1], folder=tmp_path / f"in-{number}")
            turned.ahead += 7 * 60
            time.sleep(0.1)

    first = seize(one, feed_one, tmp_path / "seized-one")
    second = seize(twelve, feed_twelve, tmp_path / "seized-twelve")

    assert first.same_beside_slabs, "sending changed a file that is no slab"
    assert second.same_beside_slabs, "sending changed a file that is no slab"
    assert first.names == second.names
    assert first.slabs.keys() == second.slabs.keys()
    counts = [[len(slab.boxes) for _, slab in sorted(seized.slabs.items())] for seized in (first, second)]
    assert counts[0] == counts[1]
    assert sum(counts[0]) == 36
    for name, slab in first.slabs.items():
        assert slab.shape == second.slabs[name].shape
    # Neither do the files' lengths tell a burst from a trickle.
    lengths = [{path.name: path.stat().st_size for path in (tmp_path / f"seized-{n}").iterdir()} for n in ("one", "twelve")]
    assert lengths[0] == lengths[1]
    for seized in (first, second):
        _check_times(seized)
    _check_bodies([body for seized in (first, second) for slab in seized.slabs.values() for _, body in slab.boxes.values()])


def _check_times(seized: Seized) -> None:
    began, ended = seized.sent
    for mtime, ctime, born in seized.times.values():
        # Born at the server's start, touched by the beat after everything had come.
        assert 0 < born <= began
        assert mtime > ended
        assert ctime > ended
    assert max(t[0] for t in seized.times.values()) - min(t[0] for t in seized.times.values()) < 0.4, "touched together"


def _check_bodies(bodies: list[bytes]) -> None:
    wraps_end = box.PREFIX + 4 * 1168
    assert {body[: box.PREFIX] for body in bodies} == {bodies[0][: box.PREFIX]}
    assert len({body[i * 1168 + 16 : i * 1168 + 48] for body in bodies for i in range(4)}) == 4 * len(bodies)
    for body in bodies:
        # Sealed bytes do not pack, and every byte value is about as common as any other.
        assert len(zlib.compress(body[wraps_end:], 9)) > len(body) - wraps_end
        counts = [body.count(value, wraps_end) for value in range(256)]
        mean = statistics.mean(counts)
        assert sum((count - mean) ** 2 / mean for count in counts) < 255 + 12 * (2 * 255) ** 0.5
    # An X25519 key of a real encapsulation has its highest bit clear. Random bytes in spare slots would have it set in half
    # of them, and tell one reader from four.
    shares = [body[16 + i * 1168 + ENC - 32 : 16 + i * 1168 + ENC] for body in bodies for i in range(4)]
    assert all(share[31] < 128 for share in shares)
    _check_mlkem([body[16 + i * 1168 : 16 + i * 1168 + 1088] for body in bodies for i in range(4)])


def _check_mlkem(ciphertexts: list[bytes]) -> None:
    # ML-KEM's last compression rounds 3329 values to 10 bits: real ciphertexts have each value about equally often in
    # every slot, so no slot may stand out by its mean.
    means = [statistics.mean(ciphertext) for ciphertext in ciphertexts]
    overall, deviation = statistics.mean(means), statistics.stdev(means)
    assert max(abs(mean - overall) for mean in means) < 6 * deviation


@pytest.mark.whole
def test_places_do_not_follow_the_order_of_arrival(rooms: tuple[Newsroom, Newsroom], tmp_path: Path) -> None:
    room, _ = rooms
    arrived: list[bytes] = []

    def feed() -> None:
        slabs = room.path / "server" / "slabs"
        known: set[bytes] = set()
        for number in range(48):
            send(room, f"number {number}", [], to=READERS[:1], folder=tmp_path / f"in-{number}")
            now = {taken[0] for path in slabs.iterdir() for taken in _entries(path)}
            (new,) = now - known
            known = now
            arrived.append(new)

    seized = seize(room, feed, tmp_path / "seized")
    (slab,) = [slab for slab in seized.slabs.values() if slab.boxes]
    order = {box_id: number for number, box_id in enumerate(arrived)}
    by_place = [order[box_id] for _, (box_id, _) in sorted(slab.boxes.items())]
    # Spearman's rank correlation: its deviation is 1 / sqrt(n - 1) when there is none. Extents are filled one after
    # another, so only within an extent must nothing show.
    judged = 0
    for extent in range(4):
        begin, count = slab.shape.begin(extent), slab.shape.count(extent)
        inside = [order[box_id] for place, (box_id, _) in sorted(slab.boxes.items()) if begin <= place < begin + count]
        if len(inside) > 8:
            judged += 1
            assert abs(_correlation(inside)) < 4.5 / (len(inside) - 1) ** 0.5
    assert judged > 0
    assert by_place != sorted(by_place)


def _entries(path: Path) -> list[tuple[bytes, bytes]]:
    with path.open("rb") as file:
        shape = Shape.read(file.read(PAGE))
        found = []
        for extent in range(shape.extents_in(path.stat().st_size)):
            file.seek(shape.offset(extent))
            table = file.read(shape.table(extent))
            for i in range(shape.count(extent)):
                raw = table[i * ENTRY : (i + 1) * ENTRY]
                if raw != FREE and (entry := shape.read_entry(shape.begin(extent) + i, raw)):
                    found.append(entry)
        return found


def _correlation(values: list[int]) -> float:
    ranks = {value: rank for rank, value in enumerate(sorted(values))}
    return statistics.correlation(range(len(values)), [ranks[value] for value in values])
