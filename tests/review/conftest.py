"""A vault with two sources' letters, Chinese and Arabic, and its review desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from knothole_client.review.serving import Serving
from knothole_keys import clock
from tests.desk.conftest import NOW, Desk, desk, drop  # noqa: F401 - fixtures
from tests.review.desks import Visitor, served
from tests.support.drop import Drop, new_thread, seal_submission, write_out

CHINESE = "附件是从未公开的账目。\n请保护好原件。"
ARABIC = "هذه وثائق لم تُنشر قط. يُرجى الاتصال بي هنا."


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def letters(desk: Desk, drop: Drop, tmp_path: Path) -> dict[str, str]:  # noqa: F811
    """The ids of what came: `chinese` with two files, `arabic`, `more` of the first source, with the same file."""
    codename, _ = new_thread(drop)
    sent = {
        "chinese": seal_submission(
            drop, CHINESE, {"账目 2026.txt": b"one two three\n", "photo.png": b"no picture"}, words=codename
        ),
        "arabic": seal_submission(drop, ARABIC, {"وثيقة.pdf": b"%PDF-1.4 nothing"}),
        "more": seal_submission(drop, "second letter", {"again.txt": b"one two three\n"}, words=codename),
    }
    desk.take_in(write_out(tmp_path / "out", drop, [box for one in sent.values() for box in one.boxes]))
    return {name: one.id.hex() for name, one in sent.items()}


@pytest.fixture
def serving(desk: Desk, letters: dict[str, str]) -> Iterator[Serving]:  # noqa: F811
    with served(desk.path) as one:
        yield one


@pytest.fixture
def visitor(serving: Serving) -> Visitor:
    return Visitor(serving).enter()
