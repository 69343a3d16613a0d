"""What an audit makes of roots and rosters: a table of histories, and the folder that must neither rot nor forget."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from knothole_client.audit import cli
from knothole_client.audit.findings import CODES, EXITS
from knothole_keys import clock
from knothole_keys.epoch import DAY
from knothole_keys.root import Chain, fingerprint
from knothole_keys.roster import Roster
from tests.client.altering import codes, command
from tests.client.pretending import Pretender
from tests.client.served import QUICK, Asked, Reply, lie
from tests.support.drop import Drop, make_drop

NOW = 1_795_500_000
DOCS = Path(__file__).parents[2] / "docs" / "courier.md"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, turn: Callable[[int], None]) -> None:
    monkeypatch.setattr(cli, "PATIENCE", QUICK)
    turn(NOW)


def drop_of(weeks: int = 30) -> Drop:
    return make_drop(recipients=["Ada"], admins=3, threshold=2, weeks=weeks, now=NOW)


def look(drop: Drop, server: Pretender, folder: Path) -> tuple[int, list[str]]:
    with lie(server) as (url, _):
        arguments = ["courier", "audit", url, "--root", fingerprint(drop.drop_id), "--state", folder]
        code, out, err = command(*arguments, "--json")
    report: dict[str, Any] = json.loads(out) if out else {"findings": [{"code": err}]}
    return code, codes(report)


def branch(drop: Drop) -> Drop:
    """The same administrators going on another way."""
    return replace(drop, rosters=list(drop.rosters))


def shown(drop: Drop, *older: Roster) -> Pretender:
    return Pretender(drop.chain, drop.roster, *older)


def history(name: str) -> tuple[Drop, list[Pretender]]:
    """A drop, what an auditing machine is shown first, and then."""
    drop = drop_of()
    first = shown(drop)
    if name == "the same":
        return drop, [first, shown(drop)]
    if name == "the next roster":
        drop.issue(now=NOW + 1)
        return drop, [first, shown(drop)]
    if name == "two rosters on, the one between is shown":
        between = drop.issue(now=NOW + 1)
        drop.issue(now=NOW + 2)
        return drop, [first, shown(drop, between)]
    if name == "two rosters on, the one between is withheld":
        drop.issue(now=NOW + 1)
        drop.issue(now=NOW + 2)
        return drop, [first, shown(drop)]
    if name == "an older roster":
        drop.issue(now=NOW + 1)
        return drop, [shown(drop), first]
    if name == "another roster of the same number":
        fork = branch(drop)
        fork.rosters.pop()
        fork.issue(now=NOW + 1)
        return drop, [first, shown(fork)]
    if name == "a next roster that continues another":
        fork = branch(drop)
        fork.rosters.pop()
        fork.issue(now=NOW + 1)
        fork.issue(now=NOW + 2)
        return drop, [first, shown(fork)]
    if name == "a roster two on that continues another, with the one between":
        fork = branch(drop)
        fork.rosters.pop()
        fork.issue(now=NOW + 1)
        between = fork.issue(now=NOW + 2)
        fork.issue(now=NOW + 3)
        return drop, [first, shown(fork, between)]
    if name == "one between that the newest does not continue":
        fork = branch(drop)
        between = fork.issue(now=NOW + 5)
        drop.issue(now=NOW + 1)
        drop.issue(now=NOW + 2)
        return drop, [first, shown(drop, between)]
    if name == "one between of another number":
        drop.issue(now=NOW + 1)
        drop.issue(now=NOW + 2)
        server = shown(drop)
        server.older["/rosters/2"] = drop.roster.note.data
        return drop, [first, server]
    if name == "one between that one administrator signed":
        between = drop.issue(now=NOW + 1, signers=1)
        drop.issue(now=NOW + 2)
        return drop, [first, shown(drop, between)]
    if name == "one administrator's roster":
        drop.issue(now=NOW + 1, signers=1)
        return drop, [first, shown(drop)]
    if name == "a roster from the future":
        drop.issue(now=NOW + 3 * DAY)
        return drop, [first, shown(drop)]
    if name == "a roster issued before the one before":
        drop.issue(now=NOW - DAY)
        return drop, [first, shown(drop)]
    if name == "an expired roster":
        drop = make_drop(recipients=["Ada"], now=NOW - 20 * DAY)
        return drop, [shown(drop)]
    if name == "a roster that soon expires":
        drop = make_drop(recipients=["Ada"], now=NOW - 10 * DAY)
        return drop, [shown(drop)]
    if name == "readers whose keys end":
        drop = drop_of(weeks=1)
        return drop, [shown(drop)]
    if name == "the next root":
        drop.rotate_root(now=NOW + 1)
        drop.issue(now=NOW + 1)
        return drop, [first, shown(drop)]
    if name == "the next root, and a roster of the earlier one between":
        between = drop.issue(now=NOW + 1)
        drop.rotate_root(now=NOW + 2)
        drop.issue(now=NOW + 2)
        return drop, [first, shown(drop, between)]
    if name == "a root fewer":
        fewer = drop.chain
        drop.rotate_root(now=NOW + 1)
        drop.issue(now=NOW + 1)
        back = Chain(fewer.roots)
        return drop, [shown(drop), Pretender(back, drop.rosters[0])]
    if name == "another second root":
        fork = branch(drop)
        fork.rotate_root(now=NOW + 2)
        fork.issue(now=NOW + 2)
        drop.rotate_root(now=NOW + 1)
        drop.issue(now=NOW + 1)
        return drop, [shown(drop), shown(fork)]
    if name == "a root from the future":
        drop.rotate_root(now=NOW + 3 * DAY)
        drop.issue(now=NOW + 1)
        return drop, [first, shown(drop)]
    if name == "another drop":
        return drop, [shown(drop_of())]
    if name == "a page with the name of an earlier root":
        server = Pretender(drop.chain, drop.roster)
        drop.rotate_root(now=NOW + 1)
        drop.issue(now=NOW + 1)
        server.roots, server.roster = drop.chain.data, drop.roster.note.data
        return drop, [server]
    raise AssertionError(name)


HISTORIES: dict[str, list[str]] = {
    "the same": [],
    "the next roster": [],
    "two rosters on, the one between is shown": [],
    "two rosters on, the one between is withheld": ["roster_gap"],
    "an older roster": ["roster_rollback"],
    "another roster of the same number": ["roster_fork"],
    "a next roster that continues another": ["roster_fork"],
    "a roster two on that continues another, with the one between": ["roster_fork"],
    "one between that the newest does not continue": ["roster_fork"],
    "one between of another number": ["roster_unreadable"],
    "one between that one administrator signed": ["roster_unsigned"],
    "one administrator's roster": ["roster_unsigned"],
    "a roster from the future": ["roster_from_future"],
    "a roster issued before the one before": ["roster_rollback"],
    "an expired roster": ["roster_expired"],
    "a roster that soon expires": ["roster_near_expiry"],
    "readers whose keys end": ["keys_near_end"],
    "the next root": [],
    "the next root, and a roster of the earlier one between": [],
    "a root fewer": ["roots_rollback", "roster_rollback"],
    "another second root": ["roots_fork", "roster_fork"],
    "a root from the future": ["root_from_future"],
    "another drop": ["wrong_drop"],
    "a page with the name of an earlier root": [],
}


@pytest.mark.parametrize(
    ("name", "kept"), [("a roster that soon expires", False), ("an expired roster", True), ("a roster from the future", True)]
)
def test_evidence_is_named_when_some_was_kept_and_not_otherwise(name: str, kept: bool, tmp_path: Path):
    drop, servers = history(name)
    with lie(servers[-1]) as (url, _):
        out = command("courier", "audit", url, "--root", fingerprint(drop.drop_id), "--state", tmp_path)[1]
    assert (tmp_path / "evidence").exists() == kept
    assert (f"is kept in {tmp_path / 'evidence'}" in out) == kept
    assert "docs/courier.md" in out


@pytest.mark.parametrize("name", ["an expired roster", "an expired root"])
def test_what_is_over_is_said_with_this_machines_date(name: str, tmp_path: Path, turn: Callable[[int], None]):
    drop = drop_of()
    now = NOW + (366 if name == "an expired root" else 20) * DAY
    turn(now)
    with lie(shown(drop)) as (url, _):
        out = command("courier", "audit", url, "--root", fingerprint(drop.drop_id), "--state", tmp_path)[1]
    (line,) = [one for one in out.splitlines() if one.startswith(f"alarm {name.split()[-1]}_expired")]
    assert f"if this machine's date, {clock.day_of(now)}, is right; else set its clock (UTC)" in line


@pytest.mark.parametrize("name", HISTORIES)
def test_histories(name: str, tmp_path: Path):
    drop, servers = history(name)
    for server in servers[:-1]:
        assert look(drop, server, tmp_path)[0] == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    expected = HISTORIES[name]
    code, found = look(drop, servers[-1], tmp_path)
    assert found == expected
    severities = {CODES[one][0] for one in expected}
    assert code == (1 if "alarm" in severities else 3 if severities else 0)
    if "alarm" in severities and expected != ["roster_expired"]:
        # An alarm changes nothing of what is known, so that it is found again, and keeps what it is about.
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before | (
            {".audit": b""} if not before else {}
        )
        assert look(drop, servers[-1], tmp_path) == (1, expected)
        assert list((tmp_path / "evidence").glob(f"*{expected[0]}*"))
    if expected == ["roster_gap"]:
        # Told once: the hash of the one that is missing is known by its successor.
        assert look(drop, servers[-1], tmp_path) == (0, [])
        assert "\nroster 2 " in (tmp_path / "seen").read_text()


@pytest.mark.parametrize(
    ("days", "expected"),
    [(330, ["root_near_expiry", "keys_near_end"]), (365, ["root_expired", "keys_near_end"])],
)
def test_roots_run_out(days: int, expected: list[str], tmp_path: Path, turn: Callable[[int], None]):
    drop = drop_of()
    drop.issue(now=NOW + (days - 5) * DAY)
    turn(NOW + days * DAY + 1)
    assert look(drop, shown(drop), tmp_path)[1] == expected


def test_a_server_that_does_not_answer_is_neither_well_nor_an_alarm(tmp_path: Path):
    drop = drop_of()
    arguments = ["courier", "audit", "http://127.0.0.1:9", "--root", fingerprint(drop.drop_id), "--state", tmp_path]
    code, out, _ = command(*arguments)
    assert code == EXITS["unknown"] == 4
    assert re.match(r"unknown unreachable: /[a-z-]* did not come", out)


@pytest.mark.whole
def test_a_server_that_a_proxy_says_is_away_is_neither_well_nor_an_alarm(tmp_path: Path):
    drop = drop_of()
    arguments = ["--root", fingerprint(drop.drop_id), "--state", tmp_path, "--json"]
    for status in (502, 503):
        away = (status, b"<html>Bad Gateway", {"Content-Type": "text/html", "Server": "nginx"})
        with lie(lambda asked, away=away: away) as (url, asked):
            code, out, _ = command("courier", "audit", url, *arguments)
        assert (code, codes(json.loads(out))) == (4, ["unreachable"])
        # Whether a 503 is the server's own shows by its lists, which are asked for once.
        paths = [one.path for one in asked if one.path != "/roots"]
        assert len(set(paths)) == 1, "what follows would wait as long again"
        assert len(asked) - len(paths) == (1 if status == 503 else 0)


@pytest.mark.whole
@pytest.mark.parametrize("path", ["/page.js", "/roots", "/roster", "/boxes/missing", "/permit", "/courier/boxes", "/board"])
def test_one_answer_that_a_proxy_gives_alone_is_unreachable_and_no_more(path: str, tmp_path: Path):
    drop = drop_of()
    server = shown(drop)
    token = tmp_path / "token"
    token.write_text("a.token.here")

    def answer(asked: Asked) -> Reply:
        if asked.path.startswith(path):
            return 502, b"", {}
        return (200, b"", {}) if asked.path.startswith(("/courier/", "/board")) else server(asked)

    with lie(answer) as (url, _):
        arguments = ["courier", "audit", url, "--root", fingerprint(drop.drop_id), "--state", tmp_path / "state", "--json"]
        more = ["--token-file", token] if path in ("/courier/boxes", "/board") else []
        code, out, _ = command(*arguments, *more)
    assert (code, set(codes(json.loads(out)))) == (4, {"unreachable"})


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_page_refused_beside_lists_that_are_served_is_a_warning_of_its_own(status: int, tmp_path: Path):
    drop = drop_of()
    server = shown(drop)
    with lie(lambda asked: (status, b"no", {}) if asked.path == "/" else server(asked)) as (url, _):
        arguments = ["courier", "audit", url, "--root", fingerprint(drop.drop_id), "--state", tmp_path, "--json"]
        code, out, _ = command(*arguments)
    found = [one for one in json.loads(out)["findings"] if not one["code"].startswith("header_")]
    assert [(one["code"], one["severity"]) for one in found] == [("page_refused", "warning")]
    assert f"code {status}" in found[0]["sentence"]
    if status == 503:
        assert code == EXITS["warning"]
    # The lists were looked at and are remembered all the same.
    assert json.loads(out)["seen"]["roster"]["version"] == 1
    assert "\nroster 1 " in (tmp_path / "seen").read_text()


def test_a_page_that_a_proxy_refuses_or_that_leads_elsewhere_is_no_mere_warning(tmp_path: Path):
    drop = drop_of()
    server = shown(drop)
    for status, expected in ((502, "unreachable"), (504, "unreachable"), (302, "answer_foreign")):
        with lie(lambda asked, status=status: (status, b"", {}) if asked.path == "/" else server(asked)) as (url, _):
            folder = tmp_path / str(status)
            arguments = ["courier", "audit", url, "--root", fingerprint(drop.drop_id), "--state", folder, "--json"]
            _, out, _ = command(*arguments)
        assert expected in codes(json.loads(out))
        assert "page_refused" not in codes(json.loads(out))


@pytest.mark.whole
def test_a_roster_whose_root_does_not_come_is_not_called_unsound(tmp_path: Path):
    drop = drop_of()
    assert look(drop, shown(drop), tmp_path)[0] == 0
    drop.rotate_root(now=NOW + 1)
    drop.issue(now=NOW + 1)
    server = shown(drop)
    with lie(lambda asked: (503, b"", {}) if asked.path == "/roots" else server(asked)) as (url, _):
        arguments = ["courier", "audit", url, "--root", fingerprint(drop.drop_id), "--state", tmp_path, "--json"]
        code, out, _ = command(*arguments)
    assert (code, codes(json.loads(out))) == (4, ["unreachable"])


def test_one_asset_that_does_not_come_is_named_and_an_alarm_elsewhere_counts_more(tmp_path: Path):
    drop = drop_of()
    server = shown(drop)

    def answer(asked: Asked) -> Reply:
        if asked.path == "/page.js":
            return 503, b"{}", {}
        status, body, headers = server(asked)
        return status, body, {} if asked.path == "/page.css" else headers

    with lie(answer) as (url, _):
        code, out, _ = command("courier", "audit", url, "--root", fingerprint(drop.drop_id), "--state", tmp_path)
    assert code == 1
    assert "unknown unreachable: /page.js" in out
    assert "alarm header_missing" in out


DAMAGE: dict[str, Callable[[Path], object]] = {
    "seen, a byte": lambda folder: flip(folder / "seen"),
    "seen, cut": lambda folder: (folder / "seen").write_bytes((folder / "seen").read_bytes()[:-9]),
    "seen, empty": lambda folder: (folder / "seen").write_bytes(b""),
    "seen, gone": lambda folder: (folder / "seen").unlink(),
    "roots, a byte": lambda folder: flip(folder / "roots"),
    "roots, gone": lambda folder: (folder / "roots").unlink(),
    "roster, a byte": lambda folder: flip(folder / "roster.note"),
    "roster, gone": lambda folder: (folder / "roster.note").unlink(),
}


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_state_is_one_sentence_and_never_begun_anew(name: str, tmp_path: Path):
    drop = drop_of()
    assert look(drop, shown(drop), tmp_path)[0] == 0
    DAMAGE[name](tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    with lie(shown(drop)) as (url, asked):
        code, out, err = command("courier", "audit", url, "--root", fingerprint(drop.drop_id), "--state", tmp_path)
    assert (code, out, asked) == (1, "", [])
    assert str(tmp_path) in err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_the_state_of_another_drop_is_refused(tmp_path: Path):
    drop, other = drop_of(), drop_of()
    assert look(drop, shown(drop), tmp_path)[0] == 0
    assert "belongs to" in look(other, shown(other), tmp_path)[1][0]


def test_every_code_has_its_line_in_the_guide():
    text = DOCS.read_text("utf-8")
    assert [code for code in CODES if f"`{code}`" not in text] == []
