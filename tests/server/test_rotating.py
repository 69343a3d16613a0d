"""Secrets are changed under a running server: nothing on its way is lost, and what is void is void at once."""

import io
import json
import os
import socket
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from knothole_keys import clock
from knothole_keys.epoch import DAY
from knothole_keys.errors import KnotholeError
from knothole_server.cli import server
from knothole_server.config import Config
from knothole_server.permits import WINDOW, Permits
from knothole_server.state import COURIER, PERMIT, State
from tests.server.serving import Served, make_token, read_answer, serving, wait_for
from tests.server.test_permits import NOW, refuses
from tests.support.drop import Drop


def call(config: Config, command: str, *options: str) -> Result:
    return CliRunner().invoke(server, [command, str(config.directory), *options])


def done(config: Config, command: str, *options: str) -> str:
    result = call(config, command, *options)
    assert result.exit_code == 0, result.output
    return result.output


def refusal(config: Config, *options: str) -> str:
    result = call(config, "courier-token", *options)
    assert isinstance(result.exception, KnotholeError), result.output
    return str(result.exception)


def rotate(served: Served, *options: str) -> None:
    """Rotate, and wait until the running server signs with the fresh secret."""
    before = served.http.get("/permit").json()["permit"]
    done(served.config, "rotate-secret", *options)
    # In the first moment of a window the permit changes by itself: then this waits for less than it seems to.
    wait_for(lambda: served.http.get("/permit").json()["permit"] != before)


def ask(served: Served, token: str) -> int:
    path = f"/courier/boxes?epoch={served.drop.epoch}"
    return served.http.get(path, headers={"Authorization": f"Bearer {token}"}).status_code


# Rotation under way.


def test_uploads_run_across_rotations_and_none_is_refused(served: Served) -> None:
    stop = threading.Event()

    def upload() -> list[int]:
        codes = []
        while not stop.is_set() and len(codes) < 2:
            box_id = os.urandom(16)
            permit = served.permit(box_id)
            time.sleep(0.3)
            answer = served.http.put(f"/boxes/{served.drop.epoch}/{box_id.hex()}", content=served.fake_box(), headers=permit)
            codes.append(answer.status_code)
        return codes

    with ThreadPoolExecutor(6) as threads:
        running = [threads.submit(upload) for _ in range(6)]
        for _ in range(3):
            rotate(served)
        codes = [code for one in running for code in one.result()]
    assert codes == [201] * 12


def test_a_body_half_sent_when_the_secret_changed_is_stored(served: Served) -> None:
    box_id, data = os.urandom(16), served.fake_box()
    head = [f"PUT /boxes/{served.drop.epoch}/{box_id.hex()} HTTP/1.1", "Host: x", f"Content-Length: {len(data)}"]
    head += [f"{name}: {value}" for name, value in served.permit(box_id).items()]
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as line:
        line.sendall("\r\n".join([*head, "", ""]).encode() + data[:100_000])
        rotate(served)
        line.sendall(data[100_000:])
        assert read_answer(line).startswith(b"HTTP/1.1 201")
    assert served.fetch(box_id).content == data


def test_a_permit_outlives_two_rotations_in_its_twenty_minutes(served: Served) -> None:
    box_id = os.urandom(16)
    permit = served.permit(box_id)
    rotate(served)
    rotate(served)
    answer = served.http.put(f"/boxes/{served.drop.epoch}/{box_id.hex()}", content=served.fake_box(), headers=permit)
    assert answer.status_code == 201


def test_a_permit_outlives_a_rotation_and_a_restart(config: Config, small_drop: Drop) -> None:
    box_id = os.urandom(16)
    with serving(small_drop, config) as first:
        permit = first.permit(box_id)
    done(config, "rotate-secret")
    with serving(small_drop, config) as again:
        answer = again.http.put(f"/boxes/{again.drop.epoch}/{box_id.hex()}", content=again.fake_box(), headers=permit)
    assert answer.status_code == 201


