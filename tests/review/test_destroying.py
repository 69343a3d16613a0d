"""Shredding through real HTTP: said before and after where copies may remain, confirmed by id and passphrase, done whole."""

from pathlib import Path

import pytest

from knothole_client.desk import vault
from knothole_client.desk.listing import Listing
from tests.desk.conftest import PASSPHRASE, Desk
from tests.desk.test_chunks import put_copy
from tests.review.desks import Page, Visitor, squeezed
from tests.review.test_copying import log_of

WORD = PASSPHRASE.passphrase.decode()


def confirmed(visitor: Visitor, name: str, typed: str = "", word: str = WORD) -> Page:
    path = f"/letters/{name}/shred"
    return visitor.fill(visitor.get(path), path, ("id", typed or name[:10]), ("passphrase", word))


def kept(desk: Desk) -> set[str]:
    with vault.opened(desk.path, PASSPHRASE) as one:
        return {row.id for row in Listing(one).rows()}


def test_it_goes_whole_and_it_is_said_where_copies_may_remain(
    visitor: Visitor, letters: dict[str, str], desk: Desk, tmp_path: Path
) -> None:
    doomed = letters["arabic"]
    page = visitor.get(f"/letters/{doomed}")
    [at] = [action for action in page.forms if action.endswith("/answer")]
    visitor.fill(page, at, ("text", "Thank you."), ("do", "send"))
    visitor.fill(page, f"/letters/{doomed}/export", ("folder", str(tmp_path / "case")))
    with vault.opened(desk.path, PASSPHRASE) as one:
        put_copy(one, doomed, b"worked on")
        key = one.locks.key
    assert f"/letters/{doomed}/shred" in page.source
    before = squeezed(visitor.get(f"/letters/{doomed}/shred").text)
    for said in ("1 working copy", "its 1 answer will be destroyed, too, 1 of which", "exported on 2026",
                 "if this desk still has it, opens", "The server keeps its boxes", "The vault gets fresh keys"):  # fmt: skip
        assert said in before
    page = confirmed(visitor, doomed)
    assert page.at.startswith("/shredded/")
    after = squeezed(page.text)
    for said in ("1 working copy", "exported on 2026-11-2", "is here and opens any copy", "The vault has fresh keys", doomed):
        assert said in after
    assert "One step is left" not in after
    assert kept(desk) == {letters["chinese"], letters["more"]}
    assert list((desk.path / "copies").iterdir()) == []
    [detail] = log_of(desk, "shredded")
    assert detail.endswith(", 1 working copy")
    with vault.opened(desk.path, PASSPHRASE) as one:
        assert one.locks.key != key
    # The desk goes on, without it.
    assert "1 source" in visitor.get("/").text
    for path in (f"/letters/{doomed}", f"/letters/{doomed}/shred"):
        assert visitor.client.get(path).status_code == 404
    assert visitor.get(f"/letters/{letters['chinese']}").text


WRONG = [("0123456789", WORD, "type "), ("{id:.9}", WORD, "type "), ("{id}0", WORD, "type "),
         ("{id:.10}", "", "passphrase is wrong"), ("{id:.10}", "wrong but long enough", "passphrase is wrong")]  # fmt: skip


@pytest.mark.parametrize(("typed", "word", "why"), WRONG)
def test_without_id_and_passphrase_nothing_is_shredded(
    visitor: Visitor, letters: dict[str, str], desk: Desk, typed: str, word: str, why: str
) -> None:
    page = confirmed(visitor, letters["arabic"], typed.format(id=letters["arabic"]), word)
    assert "Attention:" in page.text
    assert why in page.text
    assert kept(desk) == set(letters.values())
    assert log_of(desk, "shredded") == []
    assert not visitor.serving.room.locked


def test_while_the_vault_is_in_use_it_is_refused_or_a_step_is_left(
    visitor: Visitor, letters: dict[str, str], desk: Desk
) -> None:
    with visitor.serving.room.busy():
        assert "still under way here" in confirmed(visitor, letters["arabic"]).text
    with vault.opened(desk.path, PASSPHRASE, change=True):
        assert "Another command is changing this vault" in confirmed(visitor, letters["arabic"]).text
    assert kept(desk) == set(letters.values())
    # Somebody who only reads keeps it from fresh keys, and that is said.
    with vault.opened(desk.path, PASSPHRASE):
        page = confirmed(visitor, letters["arabic"])
    assert kept(desk) == {letters["chinese"], letters["more"]}
    assert "One step is left" in page.text
    assert "knothole desk re-key" in page.text
    assert "The vault has fresh keys" not in page.text
