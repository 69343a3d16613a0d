"""The custody log: whatever is changed, dropped, put in or cut off shows; acts write it, and never stop for it."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from knothole_client.desk import custody, database, vault
from knothole_client.desk.custody import ENTRY, HEAD, Custody, anchor_text, read_anchor
from knothole_client.desk.vault import Vault
from knothole_keys import clock
from knothole_keys.cli import passphrase, run
from knothole_keys.errors import Refused
from tests.desk.conftest import NOW, PASSPHRASE, Desk
from tests.support.drop import Drop, Sent, seal_submission, write_out

ID = "ab" * 32


@pytest.fixture
def held(desk: Desk) -> Iterator[Vault]:
    """A vault with a log of five entries, held for a change."""
    with vault.opened(desk.path, PASSPHRASE, change=True) as one:
        for number in range(5):
            with one.changing():
                Custody(one.records).write("opened", ID, NOW + 60 * number, "Ada", f"{number}")
        yield one


def rewrite(one: Vault, which: int, **changes: object) -> None:
    value = one.records.get(ENTRY, str(which))
    assert value is not None
    one.records.put(ENTRY, str(which), {**value, **changes})


def cut_to(one: Vault, count: int) -> None:
    """As who has the key cuts the end off, the head that the vault keeps included."""
    for number in range(count + 1, 6):
        one.records.remove(ENTRY, str(number))
    last = one.records.get(ENTRY, str(count))
    assert last is not None
    one.records.put(HEAD, "", {"count": count, "hash": last["hash"]})


def retell(one: Vault, number: int) -> None:
    """As who has the key tells the log anew from one entry on, hashes and head included."""
    entries = Custody(one.records).entries()
    cut_to(one, number - 1)
    for entry in entries[number - 1 :]:
        Custody(one.records).write(entry.what, entry.about, NOW, entry.by, "told otherwise")


def test_it_is_whole_and_says_who_when_and_what(held: Vault) -> None:
    log = Custody(held.records)
    log.check()
    assert [(one.number, one.when, one.by, one.what, one.about) for one in log.entries()][:2] == [
        (1, "2026-11-25T00:00Z", "Ada", "opened", ID),
        (2, "2026-11-25T00:01Z", "Ada", "opened", ID),
    ]
    assert log.head() == (5, log.entries()[-1].hash)
    assert log.entries("cd" * 32) == []


def rewrite_by_itself(one: Vault, which: int) -> None:
    """As who has the key writes one entry anew, with the hash that it must have, and none after it."""
    entries = Custody(one.records).entries()
    told = replace(entries[which - 1], detail="told otherwise")
    rewrite(one, which, detail=told.detail, hash=told.hash_after(bytes.fromhex(entries[which - 2].hash)).hex())


DAMAGE: dict[str, Callable[[Vault], object]] = {
    "another act": lambda one: rewrite(one, 2, what="noted"),
    "another moment": lambda one: rewrite(one, 2, when="2026-11-24T00:01Z"),
    "another person": lambda one: rewrite(one, 5, by="Bob"),
    "another detail": lambda one: rewrite(one, 1, detail="nothing"),
    "another salt": lambda one: rewrite(one, 3, salt="00" * 16),
    "another hash": lambda one: rewrite(one, 3, hash="00" * 32),
    "another number": lambda one: rewrite(one, 3, number=4),
    "one told anew": lambda one: rewrite_by_itself(one, 3),
    "one gone": lambda one: one.records.remove(ENTRY, "3"),
    "the first gone": lambda one: one.records.remove(ENTRY, "1"),
    "the last gone": lambda one: one.records.remove(ENTRY, "5"),
    "two exchanged": lambda one: (rewrite(one, 2, number=3), rewrite(one, 3, number=2)),
    "one more": lambda one: one.records.put(ENTRY, "6", {**(one.records.get(ENTRY, "5") or {}), "number": 6}),
    "no head": lambda one: one.records.remove(HEAD, ""),
    "an older head": lambda one: one.records.put(HEAD, "", {"count": 4, "hash": Custody(one.records).entries()[3].hash}),
    "none at all": lambda one: [one.records.remove(ENTRY, str(number)) for number in range(1, 6)],
}


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE)
def test_whatever_is_changed_shows(held: Vault, change: Callable[[Vault], object]) -> None:
    change(held)
    with pytest.raises(Refused):
        Custody(held.records).check()


def test_a_rotten_entry_shows_and_the_others_are_listed(held: Vault) -> None:
    place, _ = held.records._where(ENTRY, "2")
    held.records._db.execute("update records set box = zeroblob(400) where place = ?", [place])
    with pytest.raises(Refused, match="Entry 2 of the custody log is missing or damaged"):
        Custody(held.records).check()
    assert [one.number for one in Custody(held.records).entries()] == [1, 3, 4, 5]


@pytest.mark.parametrize("forge", [lambda one: cut_to(one, 3), lambda one: retell(one, 4)], ids=["cut off", "told anew"])
def test_what_the_key_can_forge_shows_against_a_head_on_paper_alone(held: Vault, forge: Callable[[Vault], None]) -> None:
    log = Custody(held.records)
    early, late = (2, log.entries()[1].hash), log.head()
    forge(held)
    log.check()
    log.check(early)
    with pytest.raises(Refused, match="copied"):
        log.check(late)


def test_the_same_acts_have_another_head_in_another_vault(held: Vault, drop: Drop, tmp_path: Path) -> None:
    other = Desk(tmp_path / "other", drop)
    with other.opened() as (one, _), one.changing():
        Custody(one.records).write("opened", ID, NOW, "Ada", "0")
        assert Custody(one.records).entries()[0].said == Custody(held.records).entries()[0].said
        assert Custody(one.records).head()[1] != Custody(held.records).entries()[0].hash


def test_a_head_is_read_from_paper_as_people_write() -> None:
    head = "0123456789abcdef" * 4
    text = anchor_text(42, head)
    for written in (text, text.upper(), f"42 {head}", f" 42  {head[:30]} {head[30:]} "):
        assert read_anchor(written) == (42, head)
    for wrong in ("", "42", head, f"42 {head[1:]}", f"0 {head}", f"-3 {head}", f"42 {head[:-1]}g", f"٤٢ {head}"):
        with pytest.raises(Refused, match="no head of a custody log"):
            read_anchor(wrong)


@pytest.fixture
def command(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs a desk command on the vault: what it printed as JSON, and what it said on stderr."""
    (tmp_path / "passphrase").write_bytes(PASSPHRASE.passphrase)
    monkeypatch.setenv(passphrase.VARIABLE, str(tmp_path / "passphrase"))
    monkeypatch.setattr(clock, "now", lambda: NOW)

    def ran(name: str, *arguments: str | Path, code: int = 0, as_json: bool = True):
        capsys.readouterr()
        assert run(["desk", name, str(desk.path), *map(str, arguments), *(["--json"] if as_json else [])]) == code
        out, error = capsys.readouterr()
        return (json.loads(out) if as_json and out else out), error

    return ran


