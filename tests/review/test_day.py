"""A journalist's day through real HTTP: read, mark, search, answer, take out; and nothing of it is in an address."""

from pathlib import Path

import pytest

from knothole_client.desk.custody import Custody
from knothole_client.desk.marks import Marks
from knothole_client.review.serving import Serving
from tests.desk.conftest import PASSPHRASE, Desk
from tests.review.conftest import ARABIC, CHINESE
from tests.review.desks import Page, Visitor, squeezed


def links(page: Page) -> list[str]:
    return [found["href"] or "" for tag, found in page.elements if tag == "a"]


def state_of(desk: Desk) -> tuple[dict[str, object], list[str]]:
    from knothole_client.desk import vault

    with vault.opened(desk.path, PASSPHRASE) as one:
        return dict(Marks(one.records).all()), [entry.what for entry in Custody(one.records).entries()]


def test_the_inbox_has_a_line_for_each_source_and_its_views(visitor: Visitor, letters: dict[str, str]) -> None:
    page = visitor.get("/")
    assert "2 sources" in page.text
    assert "Inbox (2 unread)" not in page.text
    assert "Inbox (3 unread)" in page.text
    lines = [found for tag, found in page.elements if tag == "li" and "line" in (found.get("class") or "").split()]
    assert len(lines) == 2
    assert ARABIC[:20] in page.text
    assert "0 sources" in visitor.get("/?show=starred").text
    assert "2 sources" in visitor.get("/?show=bogus&state=bogus&label=zz&sort=bogus&page=-9").text


def test_opening_a_letter_marks_it_seen_and_notes_it_once(visitor: Visitor, letters: dict[str, str], desk: Desk) -> None:
    path = f"/letters/{letters['chinese']}"
    for _ in range(3):
        page = visitor.get(path)
    assert CHINESE in page.text
    [shown] = [found for _, found in page.elements if found.get("class") == "text" and "lang" in found]
    assert (shown["dir"], shown["lang"]) == ("auto", "en")
    marks, log = state_of(desk)
    assert list(marks) == [letters["chinese"]]
    assert log == ["opened"]
    assert "second letter" in page.text
    assert "The same file came in 1 other letter" in page.text


def test_marks_notes_and_labels_are_kept_and_found_by_views(visitor: Visitor, letters: dict[str, str]) -> None:
    path = f"/letters/{letters['arabic']}"
    page = visitor.get(path)
    page = visitor.fill(page, f"{path}/mark", ("star", "1"), ("state", "verifying"), ("labels", "ministry، 部门，x"),
                        ("embargo", "2027-01-01"), ("reminder", "2026-01-01"), ("assigned", "editor"))  # fmt: skip
    assert "Kept." in page.text
    page = visitor.fill(page, f"{path}/note", ("note", "line one\r\nline <b>two</b>"))
    assert "line one\nline <b>two</b>" in page.text
    inbox = visitor.get("/")
    for shown in ("verifying", "部门", "ministry", "embargo 2027-01-01", "due 2026-01-01", "for editor"):
        assert shown in squeezed(inbox.text)
    for view in ("/?show=starred", "/?state=verifying", "/?show=due", "/?show=embargo"):
        assert "1 source " in squeezed(visitor.get(view).text) + " "
    by_label = [link for link in links(inbox) if "label=" in link]
    assert len(by_label) == 3
    assert all("1 source" in visitor.get(link).text for link in by_label)
    refused = visitor.fill(page, f"{path}/mark", ("state", "verifying"), ("embargo", "tomorrow"))
    assert "Attention:" in refused.text


def test_many_are_marked_at_once(visitor: Visitor, letters: dict[str, str], desk: Desk) -> None:
    page = visitor.get("/")
    keys = [found["value"] or "" for _, found in page.elements if found.get("name") == "thread"]
    chosen = [("thread", key) for key in keys]
    page = visitor.fill(page, "/bulk", *chosen, ("do", "state"), ("state", "triage"))
    assert "3 letters were marked." in page.text
    page = visitor.fill(page, "/bulk", chosen[0], ("do", "label"), ("label", "a b"))
    page = visitor.fill(page, "/bulk", *chosen, ("do", "read"))
    page = visitor.fill(page, "/bulk", ("star", keys[0]))
    marks, _ = state_of(desk)
    assert len(marks) == 3
    assert "Nothing was chosen" in visitor.fill(page, "/bulk", ("do", "read")).text
    assert "Choose a state first" in visitor.fill(page, "/bulk", *chosen, ("do", "state")).text
    assert "0 sources" in visitor.get("/?show=unread").text


