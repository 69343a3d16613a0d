"""Taking boxes: what is stored is what came, once, and a box that is there already is said to be there."""

import concurrent.futures
import os
import socket
import time

import pytest

from knothole_keys import clock, epoch
from tests.server.serving import Served, read_answer, tree_hash, wait_for
from tests.support.drop import seal_submission


def test_a_real_submission_is_stored_whole(served: Served) -> None:
    sent = seal_submission(served.drop, "hello", {"photo.jpg": os.urandom(700_000)})
    assert len(sent.boxes) > 2
    for one in sent.boxes:
        assert served.put(one.id, one.data, epoch=one.epoch).status_code == 201
    for one in sent.boxes:
        assert served.fetch(one.id, one.epoch).content == one.data


def test_the_same_box_again_is_answered_200_and_written_nowhere(served: Served) -> None:
    box_id, box = os.urandom(16), served.fake_box()
    first = served.put(box_id, box)
    before, free = tree_hash(served.config.directory), served.free_places()
    again = served.put(box_id, box)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.json()["new"], again.json()["new"]) == (True, False)
    assert tree_hash(served.config.directory) == before
    assert served.free_places() == free


def test_the_first_box_under_an_id_wins(served: Served) -> None:
    box_id, box = os.urandom(16), served.fake_box()
    served.put(box_id, box)
    assert served.put(box_id, served.fake_box()).status_code == 200
    assert served.fetch(box_id).content == box


def test_what_is_not_a_box_is_refused_even_under_a_stored_id(served: Served) -> None:
    box_id, box = os.urandom(16), served.fake_box()
    served.put(box_id, box)
    assert served.put(box_id, b"?" + box[1:]).status_code == 400
    assert served.fetch(box_id).content == box


def test_twins_at_the_same_time_make_one_box(served: Served) -> None:
    box_id, box = os.urandom(16), served.fake_box()
    free = served.free_places()
    headers = served.permit(box_id)

    def put(_: int) -> int:
        path = f"/boxes/{served.drop.epoch}/{box_id.hex()}"
        return served.http.put(path, content=box, headers=headers).status_code

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        answers = sorted(threads.map(put, range(8)))
    assert answers == [200] * 7 + [201]
    assert served.free_places() == free - 1
    listing = served.http.get(f"/courier/boxes?epoch={served.drop.epoch}", headers=served.bearer).content
    assert len(listing) == 48


def test_a_slow_twin_does_not_hold_up_a_whole_one(served: Served) -> None:
    box_id, box = os.urandom(16), served.fake_box()
    with socket.create_connection(("127.0.0.1", served.port)) as slow:
        slow.sendall(head_for(served, box_id, len(box)) + box[:100_000])
        wait_for(lambda: served.opened.uploads.taken == 1)
        assert served.put(box_id, box).status_code == 201
        slow.sendall(box[100_000:])
        assert b" 200 " in read_answer(slow)[:20]
    assert served.fetch(box_id).content == box


def test_a_body_in_tiny_pieces_is_the_same_box(served: Served) -> None:
    box_id, box = os.urandom(16), served.fake_box()
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(head_for(served, box_id, len(box)))
        for start, end in ((0, 1), (1, 15), (15, 16), (16, 17), (17, 100), (100, len(box))):
            connection.sendall(box[start:end])
            pause()
        assert b" 201 " in read_answer(connection)[:20]
    assert served.fetch(box_id).content == box


def test_a_body_that_breaks_off_frees_its_place_and_leaves_no_bytes(served: Served) -> None:
    before, free = tree_hash(served.config.directory), served.free_places()
    box_id, box = os.urandom(16), served.fake_box()
    for length in (0, 1, 16, 70_000, len(box) - 1):
        with socket.create_connection(("127.0.0.1", served.port)) as connection:
            connection.sendall(head_for(served, box_id, len(box)) + box[:length])
            pause()
        wait_for(lambda: served.opened.uploads.taken == 0)
    wait_for(lambda: served.free_places() == free)
    assert tree_hash(served.config.directory) == before
    assert served.put(box_id, box).status_code == 201


def test_boxes_of_the_weeks_next_door_are_taken_within_a_day(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    now_epoch = served.drop.epoch
    for moment, week in ((epoch.end(now_epoch) + 3600, now_epoch), (epoch.end(now_epoch) - 3600, now_epoch + 1)):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        box_id, box = os.urandom(16), served.fake_box()
        assert served.put(box_id, box, epoch=week).status_code == 201
        assert served.fetch(box_id, week).content == box


def test_the_index_is_the_same_after_a_restart(served: Served) -> None:
    ids = [os.urandom(16) for _ in range(5)]
    for box_id in ids:
        served.put(box_id, served.fake_box())
    before = served.opened.store.slabs[served.drop.epoch].index.copy()
    slab = type(served.opened.store.slabs[served.drop.epoch]).open(
        served.config.slabs / f"{served.drop.epoch}.slab", writable=False
    )
    assert slab.index == before
    assert set(before) == set(ids)
    slab.close()


def test_more_boxes_than_an_extent_holds(served: Served) -> None:
    box = served.fake_box()
    for _ in range(40):
        assert served.put(os.urandom(16), box).status_code == 201
    assert served.opened.store.slabs[served.drop.epoch].extents >= 3


def head_for(served: Served, box_id: bytes, length: int) -> bytes:
    """The head of a PUT, for a raw socket."""
    lines = [f"PUT /boxes/{served.drop.epoch}/{box_id.hex()} HTTP/1.1", "Host: x", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in served.permit(box_id).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def pause() -> None:
    """Long enough for what was sent to arrive as a piece of its own."""
    time.sleep(0.02)
