"""Publishing: only what the administrators signed, only forwards, roots and roster together or not at all."""

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from knothole_keys import clock, epoch, note, xwing
from knothole_keys.epoch import DAY
from knothole_keys.errors import KnotholeError
from knothole_keys.recipient import Recipient
from knothole_server.cli import server
from knothole_server.drop import Drop as OpenDrop
from knothole_server.state import State
from tests.server.serving import Served, lay_out, serving, tree_hash, wait_for
from tests.support.drop import Drop, make_drop


@pytest.fixture
def drop() -> Drop:
    """A drop of its own, because these tests publish in it."""
    return make_drop(recipients=["Ada"], admins=3, threshold=2)


def hand_over(served: Served, roster: bytes, roots: bytes | None = None) -> httpx.Response:
    """PUT /courier/roster."""
    value = {"roots": (roots or served.drop.chain_bytes).decode(), "roster": roster.decode()}
    return served.http.put("/courier/roster", json=value, headers=served.bearer)


def test_a_courier_publishes_the_next_roster(drop: Drop, tmp_path: Path) -> None:
    with serving(drop, lay_out(tmp_path, drop)) as served:
        first = drop.roster_bytes
        drop.issue()
        assert hand_over(served, drop.roster_bytes).status_code == 200
        assert served.http.get("/roster").content == drop.roster_bytes
        assert served.http.get("/rosters/1").content == first
        assert served.http.get("/rosters/2").content == drop.roster_bytes
        for nowhere in ("3", "0", "01", "x", "9" * 30):
            assert served.http.get(f"/rosters/{nowhere}").status_code == 404
        # The same once more is no error: couriers try again.
        assert hand_over(served, drop.roster_bytes).status_code == 200


def bad_key(drop: Drop) -> bytes:
    # An unreduced ML-KEM coefficient: signed, well-formed, and nobody can seal to it.
    one = next(iter(drop.recipients.values()))
    week, key = next((week, key) for week, key in one.epochs.items() if week >= drop.epoch)
    drop.recipients[one.id] = Recipient(one.id, one.key, one.name, one.note, {**one.epochs, week: b"\xff" * 3 + key[3:]})
    return drop.draft_roster().note.data


def zero_key(drop: Drop) -> bytes:
    one = next(iter(drop.recipients.values()))
    broken = {week: key[: xwing.MLKEM_PUBLIC] + bytes(32) for week, key in one.epochs.items()}
    # Distinct keys: the ML-KEM halves differ.
    drop.recipients[one.id] = Recipient(one.id, one.key, one.name, one.note, broken)
    return drop.draft_roster().note.data


def older(drop: Drop) -> bytes:
    first = drop.roster_bytes
    drop.issue()
    return first


def tampered(drop: Drop) -> bytes:
    return drop.draft_roster().note.data.replace(b'"name":"Ada"', b'"name":"Eve"')


def fork(drop: Drop) -> bytes:
    """A second roster that follows another first one."""
    kept = list(drop.rosters)
    drop.rosters[:] = [drop.draft_roster(version=1, days=13)]
    forked = drop.draft_roster(version=2)
    drop.rosters[:] = kept
    return forked.note.data


