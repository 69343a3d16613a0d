"""An acknowledgement says what the vault has, and not what it once had."""

from pathlib import Path

from knothole_client.desk import restoring
from knothole_keys.card import read_acknowledgement
from tests.desk.answering import exported, queued
from tests.desk.conftest import CHEAP, PASSPHRASE, Desk
from tests.desk.test_backup import back_up
from tests.support.drop import Drop, SealedBox, Sent, seal_submission, write_out


def told(desk: Desk) -> tuple[int, int, int, int]:
    (one,) = queued(desk, "acknowledgement")
    known = read_acknowledgement(one.text)
    assert known is not None
    return known.boxes, known.expected, known.files, known.of


def big(drop: Drop) -> Sent:
    return seal_submission(drop, "hello", {"a.bin": b"x" * 700_000})


def lose(desk: Desk, box: SealedBox) -> None:
    (desk.path / "boxes" / str(box.epoch) / f"{box.id.hex()}.box").unlink()


def test_boxes_that_are_gone_are_not_acknowledged_once_seen_and_again_when_mended(
    desk: Desk, drop: Drop, tmp_path: Path
) -> None:
    sent = big(drop)
    folder = write_out(tmp_path / "in", drop, sent.boxes)
    desk.take_in(folder)
    whole = (len(sent.boxes), len(sent.boxes), 1, 1)
    assert told(desk) == whole
    lose(desk, sent.file_boxes["a.bin"][1])
    desk.export(sent.id.hex(), tmp_path / "out")
    exported(desk, tmp_path, 1)
    assert told(desk) == (len(sent.boxes) - 1, len(sent.boxes), 0, 1)
    desk.take_in(folder)
    exported(desk, tmp_path, 2)
    assert told(desk) == whole


def test_the_last_part_makes_nothing_whole_of_which_others_were_lost_unseen(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = big(drop)
    desk.take_in(write_out(tmp_path / "first", drop, sent.boxes[:-1]))
    lose(desk, sent.file_boxes["a.bin"][0])
    desk.take_in(write_out(tmp_path / "rest", drop, sent.boxes[-1:]))
    assert told(desk) == (len(sent.boxes) - 1, len(sent.boxes), 0, 1)


def test_a_vault_restored_without_its_boxes_takes_its_word_back(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = big(drop)
    desk.take_in(write_out(tmp_path / "in", drop, sent.boxes))
    file = back_up(desk, tmp_path / "backup")
    restoring.restore(file, tmp_path / "again", PASSPHRASE, boxes=None, until=None, cost=CHEAP)
    came = object.__new__(Desk)
    came.path, came.drop = tmp_path / "again", desk.drop
    exported(came, tmp_path, 1)
    assert told(came) == (0, len(sent.boxes), 0, 1)
