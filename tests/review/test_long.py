"""What is long costs no page more than what the page shows: tables of thousands of files, logs, answers."""

from pathlib import Path

import pytest

from knothole_client.desk.streams import Group, Streams
from knothole_client.review import letters as pages
from tests.desk.conftest import Desk
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
