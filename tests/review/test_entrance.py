"""Who is let in: one browser, by a link that works once; no other page's forms, no other host's name, nobody after the lock."""

import threading
import time
from pathlib import Path

import httpx
import pytest

from knothole_client.desk import keyfile, vault
from knothole_client.desk.locks import ALONE, WITH_KEY_FILE
from knothole_client.desk.records import Records
from knothole_client.review.app import HEADERS
from knothole_client.review.machine import Machine
from knothole_client.review.room import Room
from knothole_client.review.serving import Serving
from knothole_keys.errors import Refused
from tests.desk.conftest import PASSPHRASE, Desk
from tests.review.conftest import CHINESE
from tests.review.desks import Page, Visitor, holding, served

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def stranger(serving: Serving) -> httpx.Client:
    return httpx.Client(base_url=serving.url, trust_env=False)


PATHS = ["/", "/letters/ab", "/found/ab", "/log", "/help", "/locked", "/looks/ab/1.png", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
def test_without_the_cookie_nothing_is_shown(serving: Serving, path: str) -> None:
    answer = stranger(serving).get(path)
    assert answer.status_code == 403
    assert "Open the link that the terminal shows" in answer.text
    assert "Amber" not in answer.text
    assert "token" not in answer.text


def test_the_link_works_once_and_a_new_one_puts_the_old_browser_out(serving: Serving) -> None:
    link, first, second = serving.link(), stranger(serving), stranger(serving)
    came = first.get(link)
    assert (came.status_code, came.headers["location"]) == (303, "/")
    cookie = came.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert second.get(link).status_code == 403
    assert first.get("/").status_code == 200
    another = serving.link()
    assert first.get("/").status_code == 200
    second.get(another)
    assert second.get("/").status_code == 200
    assert first.get("/").status_code == 403


def test_every_answer_carries_the_headers(serving: Serving, visitor: Visitor) -> None:
    answers = [visitor.client.get("/"), stranger(serving).get("/"), visitor.client.get("/desk.css"), visitor.client.get("/no")]
    with httpx.Client(trust_env=False) as client:
        answers.append(client.get(serving.url, headers={"Host": "evil.example"}))
    assert [one.status_code for one in answers] == [200, 403, 200, 404, 421]
    for answer in answers:
        assert {name.lower(): value for name, value in HEADERS}.items() <= dict(answer.headers).items()
        assert "server" not in answer.headers


ELSEWHERE = [
    ({"Host": "evil.example"}, 421),
    ({"Host": "localhost:{port}"}, 421),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Purpose": "prefetch"}, 403),
]


@pytest.mark.parametrize(("headers", "status"), ELSEWHERE, ids=str)
def test_what_another_page_asks_for_is_not_answered(visitor: Visitor, headers: dict[str, str], status: int) -> None:
    port = visitor.serving.url.rpartition(":")[2]
    asked = {name: value.format(port=port) for name, value in headers.items()}
    assert visitor.client.get("/", headers=asked).status_code == status


def test_a_form_without_its_token_or_from_elsewhere_changes_nothing(visitor: Visitor, letters: dict[str, str]) -> None:
    path = f"/letters/{letters['arabic']}"
    page = visitor.get(path)
    [(_, mark_token)] = page.forms[f"{path}/mark"]
    [(_, note_token)] = page.forms[f"{path}/note"]
    tries = [
        ({}, "note=x", 403),
        ({}, f"token={mark_token}&note=x", 403),
        ({}, f"token={note_token[:-2]}&note=x", 403),
        ({"Origin": "http://evil.example"}, f"token={note_token}&note=x", 403),
        ({"Origin": "null"}, f"token={note_token}&note=x", 403),
        ({"Sec-Fetch-Site": "cross-site"}, f"token={note_token}&note=x", 403),
        ({"Sec-Fetch-Site": "none"}, f"token={note_token}&note=x", 403),
        ({"Content-Type": "text/plain"}, f"token={note_token}&note=x", 415),
        ({}, f"token={note_token}&note=" + "x" * 600_000, 413),
        ({}, f"token={note_token}&note=%ff", 400),
    ]
    for headers, body, status in tries:
        answer = visitor.client.post(f"{path}/note", content=body, headers={**FORM, **headers})
        assert answer.status_code == status, body[:60]
    assert "Sealed in the vault, never sent" in visitor.get(path).text
    answer = visitor.client.post(f"{path}/note", content=f"token={note_token}&note=x", headers=FORM)
    assert "Noted." in answer.text


def test_a_token_of_another_session_is_refused(visitor: Visitor) -> None:
    [(_, token)] = visitor.get("/").forms["/lock"]
    visitor.enter()
    assert visitor.client.post("/lock", content=f"token={token}", headers=FORM).status_code == 403


def test_lock_now_and_unlock_by_the_passphrase(visitor: Visitor) -> None:
    room = visitor.serving.room
    desk = room._desk
    assert desk
    key = desk.vault.locks.key
    page = visitor.fill(visitor.get("/"), "/lock")
    assert room.locked
    assert key == bytes(32)
    assert "The desk is locked" in page.text
    assert CHINESE[:4] not in page.source
    assert "The desk is locked" in visitor.get("/").text
    [field] = [found for tag, found in page.elements if found.get("type") == "password"]
    assert field["autocomplete"] == "off"
    for wrong in ("", "wrong", "wrong but long enough"):
        body = str(httpx.QueryParams([*page.forms["/unlock"], ("passphrase", wrong)]))
        answer = visitor.client.post("/unlock", content=body, headers=FORM)
        assert answer.status_code == 403
        assert "Still locked" in answer.text
    inbox = visitor.fill(page, "/unlock", ("passphrase", PASSPHRASE.passphrase.decode()))
    assert inbox.at == "/"
    assert not room.locked


def test_it_locks_when_nobody_is_there_and_not_before(desk: Desk, letters: dict[str, str]) -> None:
    moment = [0.0]
    with served(desk.path, now=lambda: moment[0]) as serving:
        visitor = Visitor(serving).enter()
        page = visitor.get("/")
        refresh = [found["content"] for tag, found in page.elements if found.get("http-equiv") == "refresh"]
        assert refresh == ["301;url=/locked"]
        moment[0] = 299.0
        assert "This window rested" in visitor.get("/locked").text
        time.sleep(1.5)
        assert not serving.room.locked
        moment[0] = 301.0
        deadline = time.monotonic() + 60
        while not serving.room.locked:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert "Nobody was here for five minutes." in visitor.get("/locked").text


def test_a_network_and_swap_are_told_on_every_page(desk: Desk, letters: dict[str, str]) -> None:
    machine = Machine(lambda: "This machine is on a network (eth0): pull its cable.", lambda: ["/dev/sda3"])
    with served(desk.path, machine) as serving:
        visitor = Visitor(serving).enter()
        for path in ("/", f"/letters/{letters['chinese']}", "/log"):
            text = visitor.get(path).text
            assert "on a network (eth0)" in text
            assert "Swap is on (/dev/sda3)" in text


def test_a_page_of_an_old_window_says_that_it_rested(visitor: Visitor) -> None:
    page: Page = visitor.get("/locked")
    assert "This window rested" in page.text
    assert not page.forms


def test_locking_forgets_the_keys_before_it_waits_for_the_search(
    desk: Desk, letters: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key, reached, opened = list[bytes](), threading.Event(), list[str]()
    forgotten, real = list[bool](), Records.get_sound

    def slowly(records: Records, kind: str, name: str) -> object:
        # The builder, in the middle of a letter; the vault's own thread opens nothing in this way.
        if threading.current_thread().name == "index" and kind == "content":
            opened.append(name)
            reached.set()
            until = time.monotonic() + 10
            while time.monotonic() < until and (not key or any(key[0])):
                time.sleep(0.01)
            forgotten.append(bool(key) and not any(key[0]))
        return real(records, kind, name)

    monkeypatch.setattr(Records, "get_sound", slowly)
    failed = list[object]()
    monkeypatch.setattr(threading, "excepthook", failed.append)
    with served(desk.path) as serving:
        visitor = Visitor(serving).enter()
        assert reached.wait(60)
        room_desk = serving.room._desk
        assert room_desk
        page = visitor.get("/")
        key.append(room_desk.vault.locks.key)
        assert "The desk is locked" in visitor.fill(page, "/lock").text
    assert (forgotten, len(opened), failed) == ([True], 1, [])


def test_whoever_reads_beside_a_vault_that_was_locked_is_told_so_and_writes_nothing(desk: Desk) -> None:
    with vault.opened(desk.path, holding()) as one, one.beside() as records:
        before = records.places()
        records.put("template", "x", {"name": "x"})
        one.forget()
        for act in (
            lambda: records.get("desk", "identity"),
            lambda: list(records.all_sound("submission")),
            lambda: records.names("extract"),
            lambda: records.put("vault", "suspects", {"boxes": {}}),
            lambda: records.remove("template", "x"),
        ):
            with pytest.raises(Refused, match="The vault was locked meanwhile"):
                act()
        assert len(records.places()) == len(before) + 1


def test_who_was_not_let_in_does_not_keep_it_open(desk: Desk, letters: dict[str, str]) -> None:
    moment = [0.0]
    with served(desk.path, now=lambda: moment[0]) as serving:
        visitor = Visitor(serving).enter()
        moment[0] = 200.0
        for path in ("/enter/x", "/enter/", "/enter/x/../../", "/", "/nothing", "/desk.css"):
            stranger(serving).get(path)
        assert serving.room.rested == 200.0
        visitor.get("/")
        assert serving.room.rested == 0.0
        moment[0] = 250.0
        assert stranger(serving).get(serving.link()).status_code == 303
        assert serving.room.rested == 0.0


@pytest.mark.parametrize(
    ("kinds", "named", "there", "key"),
    [
        ({ALONE}, True, True, None),
        ({ALONE, WITH_KEY_FILE}, True, True, "the key"),
        ({ALONE, WITH_KEY_FILE}, True, False, None),
        ({WITH_KEY_FILE}, True, True, "the key"),
        ({WITH_KEY_FILE}, True, False, "No such file"),
        ({WITH_KEY_FILE}, False, False, "start it with --key-file"),
    ],
)
def test_the_key_file_is_read_where_the_vault_has_a_use_for_it(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kinds: set[str], named: bool, there: bool, key: str | None
) -> None:
    monkeypatch.setattr(vault, "slot_kinds", lambda _: kinds)
    file = tmp_path / "key"
    written = keyfile.read_or_make(file, desk.path)
    if not there:
        file.unlink()
    room = Room(desk.path, file if named else None)
    if key in (None, "the key"):
        assert room.holding(b"passphrase").key_file == (written if key else None)
    else:
        with pytest.raises(Refused, match="start it with" if not named else "key"):
            room.holding(b"passphrase")
