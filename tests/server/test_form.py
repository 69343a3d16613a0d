"""`POST /boxes`: a form without scripts brings sealed boxes, or nothing of it is kept."""

import os
import re
import socket
from collections.abc import Callable

import httpx
import pytest

from knothole_keys import clock, epoch
from knothole_keys.boxes_file import HEADER, Header
from knothole_keys.languages import LANGUAGES, SOURCE
from knothole_keys.page import ANSWER, TEMPLATE, pages
from knothole_server.config import BUILT, FORM_BYTES, FORM_DRAINED, FORM_PARTS
from knothole_server.page import read_template
from tests.server.serving import Served, tree_hash, wait_for
from tests.support.drop import SealedBox, make_drop
from tests.support.sealed_files import BOUNDARY, FORM_TYPE, boxes_file, form, look_alikes

PAGE = 16_384


def post(served: Served, *files: tuple[str, bytes], **headers: str) -> httpx.Response:
    return served.http.post("/boxes", content=form(*files), headers={**FORM_TYPE, **headers})


def counts(answer: httpx.Response) -> tuple[str, int, int]:
    """What kind of answer it was, and how many boxes it says are stored and were there."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert len(answer.content) == PAGE
    found = re.search(r'data-kind="([a-z_]+)"\s+data-stored="(\d+)"\s+data-already="(\d+)"', answer.text)
    assert found
    return found[1], int(found[2]), int(found[3])


def words(answer: httpx.Response) -> str:
    """The answer as it is read."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.text.partition("<main")[2]).split())


def test_boxes_of_two_files_are_stored_as_they_are(served: Served) -> None:
    boxes = look_alikes(served.drop, 5)
    answer = post(served, ("1.boxes", boxes_file(served.drop, boxes[:3])), ("2.boxes", boxes_file(served.drop, boxes[3:])))
    assert answer.status_code == 200
    assert counts(answer) == ("stored", 5, 0)
    assert "the server says it has stored now: 5 ." in words(answer)
    for box in boxes:
        assert served.fetch(box.id).content == box.data


def test_sent_again_they_are_there_already(served: Served) -> None:
    boxes = look_alikes(served.drop, 3)
    post(served, ("1.boxes", boxes_file(served.drop, boxes[:2])))
    before = tree_hash(served.config.slabs)
    again = post(served, ("1.boxes", boxes_file(served.drop, boxes[:2])))
    assert counts(again) == ("stored", 0, 2)
    assert tree_hash(served.config.slabs) == before
    more = post(served, ("1.boxes", boxes_file(served.drop, boxes)))
    assert counts(more) == ("stored", 1, 2)
    assert "had already, and did not store twice: 2 ." in words(more)


def flipped(served: Served, at: int) -> bytes:
    data = bytearray(boxes_file(served.drop, look_alikes(served.drop, 2)))
    data[at] ^= 1
    return bytes(data)


def of_another_size(served: Served) -> bytes:
    file = boxes_file(served.drop, look_alikes(served.drop, 4))
    return Header(served.drop.drop_id, 2 * served.drop.geometry().size).encode() + file[HEADER:]


