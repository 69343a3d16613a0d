"""An acknowledged box survives: kill -9, power loss at any point, a disk that fails while it is asked to be durable."""

import hashlib
import http.client
import json
import os
import random
import threading
import time
from pathlib import Path

import httpx
import pytest

from knothole_server import slab as slab_module
from knothole_server.config import Config
from knothole_server.failstop import EXIT_DISK
from knothole_server.slab import Slab
from knothole_server.slab_commit import Commit, Committer, commit_batch
from knothole_server.slab_table import Shape
from tests.server.serving import lay_out, process, serving, wait_for
from tests.support.drop import Drop
from tests.support.soak import SOAK

SIZE = 4096
SECTOR = 512


class RecordedDisk:
    """Records every write and sync of a slab, so that a power cut can be played at any point."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        self.events: list[tuple[int, bytes] | None] = []
        self.acknowledged: dict[int, list[bytes]] = {}
        self.slab = Slab.create(path, Shape(2960, SIZE, 4, 16, 16))
        self.start = path.read_bytes()
        real_write, real_sync = slab_module.write_all, os.fdatasync

        def write(descriptor: int, offset: int, data: bytes) -> None:
            self.events.append((offset, bytes(data)))
            real_write(descriptor, offset, data)

        def sync(descriptor: int) -> None:
            real_sync(descriptor)
            self.events.append(None)

        monkeypatch.setattr(slab_module, "write_all", write)
        monkeypatch.setattr(os, "fdatasync", sync)

    def commit(self, boxes: dict[bytes, bytes]) -> None:
        """One batch."""
        batch = []
        for box_id, body in boxes.items():
            position = self.slab.take()
            assert position is not None
            self.slab.write(position, 0, body)
            batch.append(Commit(self.slab, position, box_id, hashlib.sha256(body).digest()))
        commit_batch(batch)
        self.acknowledged[len(self.events)] = list(boxes)

    def after_power_cut(self, at: int, luck: random.Random) -> bytes:
        """What may be on the disk: all that was synced, and any sectors of the rest, in no order."""
        image = bytearray(self.start)
        synced = max((i for i in range(at) if self.events[i] is None), default=0)
        for i, event in enumerate(self.events[:at]):
            if event is None:
                continue
            offset, data = event
            for start in range(0, len(data), SECTOR):
                if i < synced or luck.random() < 0.5:
                    piece = data[start : start + SECTOR]
                    image[offset + start : offset + start + len(piece)] = piece
        return bytes(image)


def test_power_cut_at_any_point_loses_no_acknowledged_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = RecordedDisk(tmp_path / "1.slab", monkeypatch)
    bodies = {os.urandom(16): os.urandom(SIZE) for _ in range(9)}
    ids = list(bodies)
    for several in (ids[:1], ids[1:4], ids[4:9]):
        disk.commit({box_id: bodies[box_id] for box_id in several})
    disk.slab.close()
    luck = random.Random(1)
    cuts = 0
    for at in range(len(disk.events) + 1):
        promised = {box_id for end, several in disk.acknowledged.items() if end <= at for box_id in several}
        for _ in range(50 if SOAK else 4):
            cuts += 1
            (tmp_path / "cut.slab").write_bytes(disk.after_power_cut(at, luck))
            slab = Slab.open(tmp_path / "cut.slab", writable=False)
            assert promised <= set(slab.index)
            # Whatever has an entry is whole, acknowledged or not: bodies are durable before their entries are written.
            for box_id, (position, _) in slab.index.items():
                assert slab.read(position, 0, SIZE) == bodies[box_id]
            slab.close()
    assert cuts > 60


def test_the_model_catches_an_entry_written_before_its_body_is_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = RecordedDisk(tmp_path / "1.slab", monkeypatch)
    body = os.urandom(SIZE)
    position = disk.slab.take()
    assert position is not None
    disk.slab.write(position, 0, body)
    disk.slab.enter(position, b"i" * 16, hashlib.sha256(body).digest())
    disk.slab.close()
    luck, torn = random.Random(1), 0
    for _ in range(40):
        (tmp_path / "cut.slab").write_bytes(disk.after_power_cut(2, luck))
        slab = Slab.open(tmp_path / "cut.slab", writable=False)
        torn += any(slab.read(place, 0, SIZE) != body for place, _ in slab.index.values())
        slab.close()
    assert torn > 0


def test_many_bodies_share_two_syncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slab = Slab.create(tmp_path / "1.slab", Shape(2960, SIZE, 4, 64, 64))
    syncs, real, first = [0], os.fdatasync, threading.Event()

    def slow(descriptor: int) -> None:
        syncs[0] += 1
        first.wait(5)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", slow)
    committer = Committer()
    futures = []
    for number in range(33):
        position = slab.take()
        assert position is not None
        slab.write(position, 0, os.urandom(SIZE))
        futures.append(committer.submit(slab, position, bytes([number]) * 16, bytes(32)))
        if number == 0:
            wait_for(lambda: syncs[0] == 1)
    assert not any(future.done() for future in futures)
    first.set()
    assert all(future.result(10) for future in futures)
    # One batch for the first, one for the 32 that came while it was written.
    assert syncs[0] == 4
    committer.close()
    slab.close()


def test_twins_wait_for_the_same_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slab = Slab.create(tmp_path / "1.slab", Shape(2960, SIZE, 4, 64, 64))
    gate, real = threading.Event(), os.fdatasync

    def held(descriptor: int) -> None:
        gate.wait(5)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", held)
    committer = Committer()
    places = [slab.take() for _ in range(3)]
    futures = [committer.submit(slab, place, b"t" * 16, bytes(32)) for place in places if place is not None]
    time.sleep(0.05)
    assert not any(future.done() for future in futures)
    gate.set()
    assert [future.result(5) for future in futures] == [True, False, False]
    assert slab.index[b"t" * 16][0] == places[0]
    committer.close()
    slab.close()


def put_until(port: int, drop: Drop, stop: threading.Event, acknowledged: dict[bytes, str]) -> None:
    """PUT fake boxes over one connection until told to stop or the server dies."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    geometry = drop.geometry()
    try:
        connection.request("GET", "/permit")
        permit = json.loads(connection.getresponse().read())["permit"]
        while not stop.is_set():
            box_id = os.urandom(16)
            body = geometry.prefix + os.urandom(geometry.size - 16)
            headers = {"Knothole-Permit": permit, "Knothole-Proof": "0"}
            connection.request("PUT", f"/boxes/{drop.epoch}/{box_id.hex()}", body=body, headers=headers)
            answer = connection.getresponse()
            answer.read()
            # A failed assertion in a thread is only a warning: whatever else it says is no acknowledgement, and is counted.
            if answer.status != 201:
                acknowledged[b"refused"] = str(answer.status)
                return
            acknowledged[box_id] = hashlib.sha256(body).hexdigest()
    except (OSError, http.client.HTTPException):
        pass


