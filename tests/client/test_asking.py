"""What a server learns from the questions which boxes are missing: as little as there is, new source or returning."""

from pathlib import Path

import pytest

from knothole_client.http import Connection
from knothole_client.source import missing
from knothole_client.source.reading import SourceFile
from tests.client.lying import sent_to, taking
from tests.client.sent import big, prepare
from tests.client.served import Asked, Reply, lie
from tests.support.drop import Drop, new_thread


@pytest.mark.parametrize("parts", [2, 7, 8, 17])
def test_a_new_source_reads_and_asks_in_the_order_of_a_returning_one(
    parts: int, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # Nine boxes are here what 1025 are: one more than a question holds.
    monkeypatch.setattr(missing, "IDS", 8)
    monkeypatch.setattr(missing, "BITMAP", 1)
    ready = prepare(drop, new_thread(drop)[1], "m", [big(tmp_path, drop, parts)])
    steps: list[str | tuple[bytes, int]] = []
    real = SourceFile.body

    def body(file: SourceFile, index: int) -> bytes:
        steps.append("read")
        return real(file, index)

    def note(asked: Asked) -> Reply | None:
        if asked.path != "/boxes/missing":
            steps.append("other")
            return None
        steps.append((asked.body[:4], len(asked.body)))
        return 200, b"\xff"

    monkeypatch.setattr(SourceFile, "body", body)
    shapes = []
    for returning in (False, True):
        steps.clear()
        sent_to(taking(note), ready, returning=returning)
        shapes.append(steps[: steps.index("other")])
    assert shapes[0] == shapes[1]
    batches = -(-(1 + parts) // 8)
    epochs = [epoch.to_bytes(4, "big") for epoch in (drop.epoch, drop.epoch - 1)]
    assert [step for step in shapes[0] if step != "read"] == [(epoch, 4 + 8 * 16) for epoch in epochs] * batches
    assert shapes[0].count("read") == parts


def test_the_ids_asked_for_stand_in_no_order(drop: Drop):
    ids = [bytes([i]) * 16 for i in range(3)]
    places = set()
    with lie(taking()) as (url, asked), Connection(url) as connection:
        for _ in range(8):
            missing.stored(connection, 1, ids)
    for one in asked:
        rows = [one.body[i : i + 16] for i in range(4, len(one.body), 16)]
        assert len(set(rows)) == 1024
        places.add(tuple(rows.index(box_id) for box_id in ids))
    assert len(places) > 1


def test_bits_are_read_most_significant_first():
    ids = [bytes([i]) * 16 for i in range(20)]
    has = {ids[3], ids[17]}

    def answer(asked: Asked) -> Reply:
        rows = [asked.body[i : i + 16] for i in range(4, len(asked.body), 16)]
        bits = "".join("0" if row in has else "1" for row in rows)
        return 200, int(bits, 2).to_bytes(128, "big")

    with lie(answer) as (url, _), Connection(url) as connection:
        assert missing.stored(connection, 1, ids) == [box_id in has for box_id in ids]


def test_a_week_that_the_server_does_not_keep_has_nothing():
    for status in (404, 409):
        with lie(lambda _, status=status: (status, b"{}")) as (url, _), Connection(url) as connection:  # type: ignore[misc]
            assert missing.stored(connection, 1, [bytes(16)]) == [False]
