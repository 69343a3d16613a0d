"""While another command changes the vault: nothing that was looked at is lost, and nothing that came stays unsaid."""

import pytest

from knothole_client.desk import vault
from knothole_client.review import previews
from knothole_client.sandbox import Outcome
from tests.desk.conftest import PASSPHRASE, Desk
from tests.review.desks import Visitor, squeezed
from tests.review.test_copying import Walls
from tests.review.test_day import state_of


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