@pytest.mark.parametrize(("query", "count"), [("公开的", 1), ("وثائق", 1), ("second", 1), ("账目", 1), ("nowhere", 0)])
def test_search_finds_what_was_written_and_its_address_says_nothing(visitor: Visitor, query: str, count: int) -> None:
    desk = visitor.serving.room._desk
    assert desk
    assert desk.search._index.wait(60)
    page = visitor.fill(visitor.get("/"), "/search", ("query", query))
    assert f"{count} letter" in page.text
    assert len([tag for tag, _ in page.elements if tag == "mark"]) >= count
    assert page.at.startswith("/found/")
    assert len(page.at) < 30


def test_an_answer_is_drafted_queued_and_taken_back(visitor: Visitor, letters: dict[str, str], desk: Desk) -> None:
    path = f"/letters/{letters['arabic']}"
    page = visitor.get(path)
    [at] = [action for action in page.forms if action.endswith("/answer")]
    page = visitor.fill(page, at, ("text", "شكرا"), ("do", "draft"))
    assert "The draft is kept" in page.text
    lock = visitor.fill(page, "/lock")
    visitor.fill(lock, "/unlock", ("passphrase", PASSPHRASE.passphrase.decode()))
    page = visitor.get(path)
    assert "شكرا" in page.text
    assert "nothing to send" in visitor.fill(page, at, ("text", "  "), ("do", "send")).text
    page = visitor.fill(page, at, ("text", "x" * 40_000), ("do", "send"))
    assert "Attention:" in page.text
    assert "x" * 40_000 in page.text, "what was refused need not be typed again"
    page = visitor.fill(page, at, ("text", "شكرا جزيلا"), ("do", "send"))
    assert "Waits for the next file of slots." in page.text
    [back] = [action for action in page.forms if action.endswith("/withdraw")]
    page = visitor.fill(page, back)
    assert "withdrawn: nothing of it went out" in page.text
    assert "شكرا جزيلا" in page.text
    assert state_of(desk)[1].count("answered") == 2


def test_export_writes_where_a_person_says_and_nowhere_else(
    visitor: Visitor, letters: dict[str, str], desk: Desk, tmp_path: Path
) -> None:
    path = f"/letters/{letters['chinese']}"
    page = visitor.get(path)
    for wrong in ("", "relative/folder", str(desk.path / "inside"), "a\0b"):
        assert "Attention:" in visitor.fill(page, f"{path}/export", ("folder", wrong)).text
    out = tmp_path / "case"
    page = visitor.fill(page, f"{path}/export", ("folder", str(out)))
    assert "lie in" in page.text
    assert (out / "message.txt").read_text() == CHINESE
    assert (out / "files" / "账目 2026.txt").read_bytes() == b"one two three\n"
    assert state_of(desk)[1].count("exported") == 2
    assert "Attention:" in visitor.fill(page, f"{path}/export", ("folder", str(out))).text


def test_a_file_has_its_page_and_without_a_sandbox_no_preview(
    visitor: Visitor, letters: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from knothole_client.review import previews

    monkeypatch.setattr(previews, "why_not", lambda: "There is no preview, because bubblewrap is missing.")
    path = f"/letters/{letters['chinese']}/files/1"
    page = visitor.get(path)
    assert "No preview: There is no preview, because bubblewrap is missing." in squeezed(page.text)
    assert f"{path}/look" not in page.forms
    assert visitor.client.get(f"/letters/{letters['chinese']}/files/9").status_code == 404


def test_the_log_shows_its_head_and_every_act(visitor: Visitor, letters: dict[str, str]) -> None:
    visitor.get(f"/letters/{letters['chinese']}")
    page = visitor.get("/log")
    assert "knothole custody 1 " in page.text
    assert "opened" in page.text
    assert [tag for tag, _ in page.elements].count("svg") == 1
    assert visitor.get("/help").text
    assert CHINESE in visitor.get(f"/letters/{letters['chinese']}/print").text


def test_no_address_names_what_a_source_wrote(visitor: Visitor, letters: dict[str, str], serving: Serving) -> None:
    for path in ("/", f"/letters/{letters['chinese']}", f"/letters/{letters['chinese']}/files/1", "/log"):
        for tag, found in visitor.get(path).elements:
            for name in ("href", "src", "action", "formaction"):
                address = found.get(name) or ""
                assert address.isascii()
                assert "photo" not in address
                assert "://" not in address, (tag, found)
