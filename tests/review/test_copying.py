"""Working copies through real HTTP: made behind walls, looked at before they leave, and logged as the commands do it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from knothole_client import sandbox
from knothole_client.desk import vault
from knothole_client.desk.copies import Copies
from knothole_client.desk.custody import Custody
from knothole_client.review import previews
from knothole_client.sandbox import Outcome
from tests.desk.conftest import PASSPHRASE, Desk
from tests.desk.test_chunks import put_copy
from tests.desk.test_copies import CANARY, photo  # noqa: F401 - a fixture
from tests.desk.test_copies import OWNER as PERSON
from tests.review.desks import Page, Visitor, served, squeezed
from tests.support import looking
from tests.support.drop import Drop, seal_submission, write_out

OWNER, CLEANED = "Renate <Beispiel>", b"cleaned of all traces"


class Walls:
    """A sandbox that says what it is told to: the real one has tests of its own."""

    def __init__(self) -> None:
        self.outcomes: dict[str, Outcome] = {"flags": Outcome("done"), "clean": Outcome("done")}
        self.outcomes["metadata"] = Outcome("done", kind="image", metadata=(("IFD0:Artist", OWNER),))

    def run(self, program: str, source: BinaryIO, *_: Any, sink: BinaryIO | None = None, **__: Any) -> Outcome:
        source.read(10)
        if sink is not None and self.outcomes[program].end == "done":
            sink.write(CLEANED)
        return self.outcomes.get(program, Outcome("done"))


@pytest.fixture
def walls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Walls]:
    made = Walls()
    monkeypatch.setattr(sandbox, "run", made.run)
    monkeypatch.setattr(previews, "why_not", lambda: "")
    return made


def log_of(desk: Desk, what: str) -> list[str]:
    with vault.opened(desk.path, PASSPHRASE) as one:
        return [entry.detail for entry in Custody(one.records).entries() if entry.what == what]


def parts_in(desk: Desk) -> list[str]:
    folder = desk.path / "copies"
    return [one.name for one in folder.iterdir()] if folder.is_dir() else []


def made(visitor: Visitor, letters: dict[str, str], name: str = "") -> Page:
    path = f"/letters/{letters['chinese']}/files/2"
    return visitor.fill(visitor.get(path), f"{path}/copy", ("name", name))


def test_a_copy_is_made_shown_with_what_it_tells_exported_and_removed(
    visitor: Visitor, letters: dict[str, str], desk: Desk, walls: Walls, tmp_path: Path
) -> None:
    page = made(visitor, letters)
    assert page.at.startswith("/copies/")
    copy = page.at.removeprefix("/copies/")
    assert "It names people or an organisation." in page.text
    assert OWNER in page.text
    assert "blue light" in page.text
    of_file = squeezed(visitor.get(f"/letters/{letters['chinese']}/files/2").text)
    assert f"copy-{copy[:8]}.png" in of_file
    assert "1 finding" in of_file
    assert "It names people or an organisation." in of_file
    assert "Make a working copy" in squeezed(visitor.get(f"/letters/{letters['chinese']}/files/1").text)
    assert f"copy-{copy[:8]}" not in visitor.get(f"/letters/{letters['chinese']}/files/1").text
    # It names somebody: it leaves only when that was ticked, and only to where a person said.
    out = tmp_path / "page"
    for fields in ([("folder", str(out))], [("folder", "page"), ("anyway", "1")], [("folder", str(desk.path / "in"))]):
        assert "Attention:" in visitor.fill(page, f"{page.at}/export", *fields).text
    assert not out.exists()
    page = visitor.fill(page, f"{page.at}/export", ("folder", str(out)), ("anyway", "1"))
    assert f"lies in {out}" in page.text
    assert (out / f"copy-{copy[:8]}.png").read_bytes() == CLEANED
    assert log_of(desk, "copied") == [f"cleaned with mat2, copy {copy[:10]}"]
    assert log_of(desk, "exported") == [f"copy {copy[:10]}, 1 finding, begun", f"copy {copy[:10]}, 1 finding"]
    page = visitor.fill(page, f"{page.at}/remove")
    assert "removed for good" in page.text
    assert log_of(desk, "copied")[-1] == f"copy {copy[:10]} removed"
    assert parts_in(desk) == []
    assert visitor.client.get(f"/copies/{copy}").status_code == 404


def test_a_copy_of_before_is_exported_only_after_the_check(
    visitor: Visitor, letters: dict[str, str], desk: Desk, walls: Walls, tmp_path: Path
) -> None:
    page = made(visitor, letters, "for the page.png")
    token = page.forms[f"{page.at}/export"]
    page = visitor.fill(visitor.fill(page, "/lock"), "/unlock", ("passphrase", PASSPHRASE.passphrase.decode()))
    with vault.opened(desk.path, PASSPHRASE) as one:
        [copy] = Copies(one).all()
    page = visitor.get(f"/copies/{copy.id}")
    assert f"{page.at}/export" not in page.forms
    assert "not checked yet" in visitor.get(f"/letters/{letters['chinese']}/files/2").text
    page.forms[f"{page.at}/export"] = token
    refused = visitor.fill(page, f"{page.at}/export", ("folder", str(tmp_path / "taken")), ("anyway", "1"))
    assert "have it checked first" in refused.text
    walls.outcomes["metadata"] = Outcome("done")
    page = visitor.fill(page, f"{page.at}/check")
    assert "Nothing was found in it" in page.text
    assert log_of(desk, "previewed") == ["exposure check"]
    assert "anyway" not in page.source
    page = visitor.fill(page, f"{page.at}/export", ("folder", str(tmp_path / "taken")))
    assert "lies in" in page.text, page.text
    assert (tmp_path / "taken" / "for the page.png").read_bytes() == CLEANED
    assert log_of(desk, "exported")[-1] == f"copy {copy.id[:10]}, 0 findings"


@pytest.mark.parametrize("name", ["a/b", "..", "a\0b", "x" * 300])
def test_a_name_that_no_file_can_have_is_refused(
    visitor: Visitor, letters: dict[str, str], desk: Desk, walls: Walls, name: str
) -> None:
    assert "cannot have this name" in made(visitor, letters, name).text
    assert parts_in(desk) == []


def test_what_cannot_be_cleaned_leaves_nothing(visitor: Visitor, letters: dict[str, str], desk: Desk, walls: Walls) -> None:
    walls.outcomes["clean"] = Outcome("failed", "not_cleaned")
    page = made(visitor, letters)
    assert "Traces cannot be taken out of a file of this kind" in page.text
    assert parts_in(desk) == []
    assert log_of(desk, "copied") == []


def test_without_a_sandbox_there_is_no_copy_and_no_check(
    visitor: Visitor, letters: dict[str, str], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "why_not", lambda: "There is none, because bubblewrap is missing.")
    path = f"/letters/{letters['chinese']}/files/2"
    page = visitor.get(path)
    assert "No working copy: There is none" in squeezed(page.text)
    assert f"{path}/copy" not in page.forms
    with vault.opened(desk.path, PASSPHRASE) as one:
        copy = put_copy(one, letters["chinese"], b"of before")
    page = visitor.get(f"/copies/{copy.id}")
    assert "No check: There is none" in squeezed(page.text)
    assert list(page.forms) == ["/search", "/lock", f"/copies/{copy.id}/remove"]


@pytest.mark.parametrize("when", ["clean", "flags"])
def test_a_lock_meanwhile_leaves_no_half_copy(
    visitor: Visitor, letters: dict[str, str], desk: Desk, walls: Walls, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    room, run = visitor.serving.room, walls.run

    def locking(program: str, *arguments: Any, **options: Any) -> Outcome:
        outcome = run(program, *arguments, **options)
        if program == when:
            room._thread.submit(room._close, "").result()
        return outcome

    monkeypatch.setattr(sandbox, "run", locking)
    assert "The desk is locked" in made(visitor, letters).text
    while room._busy:
        time.sleep(0.02)
    assert parts_in(desk) == []
    assert log_of(desk, "copied") == []


@pytest.mark.tool("bwrap")
@pytest.mark.tool("mat2")
@pytest.mark.tool("exiftool")
def test_a_real_photo_is_cleaned_behind_real_walls(desk: Desk, drop: Drop, tmp_path: Path, photo: bytes) -> None:  # noqa: F811
    sent = seal_submission(drop, "look", {f"Visit of {PERSON}.jpg": photo})
    desk.take_in(write_out(tmp_path / "out", drop, sent.boxes))
    path = f"/letters/{sent.id.hex()}/files/1"
    with served(desk.path) as serving:
        visitor = Visitor(serving).enter()
        page = visitor.fill(visitor.get(path), f"{path}/look")
        assert "It says where it was made." in page.text
        assert "It tells one device from all others" in page.text
        page = visitor.fill(page, f"{path}/copy")
        assert "Nothing was found in it" in page.text
        visitor.fill(page, f"{page.at}/export", ("folder", str(tmp_path / "page")))
    [file] = (tmp_path / "page").iterdir()
    assert file.read_bytes().startswith(b"\xff\xd8")
    assert looking.found_in(file.read_bytes(), looking.spellings([PERSON, CANARY])) == []