@pytest.fixture
def sent(desk: Desk, drop: Drop, tmp_path: Path) -> Sent:
    made = seal_submission(drop, "hello CANARY-in-message", {"CANARY-name.txt": b"hello"})
    write_out(tmp_path / "carried", drop, made.boxes)
    return made


def test_every_act_is_logged_without_a_word_of_the_source(command, sent: Sent, tmp_path: Path) -> None:
    name = sent.id.hex()
    command("import", tmp_path / "carried")
    command("list")
    assert command("show", name[:9])[0]["logged"]
    command("mark", name, "--star", "--state", "triage", "--label", "CANARY-label")
    command("note", name, "-m", "CANARY-note")
    (tmp_path / "sums").mkdir()
    assert command("export", name, "--out", tmp_path / "sums")[0]["logged"]
    command("reply", name, "-m", "CANARY-answer")
    command("slots", "-o", tmp_path / "slots")
    told, error = command("log")
    said = [(one["what"], one["about"], one["detail"]) for one in told["entries"]]
    assert [what for what, _, _ in said] == [
        "imported", "opened", "marked", "noted", "exported", "exported", "answered", "sent",
    ]  # fmt: skip
    assert said[0] == ("imported", "", "1 box, 1 new submission")
    assert said[2] == ("marked", name, "star, labels, state triage")
    assert said[4] == ("exported", name, "begun")
    assert said[5][2].startswith("1 file whole, 0 not; SHA256SUMS ")
    assert said[6][1] == sent.thread.thread.hex()
    assert {about for _, about, _ in said} == {"", name, sent.thread.thread.hex()}
    assert {one["by"] for one in told["entries"]} == {"Ada"}
    assert "CANARY" not in json.dumps(told)
    assert error == ""
    assert len(command("log", "--about", name[:6])[0]["entries"]) == 5
    assert command("log", "--check")[0] == {key: told[key] for key in ("count", "head", "anchor")} | {"checked": True}
    command("log", "--check", "--anchor", told["anchor"])
    command("show", name)
    command("log", "--check", "--anchor", told["anchor"])
    _, error = command("log", "--check", "--anchor", f"99 {told['head']}", code=1)
    assert "its end was cut off" in error