@pytest.mark.timeout(7200)
def test_every_acknowledged_box_survives_kill_9(tmp_path: Path, small_drop: Drop, moments: int) -> None:
    config = lay_out(tmp_path, small_drop)
    acknowledged: dict[bytes, str] = {}
    for _ in range(moments):
        goal = len(acknowledged) + 12
        with process(config) as (running, port):
            stop = threading.Event()
            threads = [threading.Thread(target=put_until, args=(port, small_drop, stop, acknowledged)) for _ in range(4)]
            for thread in threads:
                thread.start()
            wait_for(lambda goal=goal: len(acknowledged) >= goal, 30)  # type: ignore[misc]
            # Somewhere within the writing of the next batch.
            time.sleep(random.uniform(0, 0.03))
            running.kill()
            stop.set()
            for thread in threads:
                thread.join()
    with serving(small_drop, config) as served:
        listing = served.http.get(f"/courier/boxes?epoch={small_drop.epoch}", headers=served.bearer).content
        found = {listing[i : i + 16]: listing[i + 16 : i + 48].hex() for i in range(0, len(listing), 48)}
        assert acknowledged.items() <= found.items()
        for box_id, digest in acknowledged.items():
            answer = served.fetch(box_id)
            assert answer.status_code == 200
            assert hashlib.sha256(answer.content).hexdigest() == digest


@pytest.mark.parametrize("failing_call", [1, 2])
@pytest.mark.parametrize("failure", ['OSError(errno.EIO, "Input/output error")', "RuntimeError()"])
def test_a_failed_sync_stops_the_process_and_acknowledges_nothing(
    tmp_path: Path, small_drop: Drop, failing_call: int, failure: str
) -> None:
    config: Config = lay_out(tmp_path, small_drop)
    broken = f"""
import os, errno
calls = [0]
real = os.fdatasync
def fdatasync(descriptor):
    calls[0] += 1
    if calls[0] == {failing_call}:
        raise {failure}
    real(descriptor)
os.fdatasync = fdatasync
"""
    geometry = small_drop.geometry()
    with process(config, broken) as (running, port):
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            headers = {"Knothole-Permit": client.get("/permit").json()["permit"], "Knothole-Proof": "0"}
            path = f"/boxes/{small_drop.epoch}/{os.urandom(16).hex()}"
            with pytest.raises(httpx.TransportError):
                client.put(path, content=geometry.prefix + bytes(geometry.size - 16), headers=headers)
        assert running.wait(10) == EXIT_DISK
        assert running.stderr is not None
        said = running.stderr.read()
        assert said.count("\n") == 1
        assert "stopped" in said
        assert "Traceback" not in said