BAD: dict[str, tuple[str, Callable[[Drop], bytes]]] = {
    "older version": ("RosterRollback", older),
    "same version, another text": ("RosterFork", lambda d: d.draft_roster(version=1, days=13).note.data),
    "does not continue": ("RosterFork", fork),
    "one signature too few": ("NotEnoughSignatures", lambda d: d.draft_roster(signers=1).note.data),
    "tampered": ("BadSignature", tampered),
    "another drop": ("WrongDrop", lambda d: make_drop(recipients=["Ada"]).roster_bytes),
    "from the future": ("RosterFromFuture", lambda d: d.draft_roster(now=d.now + 3 * DAY).note.data),
    "expired": ("RosterExpired", lambda d: d.draft_roster(days=1).note.data),
    "malformed key": ("BadRecipientKey", bad_key),
    "all-zero X25519 key": ("BadRecipientKey", zero_key),
    "a root": ("MalformedRoster", lambda d: d.chain.roots[0].note.data),
    "no note": ("MalformedNote", lambda d: b"hello"),
    "empty": ("MalformedNote", lambda d: b""),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_roster_changes_nothing(drop: Drop, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    error, make = BAD[name]
    with serving(drop, lay_out(tmp_path, drop)) as served:
        roster = make(drop)
        if name == "older version":
            assert hand_over(served, drop.roster_bytes).status_code == 200
        if name == "expired":
            now = clock.now()
            monkeypatch.setattr(clock, "now", lambda: now + DAY + 1)
        shown = served.http.get("/roster").content
        before = tree_hash(served.config.directory)
        answer = hand_over(served, roster)
        assert (answer.status_code, answer.json()["error"]) == (400, error)
        assert served.http.get("/roster").content == shown
        assert tree_hash(served.config.directory) == before
        # The command refuses the same, by the same rules.
        (tmp_path / "roster.note").write_bytes(roster)
        result = CliRunner().invoke(server, ["publish", str(served.config.directory), str(tmp_path / "roster.note")])
        assert type(result.exception).__name__ == error
        assert tree_hash(served.config.directory) == before


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"roots": "x"}',
        b'{"roots": 1, "roster": 2}',
        b'{"roots":"","roster":"","more":""}',
        b"\xff{",
        b'{"roots":"\\ud800","roster":"\\ud800"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_publication_is_refused(shared: Served, value: bytes) -> None:
    before = tree_hash(shared.config.directory)
    answer = shared.http.put("/courier/roster", content=value, headers=shared.bearer)
    assert answer.status_code == 400
    assert tree_hash(shared.config.directory) == before


def test_a_running_server_switches_to_what_the_command_published(drop: Drop, tmp_path: Path) -> None:
    config = lay_out(tmp_path, drop, roster=False)
    with serving(drop, config) as served:
        assert served.http.get("/roster").status_code == 404
        refused = served.put(os.urandom(16), served.fake_box())
        assert (refused.status_code, refused.json()["error"]) == (503, "sealing_off")
        (tmp_path / "roster.note").write_bytes(drop.roster_bytes)
        result = CliRunner().invoke(server, ["publish", str(config.directory), str(tmp_path / "roster.note")])
        assert result.exit_code == 0, result.output
        wait_for(lambda: served.http.get("/roster").content == drop.roster_bytes)
        assert served.put(os.urandom(16), served.fake_box()).status_code == 201


def test_roots_and_roster_change_together(drop: Drop, tmp_path: Path) -> None:
    with serving(drop, lay_out(tmp_path, drop)) as served:
        old_chain, old_roster = drop.chain_bytes, drop.roster_bytes
        drop.rotate_root()
        new_roster = drop.draft_roster().note.data
        before = tree_hash(served.config.directory)
        # The new roster under the old roots, the new roots with the old roster, no roots at all.
        for roots, roster in ((old_chain, new_roster), (drop.chain_bytes, old_roster), (b"x", new_roster)):
            assert hand_over(served, roster, roots).status_code == 400
            assert tree_hash(served.config.directory) == before
            assert served.http.get("/roots").content == old_chain
        assert hand_over(served, new_roster, drop.chain_bytes).status_code == 200
        assert served.http.get("/roots").content == drop.chain_bytes
        assert served.http.get("/roster").content == new_roster
        # From then on the old chain is a rollback.
        assert hand_over(served, new_roster, old_chain).json()["error"] == "BrokenChain"
    with serving(drop, served.config) as again:
        assert again.http.get("/roster").content == new_roster


def test_another_history_of_the_same_drop_is_refused(drop: Drop, tmp_path: Path) -> None:
    with serving(drop, lay_out(tmp_path, drop)) as served:
        first = drop.chain
        drop.rotate_root()
        assert hand_over(served, drop.draft_roster().note.data, drop.chain_bytes).status_code == 200
        drop.chain = first
        drop.rotate_root(now=drop.now + 1)
        answer = hand_over(served, drop.draft_roster().note.data, drop.chain_bytes)
        assert (answer.status_code, answer.json()["error"]) == (400, "BrokenChain")


def test_a_box_size_changes_with_its_week(drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(drop, lay_out(tmp_path, drop)) as served:
        drop.rotate_root(size=2**19)
        roster = drop.issue()
        assert hand_over(served, roster.note.data, drop.chain_bytes).status_code == 200
        served.drop = drop
        assert served.put(os.urandom(16), served.fake_box()).status_code == 201
        next_week = drop.geometry(drop.epoch + 1)
        box = next_week.prefix + bytes(next_week.size - 16)
        monkeypatch.setattr(clock, "now", lambda: epoch.end(drop.epoch) + 60)
        assert served.put(os.urandom(16), box, epoch=drop.epoch + 1).status_code == 201
        assert served.put(os.urandom(16), box, epoch=drop.epoch).status_code == 413


def test_stored_notes_are_verified_again_at_the_start(drop: Drop, tmp_path: Path) -> None:
    config = lay_out(tmp_path, drop)
    evil = drop.roster_bytes.replace(b'"name":"Ada"', b'"name":"Eve"')
    with sqlite3.connect(config.state) as db:
        db.execute("update rosters set note = ?", [evil])
    with pytest.raises(KnotholeError):
        State(config.state).published()
    with pytest.raises(KnotholeError):
        OpenDrop(config)
    # Nothing is left locked or open by the attempt.
    with sqlite3.connect(config.state) as db:
        db.execute("update rosters set note = ?", [drop.roster_bytes])
    OpenDrop(config).close()


def test_an_empty_roster_turns_sealing_off(drop: Drop, tmp_path: Path) -> None:
    with serving(drop, lay_out(tmp_path, drop)) as served:
        drop.recipients.clear()
        assert hand_over(served, drop.issue().note.data).status_code == 200
        assert served.put(os.urandom(16), served.fake_box()).json()["error"] == "sealing_off"


def test_signed_json_stays_as_it_was_signed(drop: Drop, tmp_path: Path) -> None:
    with serving(drop, lay_out(tmp_path, drop)) as served:
        parsed: Any = json.loads(note.parse(served.http.get("/roster").content).text)
        assert parsed["version"] == 1
        assert served.http.get("/roots").content == drop.chain_bytes
