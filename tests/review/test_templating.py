"""Templates through real HTTP: kept, put below what is being written and lost by nobody, and in no address."""

import pytest

from knothole_client.desk import vault
from knothole_client.desk.answers import Answers
from knothole_client.desk.templates import Templates
from tests.desk.conftest import PASSPHRASE, Desk
from tests.review.desks import Page, Visitor

THANKS = "Thank you.\nWe read it <b>tonight</b>."


def kept(desk: Desk) -> dict[str, str]:
    with vault.opened(desk.path, PASSPHRASE) as one:
        return {found.name: found.text for found in Templates(one.records).all()}


def added(visitor: Visitor, name: str = "thanks, 谢谢", text: str = THANKS) -> Page:
    return visitor.fill(visitor.get("/templates"), "/templates", ("name", name), ("text", text.replace("\n", "\r\n")))


def one_of(page: Page) -> str:
    [at] = [
        found["href"] or "" for tag, found in page.elements if tag == "a" and (found["href"] or "").startswith("/templates/")
    ]
    return at


def test_a_template_is_added_changed_and_removed(visitor: Visitor, desk: Desk) -> None:
    assert "There is no template yet" in visitor.get("/templates").text
    page = added(visitor)
    assert "sealed in the vault" in page.text
    assert kept(desk) == {"thanks, 谢谢": THANKS}
    at = one_of(page)
    assert at.isascii()
    assert "thanks" not in at
    page = visitor.get(at)
    assert THANKS in page.text
    page = visitor.fill(page, at, ("do", "keep"), ("text", " "))
    assert "There is nothing in this template" in page.text
    visitor.fill(page, at, ("do", "keep"), ("text", "Merci."))
    assert kept(desk) == {"thanks, 谢谢": "Merci."}
    visitor.fill(page, at, ("do", "remove"), ("text", ""))
    assert kept(desk) == {}
    assert visitor.client.get(at).status_code == 404


REFUSED = [("", "x", "name"), ("one", " ", "nothing in this template"), ("a\nb", "x", "name"), ("thanks, 谢谢", "x", "already")]


@pytest.mark.parametrize(("name", "text", "why"), REFUSED)
def test_what_is_no_template_is_refused_and_need_not_be_typed_again(
    visitor: Visitor, desk: Desk, name: str, text: str, why: str
) -> None:
    added(visitor)
    page = added(visitor, name, text)
    assert "Attention:" in page.text
    assert why in page.text
    assert kept(desk) == {"thanks, 谢谢": THANKS}
    assert text.strip() in page.text


def test_it_goes_below_what_was_written_and_nothing_is_lost(visitor: Visitor, letters: dict[str, str], desk: Desk) -> None:
    name = one_of(added(visitor)).removeprefix("/templates/")
    path = f"/letters/{letters['arabic']}"
    page = visitor.get(path)
    [at] = [action for action in page.forms if action.endswith("/answer")]
    page = visitor.fill(page, at, ("text", " "), ("template", name))
    assert "stands in the answer" in page.text
    assert THANKS in page.text
    visitor.fill(page, at, ("text", "My draft."), ("do", "draft"))
    page = visitor.fill(page, at, ("text", "My draft, and more.\r\n"), ("template", name))
    assert "stands below what was written there" in page.text
    assert f"My draft, and more.\n\n{THANKS}" in page.text
    with vault.opened(desk.path, PASSPHRASE) as one:
        assert Answers(one.records).all("reply") == []
    # The draft that was kept before is as it was.
    page = visitor.fill(visitor.fill(page, "/lock"), "/unlock", ("passphrase", PASSPHRASE.passphrase.decode()))
    page = visitor.get(path)
    assert "My draft." in page.text
    page = visitor.fill(page, at, ("text", "kept, as typed"), ("template", "0" * 12))
    assert "There is no such template here any more." in page.text
    assert "kept, as typed" in page.text
    visitor.fill(page, at, ("text", THANKS), ("do", "send"))
    with vault.opened(desk.path, PASSPHRASE) as one:
        assert [answer.text for answer in Answers(one.records).all("reply")] == [THANKS]
