"""A courier is told in time that its token ends, by what stands in the token itself; and nothing of it is ever shown."""

from pathlib import Path

import pytest

from knothole_client.courier.token import near_end, read_token
from knothole_keys import clock
from knothole_keys.epoch import DAY
from knothole_server import tokens
from knothole_server.state import State
from tests.client.altering import command
from tests.client.served import Served, lie


@pytest.fixture
def state(served: Served) -> State:
    return State(served.server.config.state)


def test_a_token_says_its_end_in_its_last_week_alone(state: State) -> None:
    token, now = tokens.make(state, 30), clock.now()
    end = clock.day_of(now + 30 * DAY)
    for later in (0, 22 * DAY):
        assert near_end(token, now + later) == []
    for later, ends in ((23 * DAY + 60, "ends"), (30 * DAY - 60, "ends"), (30 * DAY + 60, "ended"), (300 * DAY, "ended")):
        (line,) = near_end(token, now + later)
        assert line.startswith(f"Warning: The courier's token {token[:8]} {ends} on {end}: make another (`knothole server")
        assert not any(part in line for part in token.split(".")), "of a token only its id is ever shown"


def test_courier_and_server_say_the_same_words(state: State) -> None:
    token = tokens.make(state, 3)
    (warned,) = [one for one in tokens.near_end(state) if one.id == token[:8]]
    assert near_end(token, clock.now()) == [f"Warning: {warned.text}"]


@pytest.mark.parametrize(
    "token",
    ["t", "a.token.here", "0123abcd-3", "0123abcd-3.", "0123abcd-3..x", "0123abcd-3.!.x", "0123abcd-3.A.x", "0123abcd-0.aaaa.x",
     "0123abcd-9999.aaaa.x", "0123abcd-3.aaaaaaaaaaaaa.x", "0123ABCD-3.aaaa.x", "0123abcd-3.aaaa.x.y"],
)  # fmt: skip
def test_what_is_no_token_of_ours_is_left_to_the_server(token: str) -> None:
    assert near_end(token, clock.now()) == []


def test_a_token_with_a_date_beyond_all_calendars_is_no_matter() -> None:
    assert near_end("0123abcd-366.________.x", clock.now()) == []


def test_fetch_post_and_publish_warn_before_they_ask(state: State, tmp_path: Path) -> None:
    (tmp_path / "ending").write_text(tokens.make(state, 3))
    (tmp_path / "lasting").write_text(tokens.make(state, 30))
    (tmp_path / "roster.note").write_text("no roster")
    with lie(lambda asked: (401, b"{}", {})) as (url, _):
        for name, times in (("ending", 1), ("lasting", 0)):
            for arguments in (["fetch", "--out", tmp_path / "out"], ["post"], ["publish", tmp_path / "roster.note"]):
                first, *rest = arguments
                code, out, error = command("courier", first, url, *rest, "--token-file", tmp_path / name)
                assert code == 1
                assert out == ""
                assert error.count("The courier's token") == times, (name, first, error)
                assert read_token(tmp_path / name) not in error
