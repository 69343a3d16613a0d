"""Everything that PUT refuses: the status, one sentence, and a directory that has not changed by a byte."""

import os
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knothole_keys import clock, epoch
from tests.server.serving import Served, tree_hash


def put(served: Served, **changes: Any) -> httpx.Response:
    """A PUT that would be taken, but for `changes`."""
    box_id = changes.get("box_id", os.urandom(16).hex())
    body = changes.get("body", served.fake_box())
    headers = {**served.permit(bytes(16)), **changes.get("headers", {})}
    headers = {name: value for name, value in headers.items() if value is not None}
    week = changes.get("epoch", served.drop.epoch)
    return served.http.put(f"/boxes/{week}/{box_id}", content=body, headers=headers)


def other_slots(served: Served) -> bytes:
    box = served.fake_box()
    return box[:15] + bytes([box[15] + 1]) + box[16:]


REFUSED: dict[str, tuple[int, Callable[[Served], dict[str, Any]]]] = {
    "zeros": (400, lambda s: {"body": bytes(s.drop.geometry().size)}),
    "plaintext": (400, lambda s: {"body": b"Dear editor, ".ljust(s.drop.geometry().size, b".")}),
    "another version": (400, lambda s: {"body": s.fake_box().replace(b"knothole-box/1", b"knothole-box/2", 1)}),
    "another slot count": (400, lambda s: {"body": other_slots(s)}),
    "a byte short": (400, lambda s: {"body": s.fake_box()[:-1]}),
    "a byte long": (413, lambda s: {"body": s.fake_box() + b"x"}),
    "empty": (400, lambda _: {"body": b""}),
    "prefix alone": (400, lambda s: {"body": s.drop.geometry().prefix}),
    "last week": (409, lambda s: {"epoch": s.drop.epoch - 2}),
    "next month": (409, lambda s: {"epoch": s.drop.epoch + 4}),
    "epoch 0": (409, lambda _: {"epoch": 0}),
    "epoch too large": (404, lambda _: {"epoch": 2**32}),
    "epoch with a leading zero": (404, lambda s: {"epoch": f"0{s.drop.epoch}"}),
    "epoch with a sign": (404, lambda s: {"epoch": f"+{s.drop.epoch}"}),
    "epoch in other digits": (404, lambda _: {"epoch": "٢٩٦٠"}),
    "id in upper case": (404, lambda _: {"box_id": "AB" * 16}),
    "id too short": (404, lambda _: {"box_id": "ab" * 15}),
    "id too long": (404, lambda _: {"box_id": "ab" * 17}),
    "id that climbs": (404, lambda _: {"box_id": "..%2f..%2fstate.db"}),
    "no permit": (429, lambda _: {"headers": {"Knothole-Permit": None}}),
    "no proof": (429, lambda _: {"headers": {"Knothole-Proof": None}}),
    "false permit": (429, lambda _: {"headers": {"Knothole-Permit": "WzEsMF0.AAAA"}}),
    "proof that is no number": (429, lambda _: {"headers": {"Knothole-Proof": "-1"}}),
    "proof over 64 bits": (429, lambda _: {"headers": {"Knothole-Proof": str(2**64)}}),
    "proof of a million digits": (429, lambda _: {"headers": {"Knothole-Proof": "9" * 10_000}}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_box_changes_nothing(shared: Served, name: str) -> None:
    before, free = tree_hash(shared.config.directory), shared.free_places()
    status, changes = REFUSED[name]
    answer = put(shared, **changes(shared))
    assert answer.status_code == status
    told = answer.json()
    assert told["message"].endswith(".")
    assert "\n" not in told["message"]
    assert told["error"]
    assert len(answer.content) == 16_384
    assert tree_hash(shared.config.directory) == before
    assert shared.free_places() == free
    assert shared.put(os.urandom(16), shared.fake_box()).status_code == 201


def test_what_is_no_box_is_refused_before_a_byte_is_written(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    written, real = [], os.pwrite

    def watched(descriptor: int, data: bytes, offset: int) -> int:
        written.append(offset)
        return real(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", watched)
    for name in ("zeros", "plaintext", "another version", "another slot count"):
        status, changes = REFUSED[name]
        assert put(shared, **changes(shared)).status_code == status
    assert written == []
    assert put(shared).status_code == 201
    assert written, "writing was not seen"


def test_not_a_box_is_named_as_in_the_spec(shared: Served) -> None:
    assert put(shared, body=bytes(shared.drop.geometry().size)).json()["error"] == "NotABox"


def test_expired_roster_stops_boxes_and_not_the_rest(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = os.urandom(16)
    served.put(kept, served.fake_box())
    before = tree_hash(served.config.directory)
    # The last second of the roster's life, and the next one.
    for moment, status in ((served.drop.roster.expires - 1, 201), (served.drop.roster.expires, 503)):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        if status == 201:
            before = None
        week = epoch.epoch_of(moment)
        answer = served.put(os.urandom(16), served.fake_box(), epoch=week)
        assert answer.status_code == status
        if before is None:
            before = tree_hash(served.config.directory)
    assert answer.json()["error"] == "sealing_off"
    assert tree_hash(served.config.directory) == before
    for path in ("/", "/roots", "/roster", "/board", "/permit"):
        assert served.http.get(path).status_code == 200
    assert served.http.post("/boxes/missing", content=bytes(16_388)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/%70ermit"),
        ("GET", "/permi%74"),
        ("GET", "/%2e"),
        ("GET", "/%"),
        ("GET", "/page%2ejs"),
        ("GET", "/rosters/%31"),
        ("GET", "/boxes%2fmissing"),
        ("POST", "/boxes/%6dissing"),
        ("PUT", "/boxes/EPOCH/" + "%61b" * 16),
        ("DELETE", "/boxes/EPOCH/" + "%61b" * 16),
        ("GET", "/courier/boxes/EPOCH/" + "%61b" * 16),
    ],
)
def test_an_address_with_a_percent_sign_is_no_address(shared: Served, method: str, path: str) -> None:
    # It is there, under its own address.
    shared.put(bytes.fromhex("ab" * 16), shared.fake_box())
    path = path.replace("EPOCH", str(shared.drop.epoch))
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nAuthorization: {shared.bearer['Authorization']}\r\n\r\n"
    )
    answer = shared.raw(head.encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b'"not_found"' in answer
    assert len(answer.partition(b"\r\n\r\n")[2]) == 16_384


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    week=st.one_of(st.just("EPOCH"), st.from_regex(r"[0-9+\- ]{0,12}", fullmatch=True)),
    box_id=st.one_of(st.just("ab" * 16), st.from_regex(r"[0-9a-fA-F./]{0,40}", fullmatch=True)),
    length=st.one_of(
        st.just("SIZE"), st.integers(-5, 2**70).map(str), st.sampled_from(["", "1,1", "0x10", "١", "1e3", " 5", "00"])
    ),
    proof_text=st.one_of(st.just("0"), st.text("0123456789abc-+. ", max_size=25)),
)
def test_no_head_but_a_right_one_reaches_the_disk(shared: Served, week: str, box_id: str, length: str, proof_text: str) -> None:
    right = (week, box_id, length) == ("EPOCH", "ab" * 16, "SIZE")
    week = week.replace("EPOCH", str(shared.drop.epoch))
    length = length.replace("SIZE", str(shared.drop.geometry().size))
    permit = shared.permit(bytes(16))["Knothole-Permit"]
    before = tree_hash(shared.config.slabs)
    head = f"PUT /boxes/{week}/{box_id} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n"
    head += f"Knothole-Permit: {permit}\r\nKnothole-Proof: {proof_text}\r\n\r\n"
    # The body is never a box: a right head is refused for its body, any other for itself.
    body = bytes(shared.drop.geometry().size) if right else b"Dear editor"
    answer = shared.raw(head.encode() + body, shut=True)
    if answer:
        status = int(answer.split(b" ", 2)[1])
        assert status in {400, 404, 405, 409, 411, 413, 429}
    assert tree_hash(shared.config.slabs) == before
