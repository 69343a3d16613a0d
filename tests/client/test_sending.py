"""Uploading: everything arrives, nothing twice, interruptions cost only what was under way, refusals are understood."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_client.courier.fetch import fetch
from knothole_client.http import Connection
from knothole_client.source import permits, sending
from knothole_client.source.weeks import Week
from knothole_keys import clock, proof
from knothole_keys.epoch import DAY, end, start
from knothole_keys.errors import Refused
from tests.client.lying import sent_to, taking
from tests.client.opened import Found, open_all
from tests.client.sent import big, prepare, seen, upload
from tests.client.served import Asked, Reply, Served, lie
from tests.support.drop import Drop, make_drop, new_thread


def fetched(served: Served, drop: Drop, out: Path) -> Found:
    with served.connect(token=True) as connection:
        fetch(connection, out, root=None, now=clock.now(), tell=lambda _: None)
    return open_all(out, drop)


def test_a_message_and_files_arrive(served: Served, drop: Drop, tmp_path: Path):
    film, note = big(tmp_path, drop, 5), tmp_path / "note.txt"
    note.write_bytes(b"small")
    done: list[int] = []
    with served.connect() as connection:
        view = seen(connection, drop)
        ready = prepare(drop, new_thread(drop)[1], "arrive", [film, note], view=view)
        receipt = upload(connection, ready, sent=done.append)
    assert (receipt.stored, receipt.already) == (6, 0)
    assert sum(done) == 6
    assert receipt.epochs == {drop.epoch}
    found = fetched(served, drop, tmp_path / "out")
    letter = next(letter for letter in found.letters if letter.message == "arrive")
    assert found.file("film.bin", letter) == film.read_bytes()
    assert found.file("note.txt", letter) == b"small"


def test_the_whole_letter_goes_before_any_file(drop: Drop, tmp_path: Path):
    ready = prepare(drop, new_thread(drop)[1], "x" * (drop.geometry().capacity * 3), [big(tmp_path, drop, 4)])
    letter_ids = [
        ready.week.sealer(drop.drop_id, ready.keys).box_id(*part.load()).hex() for part in ready.submission.letter_parts()
    ]
    with lie(taking()) as (url, asked), Connection(url) as connection:
        upload(connection, ready)
    puts = [one.path.rpartition("/")[2] for one in asked if one.method == "PUT"]
    assert len(puts) == 8
    assert set(puts[:4]) == set(letter_ids)


def test_what_was_interrupted_goes_on_where_it_stopped(served: Served, drop: Drop, tmp_path: Path):
    keys = new_thread(drop)[1]
    film = big(tmp_path, drop, 12)
    before = served.count(drop.epoch)

    class Killed(BaseException):
        pass

    def stop_after_four(_: int) -> None:
        if served.count(drop.epoch) - before >= 4:
            raise Killed

    with served.connect() as connection:
        ready = prepare(drop, keys, "resume", [film], view=seen(connection, drop))
        with pytest.raises(Killed):
            upload(connection, ready, sent=stop_after_four)
    there = served.count(drop.epoch) - before
    assert 4 <= there < 13
    with served.connect() as connection:
        ready = prepare(drop, keys, "resume", [film], view=seen(connection, drop))
        receipt = upload(connection, ready, returning=True)
    assert (receipt.already, receipt.stored) == (there, 13 - there)
    assert served.count(drop.epoch) - before == 13
    found = fetched(served, drop, tmp_path / "out")
    letters = [letter for letter in found.letters if letter.message == "resume"]
    assert len(letters) == 1
    assert found.file("film.bin", letters[0]) == film.read_bytes()


def test_a_part_that_lies_in_the_week_before_is_not_sent_again(
    served: Served, drop: Drop, tmp_path: Path, turn: Callable[[int], None]
):
    keys = new_thread(drop)[1]
    film = big(tmp_path, drop, 4)
    view_now = end(drop.epoch - 1) - 10
    turn(view_now)
    with served.connect() as connection:
        ready = prepare(drop, keys, "early", [film], day="2026-01-01")
        assert ready.week.epoch == drop.epoch - 1
        assert upload(connection, ready).stored == 5
    turn(start(drop.epoch) + 10)
    with served.connect() as connection:
        ready = prepare(drop, keys, "early", [film], day="2026-01-01")
        assert ready.week.epoch == drop.epoch
        assert (receipt := upload(connection, ready, returning=True)).stored == 0
    assert receipt.already == 5


def test_the_proof_that_is_asked_for_comes_with_every_box(drop: Drop, tmp_path: Path):
    ready = prepare(drop, new_thread(drop)[1], "m", [big(tmp_path, drop, 3)])
    _, asked = sent_to(taking(difficulty=6), ready)
    puts = [one for one in asked if one.method == "PUT"]
    assert len(puts) == 4
    for one in puts:
        epoch, box_id = one.path.split("/")[2:]
        assert len(one.body) == drop.geometry().size
        assert one.headers["content-length"] == str(drop.geometry().size)
        nonce = int(one.headers["knothole-proof"])
        assert proof.check(one.headers["knothole-permit"], int(epoch), bytes.fromhex(box_id), nonce, 6)


def test_an_old_permit_is_replaced_by_the_new_one_in_the_refusal(drop: Drop, tmp_path: Path):
    def change(asked: Asked) -> Reply | None:
        if asked.method == "PUT" and asked.headers["knothole-permit"] != "p2":
            return 429, json.dumps({"error": "permit", "difficulty": 2, "permit": "p2"}).encode()
        return None

    ready = prepare(drop, new_thread(drop)[1], "m", [big(tmp_path, drop, 3)])
    receipt, asked = sent_to(taking(change), ready)
    assert receipt.stored == 4
    assert sum(one.path == "/permit" for one in asked) == 1


def test_a_server_that_never_takes_a_permit_is_given_up(drop: Drop):
    ready = prepare(drop, new_thread(drop)[1])
    with pytest.raises(Refused, match="code 429"):
        sent_to(taking(lambda asked: (429, b'{"difficulty": 0, "permit": "p"}') if asked.method == "PUT" else None), ready)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"difficulty": 40, "permit": "p"}', "flooded"),
        (b'{"difficulty": 41, "permit": "p"}', "not one"),
        (b'{"difficulty": -1, "permit": "p"}', "not one"),
        (b'{"difficulty": true, "permit": "p"}', "not one"),
        (b'{"difficulty": 1.5, "permit": "p"}', "not one"),
        (b'{"difficulty": 0, "permit": ""}', "not one"),
        (b'{"difficulty": 0, "permit": "a\\r\\nInjected: yes"}', "not one"),
        (b'{"difficulty": 0, "permit": "\xc3\xa9"}', "not one"),
        (b'{"difficulty": 0}', "not one"),
        (json.dumps({"difficulty": 0, "permit": "p" * 5000}).encode(), "not one"),
        (b"<html>", "not what a drop's server answers"),
        (b"", "not what a drop's server answers"),
    ],
)
def test_permits_that_are_none_are_refused(body: bytes, why: str, drop: Drop):
    with pytest.raises(Refused, match=why):
        sent_to(taking(lambda asked: (200, body) if asked.path == "/permit" else None), prepare(drop, new_thread(drop)[1]))


@pytest.mark.parametrize("status", [500, 503, 507])
def test_a_server_that_fails_for_a_while_gets_the_same_box_again(status: int, drop: Drop):
    fails = [status, status]

    def change(asked: Asked) -> Reply | None:
        return (fails.pop(), b"{}") if asked.method == "PUT" and fails else None

    receipt, asked = sent_to(taking(change), prepare(drop, new_thread(drop)[1]))
    assert receipt.stored == 1
    puts = [one for one in asked if one.method == "PUT"]
    assert len({(one.path, one.body) for one in puts}) == 1
    assert len(puts) == 3


@pytest.mark.parametrize(("status", "why"), [(500, "code 500"), (507, "no room"), (503, "busy"), (413, "code 413")])
def test_a_server_that_goes_on_failing_is_one_sentence_that_says_how_to_go_on(status: int, why: str, drop: Drop):
    with pytest.raises(Refused, match=f"(?s){why}.*same codename"):
        sent_to(taking(lambda asked: (status, b"{}") if asked.method == "PUT" else None), prepare(drop, new_thread(drop)[1]))


def test_an_answer_that_is_neither_stored_nor_there_counts_as_nothing(drop: Drop):
    for status in (202, 204, 206, 301, 400, 404):
        with pytest.raises(Refused, match="same codename"):
            sent_to(
                taking(lambda asked, status=status: (status, b"") if asked.method == "PUT" else None),  # type: ignore[misc]
                prepare(drop, new_thread(drop)[1]),
            )


@pytest.mark.parametrize("body", [b"", b"\0" * 127, b"\0" * 129, b"<html></html>"])
def test_a_bitmap_of_another_length_is_refused(body: bytes, drop: Drop):
    with pytest.raises(Refused):
        sent_to(
            taking(lambda asked: (200, body) if asked.path.endswith("missing") else None), prepare(drop, new_thread(drop)[1])
        )


# Weeks.


def week_server(open_epoch: int) -> Callable[[Asked], Reply | None]:
    return lambda asked: (409, b"{}") if asked.method == "PUT" and not asked.path.startswith(f"/boxes/{open_epoch}/") else None


@pytest.fixture(scope="module")
def still() -> Drop:
    return make_drop(now=start(2970) + 3 * DAY)


@pytest.mark.parametrize(("now", "open_epoch"), [(start(2970) + 100, 2969), (end(2970) - 100, 2971), (end(2970) - DAY, 2971)])
def test_near_the_boundary_the_neighbouring_week_is_sealed_for(
    now: int, open_epoch: int, still: Drop, tmp_path: Path, turn: Callable[[int], None]
):
    turn(now)
    ready = prepare(still, new_thread(still)[1], "m", [big(tmp_path, still, 6)], now=now)
    receipt, asked = sent_to(taking(week_server(open_epoch)), ready)
    assert receipt.stored == 7
    assert receipt.epochs == {open_epoch}
    taken = [one for one in asked if one.method == "PUT" and one.path.startswith(f"/boxes/{open_epoch}/")]
    assert len({one.path for one in taken}) == len(taken) == 7
    assert all(one.body[:15] == b"knothole-box/1\n" for one in taken)


@pytest.mark.parametrize("open_epoch", [2969, 2971, 2968])
def test_in_mid_week_a_server_of_another_week_is_not_believed(open_epoch: int, still: Drop, turn: Callable[[int], None]):
    turn(still.now)
    ready = prepare(still, new_thread(still)[1], now=still.now)
    with pytest.raises(Refused, match="set the clock right"):
        sent_to(taking(week_server(open_epoch)), ready)


def test_a_server_that_takes_no_week_at_all_is_refused_at_the_boundary_too(still: Drop, turn: Callable[[int], None]):
    now = end(2970) - 100
    turn(now)
    with pytest.raises(Refused, match="set the clock right"):
        sent_to(taking(week_server(7)), prepare(still, new_thread(still)[1], now=now))


def test_few_boxes_are_in_memory_at_a_time(drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    flying, most, lock = [0], [0], threading.Lock()

    def change(asked: Asked) -> Reply | None:
        if asked.method == "PUT":
            with lock:
                flying[0] += 1
                most[0] = max(most[0], flying[0])
            threading.Event().wait(0.01)
            with lock:
                flying[0] -= 1
        return None

    sent_to(taking(change), prepare(drop, new_thread(drop)[1], "m", [big(tmp_path, drop, 12)]))
    assert 1 < most[0] <= sending.THREADS
    assert permits.MAX_WORK < proof.MAX_DIFFICULTY


def test_a_file_that_changes_under_way_stops_the_sending(drop: Drop, tmp_path: Path):
    film = big(tmp_path, drop, 6)
    ready = prepare(drop, new_thread(drop)[1], "m", [film])

    def change(asked: Asked) -> Reply | None:
        if asked.method == "PUT":
            with film.open("ab") as file:
                file.write(b"more")
        return None

    with pytest.raises(Refused, match="changed while it was being sent"):
        sent_to(taking(change), ready)


def test_only_those_who_were_chosen_can_open(served: Served, drop: Drop, tmp_path: Path):
    ada, grace = drop.readers
    with served.connect() as connection:
        ready = prepare(drop, new_thread(drop)[1], "for Ada", view=seen(connection, drop), to=[ada.recipient.id])
        assert isinstance(ready.week, Week)
        assert [reader.name for reader in ready.week.readers] == ["Ada"]
        upload(connection, ready)
    box_id = ready.week.sealer(drop.drop_id, ready.keys).box_id(*next(ready.submission.letter_parts()).load())
    with served.connect(token=True) as connection:
        fetch(connection, tmp_path / "out", root=None, now=clock.now(), tell=lambda _: None)
    only = tmp_path / "only" / str(drop.epoch)
    only.mkdir(parents=True)
    (tmp_path / "out" / str(drop.epoch) / f"{box_id.hex()}.box").rename(only / f"{box_id.hex()}.box")
    assert open_all(tmp_path / "only", drop, ada).letters[0].recipients == (ada.recipient.id,)
    with pytest.raises(Exception, match="None of this desk's keys"):
        open_all(tmp_path / "only", drop, grace)
