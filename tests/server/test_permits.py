"""Permits: the same for everybody in their ten minutes, good for twenty, and of no use for anything else."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer
from starlette.requests import Request

from knothole_keys import clock, proof
from knothole_server.permits import WINDOW, Permits
from knothole_server.refusals import Refusal
from knothole_server.state import State
from tests.server.serving import Served, make_token, wait_for

NOW = 1_800_000_000
ID = bytes(range(16))


def request(permit: str, nonce: str = "0") -> Request:
    headers = [(b"knothole-permit", permit.encode("latin-1", "replace")), (b"knothole-proof", nonce.encode())]
    return Request({"type": "http", "headers": headers})


def refuses(permits: Permits, permit: str, nonce: str = "0", now: int = NOW) -> bool:
    caught: list[Refusal] = []
    try:
        permits.require(request(permit, nonce), 2960, ID, now)
    except Refusal as refusal:
        caught.append(refusal)
    assert all((refusal.status, refusal.more) == (429, permits.offer(now)) for refusal in caught)
    return bool(caught)


def test_everybody_gets_the_same_permit_for_ten_minutes() -> None:
    permits, start = Permits(b"s" * 32, 0), NOW // WINDOW * WINDOW
    offers = {str(permits.offer(start + second)["permit"]) for second in range(0, WINDOW, 7)}
    assert len(offers) == 1
    assert str(permits.offer(start + WINDOW)["permit"]) not in offers


@given(st.integers(-3 * WINDOW, 5 * WINDOW))
def test_a_permit_is_good_for_its_window_and_the_next(later: int) -> None:
    permits = Permits(b"s" * 32, 0)
    permit = str(permits.offer(NOW)["permit"])
    windows = (NOW + later) // WINDOW - NOW // WINDOW
    assert refuses(permits, permit, now=NOW + later) == (windows not in (0, 1))


def test_a_cheap_permit_is_refused_in_a_flood_and_a_dear_one_stays_good() -> None:
    quiet, flood = Permits(b"s" * 32, 0), Permits(b"s" * 32, 10)
    cheap, dear = str(quiet.offer(NOW)["permit"]), str(flood.offer(NOW)["permit"])
    nonce = str(proof.solve(dear, 2960, ID, 10))
    assert refuses(flood, cheap)
    assert not refuses(flood, dear, nonce)
    assert not refuses(quiet, dear, nonce)
    # The work was promised in the permit, and is owed even when the flood is over.
    lazy = next(n for n in range(10_000) if not proof.check(dear, 2960, ID, n, 10))
    assert refuses(quiet, dear, str(lazy))


@pytest.mark.parametrize("nonce", ["", "-0", "00", "01", "+1", " 1", "1 ", "1.0", "0x1", "1e1", str(2**64), "1" * 5000])
def test_a_proof_that_is_no_number_is_refused(nonce: str) -> None:
    permits = Permits(b"s" * 32, 0)
    assert refuses(permits, str(permits.offer(NOW)["permit"]), nonce)


def test_the_largest_nonce_is_a_number() -> None:
    permits = Permits(b"s" * 32, 0)
    assert not refuses(permits, str(permits.offer(NOW)["permit"]), str(2**64 - 1))


@given(st.text(max_size=80))
def test_what_was_not_signed_is_no_permit(text: str) -> None:
    assert refuses(Permits(b"s" * 32, 0), text)


def test_nothing_signed_elsewhere_is_a_permit() -> None:
    permits = Permits(b"s" * 32, 0)
    assert refuses(permits, str(Permits(b"t" * 32, 0).offer(NOW)["permit"]))
    assert refuses(permits, URLSafeSerializer(b"s" * 32).dumps([NOW // WINDOW, 0]))


def test_a_courier_token_is_no_permit(shared: Served) -> None:
    answer = shared.put(ID, shared.fake_box(), **{"Knothole-Permit": make_token(shared.config)})
    assert answer.status_code == 429


def test_a_running_server_takes_up_a_new_difficulty(served: Served) -> None:
    box_id, cheap = os.urandom(16), served.permit(bytes(16))
    state = State(served.config.state)
    state.set_difficulty(12)
    state.close()
    wait_for(lambda: served.http.get("/permit").json()["difficulty"] == 12)
    refused = served.put(box_id, served.fake_box(), **cheap)
    assert refused.status_code == 429
    told = refused.json()
    assert told["difficulty"] == 12
    nonce = proof.solve(told["permit"], served.drop.epoch, box_id, 12)
    good = {"Knothole-Permit": told["permit"], "Knothole-Proof": str(nonce)}
    assert served.put(box_id, served.fake_box(), **good).status_code == 201


def test_a_proof_is_good_for_one_box_alone() -> None:
    permits = Permits(b"s" * 32, 16)
    permit = str(permits.offer(NOW)["permit"])
    nonce = str(proof.solve(permit, 2960, ID, 16))
    assert not refuses(permits, permit, nonce)
    for week, box_id in ((2961, ID), (2960, bytes(16))):
        with pytest.raises(Refusal):
            permits.require(request(permit, nonce), week, box_id, NOW)


def test_permits_go_by_the_clock(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    old = shared.http.get("/permit").json()["permit"]
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 2 * WINDOW)
    assert shared.http.get("/permit").json()["permit"] != old
    assert shared.put(ID, shared.fake_box(), **{"Knothole-Permit": old}).status_code == 429
