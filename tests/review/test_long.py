"""What is long costs no page more than what the page shows: tables of thousands of files, logs, answers."""

from collections import Counter
from pathlib import Path

import pytest

from knothole_client.desk import custody
from knothole_client.desk.records import Records
from knothole_client.desk.streams import Group, Streams
from knothole_client.review import letters as pages
from tests.desk.conftest import Desk
from tests.desk.test_custody import rewrite
from tests.review.desks import Page, Visitor, served, squeezed
from tests.support.drop import Drop, seal_submission, write_out


def test_a_page_asks_for_the_files_that_it_shows_and_for_each_stream_once(
    desk: Desk, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Seven names of four files, none of which has come.
    files = {f"{number}.bin": bytes([max(number, 4)]) * 9 for number in range(1, 8)}
    sent = seal_submission(drop, "many", files, inside=False)
    desk.take_in(write_out(tmp_path / "out", drop, sent.letter_boxes))
    asked: list[Group] = []
    real = Streams.have

    def have(self: Streams, group: Group) -> int:
        asked.append(group)
        return real(self, group)

    monkeypatch.setattr(Streams, "have", have)
    monkeypatch.setattr(pages, "FILES", 2)
    path = f"/letters/{sent.id.hex()}"
    with served(desk.path) as serving:
        visitor = Visitor(serving).enter()
        for address, count, shown, not_shown in (
            (path, 1, "1.bin 9 B nothing of it has come yet 2.bin", "3.bin"),
            (f"{path}?files=2", 1, "3.bin", "2.bin"),
            (f"{path}?files=4", 1, "7.bin", "6.bin"),
            (f"{path}/print", 4, "7.bin", "8.bin"),
            (f"{path}/files/6", 1, "File 6 of 7", "7.bin"),
        ):
            asked.clear()
            page = squeezed(Page(visitor.client.get(address).text).text)
            assert (shown in page, not_shown in page, len(asked)) == (True, False, count), page
            assert "7 files" in page or "of 7" in page
        assert visitor.client.get(f"{path}/files/8").status_code == 404


def test_the_log_and_the_answers_are_opened_once_and_what_was_changed_shows(
    desk: Desk, letters: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk.opened() as (one, _):
        for number in range(6):
            custody.log(one, "exported", letters["arabic"], f"{number}")
    opened: Counter[str] = Counter()
    get, every = Records.get_sound, Records.all_sound

    def get_sound(self: Records, kind: str, name: str) -> object:
        opened[kind] += 1
        return get(self, kind, name)

    def all_sound(self: Records, kind: str) -> object:
        opened[kind] += 1
        return every(self, kind)

    monkeypatch.setattr(Records, "get_sound", get_sound)
    monkeypatch.setattr(Records, "all_sound", all_sound)
    with served(desk.path) as serving:
        visitor = Visitor(serving).enter()
        for path, count in (("/log", 6), ("/log", 0), (f"/letters/{letters['arabic']}", 0), ("/log", 1), ("/log", 0)):
            opened.clear()
            page = visitor.get(path)
            assert opened["custody"] == count, path
        assert "was changed" not in page.text
        path = f"/letters/{letters['arabic']}"
        page = visitor.get(path)
        [at] = [action for action in page.forms if action.endswith("/answer")]
        visitor.fill(page, at, ("text", "thank you"), ("do", "send"))
        opened.clear()
        assert "thank you" in visitor.get(path).text
        # But for the letter's own acknowledgement.
        assert opened["answer"] <= 1
        with desk.opened() as (one, _), one.changing():
            rewrite(one, 2, detail="another")
        assert "Entry 2 of the custody log was changed" in visitor.get("/log").text