ENTRY, BOX = 53, 73
REFUSED: dict[str, tuple[int, str, Callable[[Served], list[tuple[str, bytes]]]]] = {
    "a pdf": (400, "unsealed", lambda _: [("evidence.pdf", b"%PDF-1.7\n" + os.urandom(600_000))]),
    "a pdf by another name": (400, "unsealed", lambda _: [("evidence.boxes", b"%PDF-1.7\n" + os.urandom(600_000))]),
    "text": (400, "unsealed", lambda _: [("message.txt", b"Dear editor, my name is")]),
    "zeros": (400, "unsealed", lambda _: [("1.boxes", bytes(2**20))]),
    "a box by itself": (400, "unsealed", lambda s: [("1.boxes", s.fake_box())]),
    "its beginning alone": (400, "unsealed", lambda _: [("1.boxes", b"knothole-boxes/1\n")]),
    "a header alone": (400, "other", lambda s: [("1.boxes", boxes_file(s.drop, []))]),
    "an empty file": (400, "empty", lambda _: [("1.boxes", b"")]),
    "no file": (400, "empty", lambda _: [("", b"")]),
    "no part": (400, "empty", lambda _: []),
    "cut within a box": (400, "other", lambda s: [("1.boxes", boxes_file(s.drop, look_alikes(s.drop, 1))[:-1])]),
    "the magic flipped": (400, "unsealed", lambda s: [("1.boxes", flipped(s, 3))]),
    "the drop flipped": (400, "other", lambda s: [("1.boxes", flipped(s, 20))]),
    "the size flipped": (400, "unsealed", lambda s: [("1.boxes", flipped(s, 51))]),
    "the epoch flipped": (409, "epoch", lambda s: [("1.boxes", flipped(s, ENTRY))]),
    "a prefix flipped": (400, "other", lambda s: [("1.boxes", flipped(s, BOX + 4))]),
    "the slots flipped": (400, "other", lambda s: [("1.boxes", flipped(s, BOX + 15))]),
    "last month": (409, "epoch", lambda s: [("1.boxes", boxes_file(s.drop, look_alikes(s.drop, 1, s.drop.epoch - 5)))]),
    "a huge name": (400, "other", lambda s: [("x" * 5000, boxes_file(s.drop, look_alikes(s.drop, 1)))]),
    "another size": (400, "other", lambda s: [("1.boxes", of_another_size(s))]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_changes_nothing(shared: Served, name: str) -> None:
    before, free = tree_hash(shared.config.directory), shared.free_places()
    status, kind, make = REFUSED[name]
    answer = post(shared, *make(shared))
    assert answer.status_code == status
    assert counts(answer) == (kind, 0, 0)
    assert "Nothing was taken" in words(answer)
    assert answer.headers["connection"] == "close"
    wait_for(lambda: shared.free_places() == free)
    assert tree_hash(shared.config.directory) == before


def test_unsealed_files_are_told_so_in_plain_words(shared: Served) -> None:
    said = words(post(shared, ("evidence.pdf", b"%PDF-1.7\n" + bytes(100_000))))
    for sentence in ("Nothing of it was kept.", "then stopped reading", "Never send a document"):
        assert sentence in said


def test_boxes_of_another_drop_are_not_taken_silently(shared: Served) -> None:
    other = make_drop()
    answer = post(shared, ("1.boxes", boxes_file(other, look_alikes(other, 1))))
    assert counts(answer)[1:] == (0, 0)
    assert "sealed for another drop" in words(answer)


def test_what_came_before_the_fault_is_kept_and_said(served: Served) -> None:
    boxes = look_alikes(served.drop, 4)
    spoiled = SealedBox(boxes[2].epoch, boxes[2].id, b"X" + boxes[2].data[1:])
    answer = post(served, ("1.boxes", boxes_file(served.drop, [boxes[0], boxes[1], spoiled, boxes[3]])))
    assert answer.status_code == 400
    assert counts(answer) == ("other", 2, 0)
    assert "stored now: 2 ." in words(answer)
    assert "Refused: box number 3, and all behind it." in words(answer)
    assert [served.fetch(box.id).status_code for box in boxes] == [200, 200, 404, 404]
    pdf = post(served, ("1.boxes", boxes_file(served.drop, boxes[:2])), ("evidence.pdf", b"%PDF-1.7 " * 2000))
    assert counts(pdf) == ("unsealed", 0, 2)
    assert "What was stored stays." in words(pdf)
    empty = post(served, ("1.boxes", boxes_file(served.drop, boxes[:2])), ("2.boxes", b""))
    assert "or an empty one" in words(empty)


def begun(length: int) -> bytes:
    head = f"POST /boxes HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM_TYPE['Content-Type']}\r\nContent-Length: {length}\r\n\r\n"
    return head.encode()


def test_a_form_that_breaks_off_keeps_whole_boxes_and_frees_the_rest(served: Served) -> None:
    boxes = look_alikes(served.drop, 3)
    body = form(("1.boxes", boxes_file(served.drop, boxes)))
    free, size = served.free_places(), served.drop.geometry().size
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.sendall(begun(len(body)) + body[: 2 * size + 100_000])
        wait_for(lambda: served.free_places() == free - 3)
    wait_for(lambda: served.free_places() == free - 2)
    assert served.opened.uploads.taken == 0
    answer = post(served, ("1.boxes", boxes_file(served.drop, boxes)))
    assert counts(answer) == ("stored", 1, 2)


@pytest.mark.parametrize("piece", [1, 7, 300])
def test_small_pieces_are_the_same_form(served: Served, piece: int) -> None:
    boxes = look_alikes(served.drop, 1)
    body = form(("1.boxes", boxes_file(served.drop, boxes)))
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(begun(len(body)))
        for at in range(0, 500, piece):
            connection.sendall(body[at : min(500, at + piece)])
        connection.sendall(body[500:])
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    assert served.fetch(boxes[0].id).content == boxes[0].data


def refused_form(served: Served, body: bytes, **headers: str) -> tuple[int, str]:
    before = tree_hash(served.config.directory)
    answer = served.http.post("/boxes", content=body, headers={**FORM_TYPE, **headers})
    assert counts(answer)[1:] == (0, 0)
    assert tree_hash(served.config.directory) == before
    return answer.status_code, words(answer)


def test_what_no_browser_sends_is_refused(shared: Served) -> None:
    file = boxes_file(shared.drop, look_alikes(shared.drop, 1))
    assert refused_form(shared, file)[0] == 400
    assert refused_form(shared, b"\r\n" * 1000)[0] == 400
    assert refused_form(shared, b"")[0] == 400
    assert refused_form(shared, b"x" * 200_000)[0] == 400
    assert refused_form(shared, form() + b"x" * 200_000)[0] == 400
    assert refused_form(shared, f"--{BOUNDARY}\r\n".encode() + b"A: b\r\n" * 100)[0] == 400
    assert refused_form(shared, f"--{BOUNDARY}\r\n".encode() + b"A" * 100_000)[0] == 400
    assert refused_form(shared, form(*[("", b"")] * (FORM_PARTS + 1)))[0] == 413
    for kind in ("text/plain", "multipart/form-data", "application/x-www-form-urlencoded", "multipart/form-data; boundary="):
        assert refused_form(shared, form(("1.boxes", file)), **{"Content-Type": kind})[0] == 415


def test_more_than_a_form_takes_is_refused_unread(shared: Served) -> None:
    answer = shared.raw(begun(FORM_BYTES + 1))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"--split" in answer
    chunked = (
        f"POST /boxes HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM_TYPE['Content-Type']}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert shared.raw(chunked.encode()).startswith(b"HTTP/1.1 411 ")


def test_a_drop_that_takes_nothing_says_so_before_it_reads_a_form(served: Served) -> None:
    served.opened.permits.difficulty = 5
    answer = served.raw(begun(FORM_DRAINED + 1))
    assert answer.startswith(b"HTTP/1.1 429 ")
    assert b'data-kind="permit"' in answer
    # What fits is drained, so that the browser shows why; but never a file that is not sealed.
    assert counts(post(served, ("evidence.pdf", b"%PDF-1.7\n" + bytes(100_000)))) == ("unsealed", 0, 0)
    sealed = ("1.boxes", boxes_file(served.drop, look_alikes(served.drop, 1)))
    assert counts(post(served, sealed)) == ("permit", 0, 0)


@pytest.mark.parametrize("first", [b"\r\n", b"\n", b"x", b" ", b"\0"])
def test_what_does_not_begin_as_a_form_is_refused_at_its_first_byte(shared: Served, first: bytes) -> None:
    answer = shared.raw(begun(FORM_BYTES) + first)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"open the drop's own address" in answer.replace(b"&#39;", b"'")


def test_another_sites_form_is_refused_and_the_drops_own_is_not(served: Served) -> None:
    file = ("1.boxes", boxes_file(served.drop, look_alikes(served.drop, 1)))
    own = f"http://127.0.0.1:{served.port}"
    foreign = [
        {"Origin": "https://example.org"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": own, "Sec-Fetch-Site": "cross-site"},
        {"Origin": f"{own}0"},
    ]
    for headers in foreign:
        answer = post(served, file, **headers)
        assert answer.status_code == 403
        assert counts(answer)[1:] == (0, 0)
    for headers in ({"Origin": own}, {"Origin": "null"}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}):
        assert post(served, file, **headers).status_code == 200


def test_when_boxes_cost_work_the_form_says_so(served: Served) -> None:
    served.opened.permits.difficulty = 5
    answer = post(served, ("1.boxes", boxes_file(served.drop, look_alikes(served.drop, 1))))
    assert answer.status_code == 429
    assert counts(answer) == ("permit", 0, 0)
    assert "being flooded" in words(answer)
    assert "5" not in words(answer)


def test_when_the_list_has_expired_the_form_says_so(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = served.drop.now + 20 * epoch.DAY
    monkeypatch.setattr(clock, "now", lambda: moment)
    answer = post(served, ("1.boxes", boxes_file(served.drop, look_alikes(served.drop, 1, epoch.epoch_of(moment)))))
    assert answer.status_code == 503
    assert "list of readers has run out" in words(answer)


def test_the_form_answers_in_the_language_of_its_page(served: Served) -> None:
    served.opened.answer = read_template(BUILT, ANSWER)
    shown = pages(read_template(BUILT, TEMPLATE), served.drop.chain)
    for language in LANGUAGES:
        assert f'action="{language.form_address}"'.encode() in shown[language]
        answer = served.http.post(language.form_address, content=form(("a.pdf", b"%PDF-1.7")), headers=FORM_TYPE)
        assert counts(answer) == ("unsealed", 0, 0)
        assert f'<html lang="{language.tag}" dir="{language.dir}">' in answer.text
        assert ("Nothing of it was kept" in words(answer)) == (language is SOURCE)
        assert f'href="{language.address}"' in answer.text
    assert served.http.post("/xx/boxes", content=form(("a.pdf", b"%PDF-1.7")), headers=FORM_TYPE).status_code == 404


def test_a_full_disk_says_so_and_loses_nothing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = look_alikes(served.drop, 2)
    post(served, ("1.boxes", boxes_file(served.drop, boxes[:1])))
    monkeypatch.setattr(type(served.opened.store.slabs[served.drop.epoch]), "take", lambda _: None)
    answer = post(served, ("1.boxes", boxes_file(served.drop, boxes)))
    assert answer.status_code == 507
    assert counts(answer) == ("no_room", 0, 1)
    assert "The drop is full." in words(answer)
    assert served.fetch(boxes[0].id).content == boxes[0].data


def test_a_drop_that_closes_within_a_form_takes_no_more(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from knothole_server import form as handler

    checks = []

    def check(drop: object, now: int) -> None:
        checks.append(now)
        # Once before the form is read, and once for each box.
        if len(checks) > 4:
            from knothole_server.refusals import Refusal

            raise Refusal(
                503, "sealing_off", "The drop's list of recipients has expired, so it takes nothing; try again later."
            )

    monkeypatch.setattr(handler, "_check_open", check)
    answer = post(served, ("1.boxes", boxes_file(served.drop, look_alikes(served.drop, 6))))
    assert answer.status_code == 503
    # A box is acknowledged a moment before it is in the index, which turns the clock here.
    assert counts(answer) in [("sealing_off", 2, 0), ("sealing_off", 3, 0)]
    assert "list of readers has run out" in words(answer)


def test_getting_the_forms_address_is_refused(shared: Served) -> None:
    assert shared.http.get("/boxes").status_code == 405