def test_a_retired_secret_makes_no_permit_for_later() -> None:
    old, retired = Permits(b"o" * 32, 0), {b"o" * 32: NOW // WINDOW}
    permits = Permits(b"n" * 32, 0, retired)
    assert not refuses(permits, str(old.offer(NOW)["permit"]), now=NOW)
    assert not refuses(permits, str(old.offer(NOW)["permit"]), now=NOW + WINDOW)
    assert refuses(permits, str(old.offer(NOW)["permit"]), now=NOW + 2 * WINDOW)
    assert refuses(permits, str(old.offer(NOW + WINDOW)["permit"]), now=NOW + WINDOW)


def test_rotation_changes_both_secrets_and_forgets_all_but_one_before(config: Config) -> None:
    state = State(config.state)
    first = {purpose: state.secrets(purpose)[0] for purpose in (PERMIT, COURIER)}
    done(config, "rotate-secret")
    for purpose, secret in first.items():
        assert len(state.secrets(purpose)) == 2
        assert state.secrets(purpose)[0] == secret
    done(config, "rotate-secret")
    for purpose, secret in first.items():
        assert secret not in state.secrets(purpose)
        assert secret not in config.state.read_bytes()
    state.close()


def test_a_rotation_names_the_tokens_that_are_void_and_those_that_will_be(config: Config) -> None:
    first = make_token(config)[:8]
    said = done(config, "rotate-secret")
    assert f"Void at the next rotation: {first}." in said
    assert "Void from now on" not in said
    second = make_token(config)[:8]
    said = done(config, "rotate-secret")
    assert f"Void from now on: {first}." in said
    assert f"Void at the next rotation: {second}." in said
    third = make_token(config)[:8]
    said = done(config, "rotate-secret", "--revoke-all")
    assert all(one in said for one in ("Void from now on: ", second, third))
    assert "Void at the next rotation" not in said


def test_a_rotation_at_a_terminal_names_what_it_makes_void_and_asks(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def at_terminal(answer: str, *options: str) -> Result:
        class Terminal(io.BytesIO):
            def isatty(self) -> bool:
                return True

        return CliRunner().invoke(server, ["rotate-secret", str(config.directory), *options], input=Terminal(answer.encode()))

    old = make_token(config)[:8]
    done(config, "rotate-secret")
    new = make_token(config)[:8]
    before = config.state.read_bytes()
    said = at_terminal("n\n")
    assert said.exit_code == 1
    assert f"void at once: {old}." in said.output
    assert new not in said.output
    assert f"void at once: {old}, {new}." in at_terminal("\n", "--revoke-all").output.replace(f"{new}, {old}", f"{old}, {new}")
    assert config.state.read_bytes() == before, "who says no changes nothing"
    said = at_terminal("", "--yes")
    assert said.exit_code == 0
    assert "?" not in said.output
    assert f"void at once: {new}." in at_terminal("y\n").output
    assert "makes no courier's token void." in at_terminal("y\n").output
    # A script has no terminal, and is asked nothing: as ever.
    assert "?" not in done(config, "rotate-secret")


def test_status_warns_of_a_token_in_its_last_week_and_of_no_other(config: Config) -> None:
    ending, _, lasting = (make_token(config, days=days)[:8] for days in (7, 8, 30))
    (warned,) = json.loads(done(config, "status", "--json"))["warnings"]
    assert (warned["kind"], warned["id"], warned["until"]) == ("token", ending, clock.day_of(clock.now() + 7 * DAY))
    said = done(config, "status")
    assert f"The courier's token {ending} ends on {warned['until']}" in said
    assert lasting not in said


# Tokens, one by one.


def test_a_token_begins_with_its_id_and_the_list_shows_ids_and_days_and_no_token(config: Config) -> None:
    made = [done(config, "courier-token", "--days", str(days)).strip() for days in (7, 30)]
    printed = done(config, "courier-token", "--list")
    today, later = clock.day_of(clock.now()), clock.day_of(clock.now() + 30 * DAY)
    for token in made:
        assert token[:8] in printed
        assert token[8] == "-"
        assert token.split(".")[2] not in printed
    assert printed.count(today) == 2
    assert later in printed


def test_the_list_of_no_tokens_says_so_and_leaves_expired_ones_out(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No courier token" in done(config, "courier-token", "--list")
    done(config, "courier-token", "--days", "2")
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 4 * DAY)
    assert "No courier token" in done(config, "courier-token", "--list")


def test_a_revoked_token_is_refused_at_once_and_the_others_are_not(served: Served) -> None:
    lost, kept = make_token(served.config), make_token(served.config)
    assert (ask(served, lost), ask(served, kept)) == (200, 200)
    done(served.config, "courier-token", "--revoke", lost[:8])
    assert ask(served, lost) == 401
    assert ask(served, kept) == 200
    assert lost[:8] not in done(served.config, "courier-token", "--list")


def test_a_new_token_is_good_at_once(served: Served) -> None:
    assert ask(served, make_token(served.config)) == 200


def test_revocation_survives_rotation_and_restart(served: Served, small_drop: Drop) -> None:
    lost, kept = make_token(served.config), make_token(served.config)
    done(served.config, "courier-token", "--revoke", lost[:8])
    rotate(served)
    assert (ask(served, lost), ask(served, kept)) == (401, 200)
    assert kept[:8] in done(served.config, "courier-token", "--list")
    rotate(served)
    assert (ask(served, lost), ask(served, kept)) == (401, 401)
    assert kept[:8] not in done(served.config, "courier-token", "--list")


def test_revoking_all_empties_the_list(served: Served) -> None:
    token = make_token(served.config)
    rotate(served, "--revoke-all")
    assert ask(served, token) == 401
    assert "No courier token" in done(served.config, "courier-token", "--list")


def test_a_token_that_is_signed_but_was_never_listed_is_refused(served: Served, tmp_path: Path) -> None:
    copied = tmp_path / "copied.db"
    copied.write_bytes(served.config.state.read_bytes())
    # Whoever seized a copy of the disk can sign, and the server knows nothing of it.
    forged = make_token(Config(tmp_path)) if (copied.rename(tmp_path / "state.db")) else ""
    assert ask(served, forged) == 401


def test_revoking_what_is_not_there_changes_nothing(config: Config) -> None:
    kept = make_token(config)
    assert "--list" in refusal(config, "--revoke", kept[:8], "--revoke", "00000000")
    assert kept[:8] in done(config, "courier-token", "--list")


def test_a_whole_token_given_for_its_id_is_not_repeated(config: Config) -> None:
    token = make_token(config)
    said = refusal(config, "--revoke", token)
    assert "eight characters" in said
    assert token not in said
    assert token[:8] in done(config, "courier-token", "--list")


def test_list_and_revoke_together_are_wrong_usage(config: Config) -> None:
    assert call(config, "courier-token", "--list", "--revoke", "00000000").exit_code == 2


def test_a_database_of_the_first_version_goes_on(config: Config, small_drop: Drop) -> None:
    with sqlite3.connect(config.state) as db:
        db.execute("drop table tokens")
        db.execute("update settings set value = 1 where name = 'schema'")
    assert json.loads(done(config, "status", "--json"))["sealing"] is True
    with serving(small_drop, config) as served:
        assert ask(served, make_token(config)) == 200