def test_the_head_is_shown_as_a_code_for_paper(command, sent: Sent, tmp_path: Path) -> None:
    command("import", tmp_path / "carried")
    text, _ = command("log", "--qr", "--svg", tmp_path / "head.svg", as_json=False)
    lines = text.rstrip().split("\n")
    assert lines[-1].startswith("Head: knothole custody 1 ")
    assert len(lines) > 15
    assert set("".join(lines[:-1])) <= set(" ▀▄█")
    svg = (tmp_path / "head.svg").read_text()
    assert svg.startswith("<svg")
    assert "script" not in svg
    _, error = command("log", "--svg", tmp_path / "head.svg", code=1)
    assert "exists already" in error


def test_showing_makes_it_read_and_marks_can_be_taken_back(command, sent: Sent, tmp_path: Path) -> None:
    name = sent.id.hex()
    command("import", tmp_path / "carried")
    unread = lambda: [one["id"] for one in command("list", "--unread")[0]["submissions"]]  # noqa: E731
    assert unread() == [name]
    shown, _ = command("show", name)
    assert (shown["mark"]["seen"], shown["notes"], shown["duplicates"]) == (False, [], {})
    assert unread() == []
    marked, _ = command(
        "mark", name, "--unseen", "--label", "b", "--label", "a", "--embargo", "2026-12-24", "--assign", "legal"
    )
    assert marked["mark"] == {
        "seen": False, "star": False, "labels": ["a", "b"], "state": "new", "embargo": "2026-12-24", "reminder": "",
        "assigned": "legal",
    }  # fmt: skip
    assert unread() == [name]
    lines, _ = command("list", as_json=False)
    assert "unread, #a, #b, embargo 2026-12-24, for legal" in lines
    command("mark", name, "--unlabel", "a", "--embargo", "none", "--assign", "none")
    assert command("mark", name)[0]["mark"]["labels"] == ["b"]
    command("note", name, "-m", "call back \x1b[2J")
    text, _ = command("show", name, as_json=False)
    assert "Note of 2026-11-25 by Ada:" in text
    assert "\x1b" not in text
    command("mark", name, "--embargo", "soon", code=2)
    command("list", "--sort", "name", code=1)
    assert command("list", "--label", "nothing")[0]["total"] == 0


def test_searching_by_command_is_words_and_filters(command, sent: Sent, drop: Drop, desk: Desk, tmp_path: Path) -> None:
    command("import", tmp_path / "carried")
    other = seal_submission(drop, "你好，部门付了两次钱 \x1b[2J hello")
    desk.take_in(write_out(tmp_path / "more", drop, other.boxes))
    found, _ = command("search", "hello")
    assert (found["total"], {hit["id"] for hit in found["hits"]}) == (2, {sent.id.hex(), other.id.hex()})
    found, _ = command("search", "两次")
    (hit,) = found["hits"]
    assert [hit["snippet"][start:end] for start, end in hit["marks"]] == ["两次"]
    assert hit["pseudonym"]
    text, _ = command("search", "两次", as_json=False)
    assert "[两次]" in text
    assert "\x1b" not in text
    command("show", other.id.hex())
    assert command("search", "hello", "--unread")[0]["total"] == 1
    _, error = command("search", "!!", code=1)
    assert "write at least one" in error


@contextmanager
def read_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The vault as on a disk that cannot be written."""
    real = database.opened_database

    @contextmanager
    def opened(file: Path):
        with real(file) as db:
            db.execute("PRAGMA query_only = ON")
            yield db

    with monkeypatch.context() as patch:
        patch.setattr(vault, "opened_database", opened)
        yield


def test_a_vault_that_cannot_be_written_is_read_all_the_same(
    command, sent: Sent, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = sent.id.hex()
    command("import", tmp_path / "carried")
    count = command("log")[0]["count"]
    with read_only(monkeypatch):
        shown, error = command("show", name)
        assert (shown["message"], shown["logged"]) == ("hello CANARY-in-message", False)
        assert error.count("The custody log has no entry of this, as it could not be written: the vault cannot be written") == 1
        exported, error = command("export", name, "--out", tmp_path / "ex")
        assert not exported["logged"]
        assert "The custody log has no entry of this" in error
        _, error = command("mark", name, "--star", code=1)
        assert "The vault cannot be written" in error
    assert command("log")[0]["count"] == count


def test_an_act_of_no_kind_is_not_written(held: Vault) -> None:
    with pytest.raises(ValueError, match="dreamt"):
        Custody(held.records).write("dreamt", ID, NOW, "Ada")
    assert custody.log(held, "opened", ID, "two\nlines").startswith("The custody log has no entry of this")
    assert Custody(held.records).head()[0] == 5


def test_no_entry_lies_open_in_the_vault(held: Vault, desk: Desk) -> None:
    db = sqlite3.connect(desk.path / "vault.db")
    boxes = [bytes(box) for (box,) in db.execute("select box from records")]
    db.close()
    assert boxes
    assert not [box for box in boxes if b"opened" in box or ID.encode() in box or b"Ada" in box]
