"""What a courier gets: all boxes, sorted, whole or not at all; and nothing of its to delete with."""

import hashlib
import os
from pathlib import Path

import httpx
import pytest

from tests.server.serving import Served, copy_drop, serving, tree_hash


def listing(served: Served, epoch: object) -> httpx.Response:
    return served.http.get(f"/courier/boxes?epoch={epoch}", headers=served.bearer)


def test_boxes_are_listed_by_id_with_their_hashes(served: Served) -> None:
    boxes = {os.urandom(16): served.fake_box() for _ in range(7)}
    for box_id, box in boxes.items():
        served.put(box_id, box)
    expected = b"".join(box_id + hashlib.sha256(boxes[box_id]).digest() for box_id in sorted(boxes))
    answer = listing(served, served.drop.epoch)
    assert answer.content == expected
    assert answer.headers["content-length"] == str(len(expected))


def test_a_week_without_boxes_is_an_empty_list(shared: Served) -> None:
    for week in (0, shared.drop.epoch - 10, shared.drop.epoch, 2**32 - 1):
        answer = listing(shared, week)
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("week", ["", "x", "-1", "01", "1.0", 2**32, "1 or 1"])
def test_what_is_no_week_is_refused(shared: Served, week: object) -> None:
    assert listing(shared, week).status_code == 400
    assert shared.http.get("/courier/boxes", headers=shared.bearer).status_code == 400


def test_a_box_that_is_not_there_is_not_found(shared: Served) -> None:
    for path in (f"{shared.drop.epoch}/{'00' * 16}", f"1/{'00' * 16}", f"x/{'00' * 16}", f"{shared.drop.epoch}/zz"):
        assert shared.http.get(f"/courier/boxes/{path}", headers=shared.bearer).status_code == 404


@pytest.mark.parametrize("at", [0, 70_000, 262_143])
def test_a_damaged_box_is_never_handed_out_whole(served: Served, at: int) -> None:
    box_id, box = os.urandom(16), served.fake_box()
    served.put(box_id, box)
    slab = served.opened.store.slabs[served.drop.epoch]
    with slab.path.open("r+b") as file:
        file.seek(slab.shape.place_offset(slab.index[box_id][0]) + at)
        file.write(bytes([box[at] ^ 1]))
    with pytest.raises(httpx.RemoteProtocolError):
        served.fetch(box_id)
    # The server goes on, and the other boxes with it.
    other, whole = os.urandom(16), served.fake_box()
    assert served.put(other, whole).status_code == 201
    assert served.fetch(other).content == whole
    assert slab.idle


@pytest.mark.parametrize("method", ["DELETE", "POST", "PATCH", "PUT", "OPTIONS", "TRACE"])
def test_nobody_can_delete_anything(served: Served, method: str) -> None:
    box_id, box = os.urandom(16), served.fake_box()
    served.put(box_id, box)
    before = tree_hash(served.config.directory)
    for path in (f"/courier/boxes/{served.drop.epoch}/{box_id.hex()}", "/board", "/roster", "/courier/boxes"):
        assert served.http.request(method, path, headers=served.bearer).status_code == 405
    path = f"/boxes/{served.drop.epoch}/{box_id.hex()}"
    if method != "PUT":
        assert served.http.request(method, path, headers=served.bearer).status_code == 405
    assert tree_hash(served.config.directory) == before


def test_missing_tells_the_stored_from_the_others(served: Served) -> None:
    ids = [os.urandom(16) for _ in range(1024)]
    stored = [3, 8, 700, 1023]
    for number in stored:
        served.put(ids[number], served.fake_box())
    bitmap = served.http.post("/boxes/missing", content=served.drop.epoch.to_bytes(4, "big") + b"".join(ids)).content
    assert len(bitmap) == 128
    assert [i for i in range(1024) if not bitmap[i // 8] >> (7 - i % 8) & 1] == stored
    other_week = served.http.post("/boxes/missing", content=bytes(4) + b"".join(ids)).content
    assert other_week == b"\xff" * 128


def test_missing_writes_nothing_and_takes_any_ids(shared: Served) -> None:
    before = tree_hash(shared.config.directory)
    for epoch in (0, shared.drop.epoch, 2**32 - 1):
        body = epoch.to_bytes(4, "big") + os.urandom(16 * 512) + bytes(16 * 512)
        assert shared.http.post("/boxes/missing", content=body).content == b"\xff" * 128
    assert tree_hash(shared.config.directory) == before


def test_all_is_there_after_a_restart(served: Served, tmp_path: Path) -> None:
    boxes = {os.urandom(16): served.fake_box() for _ in range(20)}
    for box_id, box in boxes.items():
        served.put(box_id, box)
    before = listing(served, served.drop.epoch).content
    with serving(served.drop, copy_drop(served.config, tmp_path / "copy")) as again:
        assert listing(again, served.drop.epoch).content == before
        for box_id, box in boxes.items():
            assert again.fetch(box_id).content == box
