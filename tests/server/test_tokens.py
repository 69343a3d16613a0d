"""Courier tokens: only those the drop made, for as long as it said, and for nothing but the courier's work."""

import httpx
import pytest
from click.testing import CliRunner
from itsdangerous import URLSafeTimedSerializer

from knothole_keys import clock
from knothole_keys.epoch import DAY
from knothole_server.cli import server
from knothole_server.config import Config
from knothole_server.permits import Permits
from knothole_server.state import COURIER, PERMIT, State
from tests.server.serving import Served, make_token, wait_for


def ask(served: Served, authorization: str | None) -> httpx.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    return served.http.get(f"/courier/boxes?epoch={served.drop.epoch}", headers=headers)


def test_a_good_token_opens_the_couriers_door(shared: Served) -> None:
    token = make_token(shared.config)
    assert ask(shared, f"Bearer {token}").status_code == 200
    assert ask(shared, f"bearer {token}").status_code == 200


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer MzA.AAAA.BBBB", "Basic YTpi", "Token x", "Bearer 🕳".encode()]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/courier/boxes?epoch=1"),
        ("GET", "/courier/boxes/1/00000000000000000000000000000000"),
        ("POST", "/courier/slots"),
        ("PUT", "/courier/roster"),
    ],
)
def test_without_a_token_every_door_is_shut(shared: Served, method: str, path: str, authorization: str | bytes | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = shared.http.request(method, path, headers=headers, content=b"" if method == "GET" else bytes(2048))  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["message"].count(".") == 1


def test_a_changed_token_is_refused(shared: Served) -> None:
    token = make_token(shared.config)
    for at in range(len(token)):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        if at == len(token) - 1:
            # The last character of base64 holds bits that say nothing.
            changed = token[:-1]
        assert ask(shared, f"Bearer {changed}").status_code == 401


def test_permits_and_foreign_signatures_are_no_tokens(shared: Served) -> None:
    state = State(shared.config.state)
    courier, permit = state.secrets(COURIER)[-1], state.secrets(PERMIT)[-1]
    state.close()
    assert courier != permit
    made = [
        str(Permits(permit, 0).offer(clock.now())["permit"]),
        str(Permits(courier, 0).offer(clock.now())["permit"]),
        URLSafeTimedSerializer(courier).dumps(30),
        URLSafeTimedSerializer(courier, salt=b"knothole/1 courier token").dumps(30),
    ]
    for token in made:
        assert ask(shared, f"Bearer {token}").status_code == 401


def test_a_token_ends_with_its_days(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    token, now = make_token(shared.config, days=3), clock.now()
    for later, status in ((0, 200), (3 * DAY - 60, 200), (3 * DAY + 1, 401), (-3600, 401)):
        monkeypatch.setattr(clock, "now", lambda later=later: now + later)
        assert ask(shared, f"Bearer {token}").status_code == status


def test_rotation_keeps_the_token_of_one_secret_before(served: Served) -> None:
    def rotate(*extra: str) -> None:
        result = CliRunner().invoke(server, ["rotate-secret", str(served.config.directory), *extra])
        assert result.exit_code == 0

    first = make_token(served.config)
    rotate()
    second = make_token(served.config)
    assert second != first
    wait_for(lambda: ask(served, f"Bearer {second}").status_code == 200)
    assert ask(served, f"Bearer {first}").status_code == 200
    rotate()
    wait_for(lambda: ask(served, f"Bearer {first}").status_code == 401)
    assert ask(served, f"Bearer {second}").status_code == 200
    rotate("--revoke-all")
    wait_for(lambda: ask(served, f"Bearer {second}").status_code == 401)
    third = make_token(served.config)
    assert ask(served, f"Bearer {third}").status_code == 200


def test_a_forgotten_secret_is_gone_from_the_file(config: Config) -> None:
    state = State(config.state)
    secret = state.secrets(COURIER)[0]
    assert secret in config.state.read_bytes()
    state.rotate({COURIER: 0})
    state.close()
    assert all(secret not in path.read_bytes() for path in config.directory.glob("state.db*"))


def test_a_token_prints_alone(config: Config) -> None:
    result = CliRunner().invoke(server, ["courier-token", str(config.directory), "--days", "7"])
    assert result.exit_code == 0
    assert len(result.output.split()) == 1
