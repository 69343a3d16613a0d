"""While another command changes the vault: nothing that was looked at is lost, and nothing that came stays unsaid."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_client.desk import looking, vault
from knothole_client.desk.documents import Document, Documents
from knothole_client.desk.extracts import Extracts
from knothole_client.desk.records import Records
from knothole_client.review import previews
from knothole_client.sandbox import Outcome
from tests.desk.conftest import NOW, PASSPHRASE, Desk
from tests.review.desks import Visitor, served, squeezed
from tests.review.test_copying import Walls
from tests.review.test_day import state_of
from tests.support.drop import Drop, seal_submission, write_out


def test_an_opening_during_an_import_is_noted_when_the_letter_is_opened_again(
    visitor: Visitor, letters: dict[str, str], desk: Desk
) -> None:
    path = f"/letters/{letters['chinese']}"
    with vault.opened(desk.path, PASSPHRASE, change=True):
        assert "The custody log has no entry of this" in visitor.get(path).text
    assert state_of(desk) == ({}, [])
    for _ in range(2):
        assert "The custody log has no entry" not in visitor.get(path).text
    marks, log = state_of(desk)
    assert (list(marks), log) == ([letters["chinese"]], ["opened"])


def test_a_look_that_ended_during_an_import_is_shown(
    visitor: Visitor, letters: dict[str, str], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    walls = Walls()
    walls.outcomes["text"] = Outcome("done", text="what the walls let through")
    monkeypatch.setattr(previews, "run", walls.run)
    monkeypatch.setattr(previews, "why_not", lambda: "")
    path = f"/letters/{letters['chinese']}/files/2"
    page = visitor.get(path)
    with vault.opened(desk.path, PASSPHRASE, change=True):
        page = visitor.fill(page, f"{path}/look")
        assert page.at.startswith("/looks/")
        assert "what the walls let through" in page.text
        assert "The words of this file were not kept for the search: another command is changing" in squeezed(page.text)
    page = visitor.fill(visitor.get(path), f"{path}/look")
    assert "were not kept" not in page.text


def test_what_another_command_brings_is_searched_at_once(
    desk: Desk, letters: dict[str, str], drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, real = threading.Event(), Documents.make

    def slowly(self: Documents, records: Records, name: str, stopped: Callable[[], bool]) -> Document:
        assert name in letters.values() or go_on.wait(60)
        return real(self, records, name, stopped)

    monkeypatch.setattr(Documents, "make", slowly)
    with served(desk.path) as serving:
        visitor = Visitor(serving).enter()
        built(visitor)
        sent = seal_submission(drop, "a suitcase came", {"a.txt": b"one two three\n"})
        desk.take_in(write_out(tmp_path / "more", drop, sent.boxes))
        assert "1 letter that came or changed just now cannot be found yet" in squeezed(visitor.get("/").text)
        go_on.set()
        built(visitor)
        page = visitor.fill(visitor.get("/"), "/search", ("query", "suitcase"))
        assert "1 letter" in page.text
        assert "cannot be found yet" not in page.text
        # The same file is named by three letters.
        [root] = {file.entry.root.hex() for one in desk.submissions() for file in one.files if file.entry.size == 14}
        with vault.opened(desk.path, PASSPHRASE, change=True) as other:
            looking.note(other, letters["arabic"], "ask the accountant", NOW)
            Extracts(other.records).put(root, "the words of it")
        visitor.get("/")
        built(visitor)
        assert "1 letter" in visitor.fill(page, "/search", ("query", "accountant")).text
        assert "3 letters" in visitor.fill(page, "/search", ("query", '"words of it"')).text


def built(visitor: Visitor) -> None:
    room_desk = visitor.serving.room._desk
    assert room_desk
    assert room_desk.search.wait(60)
