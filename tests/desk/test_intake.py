"""Import: what is kept, what is counted and left, and that nothing can be made of it but what the sources sent."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from knothole_keys import codename, merkle
from knothole_keys.epoch import WEEK
from knothole_keys.errors import Refused
from knothole_keys.stream import Head, letter_parts
from tests.desk.conftest import NOW, Desk, whole
from tests.support.drop import Drop, SealedBox, make_drop, new_thread, seal_parts, seal_submission, sealer, write_out

BIG = os.urandom(700_000)
Unchanged = Callable[[Path], Callable[[], None]]


def test_round_trip(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(
        drop, "Grüße 你好", {"big.bin": BIG, "small.txt": b"tiny", "empty": b""}, types={"small.txt": "text/plain"}
    )
    report = desk.take_in(write_out(tmp_path / "out", drop, sent.boxes))
    assert (report.kept, report.letters, report.refused) == (len(sent.boxes), [sent.id.hex()], {})
    (submission,) = desk.submissions()
    assert (submission.message, submission.complete, submission.thread) == ("Grüße 你好", True, sent.thread.thread.hex())
    assert [(f.entry.name, f.state, f.have, f.parts) for f in submission.files] == [
        ("big.bin", "complete", 3, 3),
        ("small.txt", "inside", 1, 1),
        ("empty", "inside", 1, 1),
    ]
    done = desk.export(submission.id[:6], tmp_path / "ex")
    assert done.incomplete == []
    assert {p.name: p.read_bytes() for p in (tmp_path / "ex/files").iterdir()} == {
        "big.bin": BIG,
        "small.txt": b"tiny",
        "empty": b"",
    }


def test_boxes_are_kept_as_they_came(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, "hello", {"big.bin": BIG})
    desk.take_in(write_out(tmp_path / "out", drop, sent.boxes))
    assert {(p.parent.name, p.stem, p.read_bytes()) for p in (desk.path / "boxes").rglob("*.box")} == {
        (str(one.epoch), one.id.hex(), one.data) for one in sent.boxes
    }


def test_importing_twice_changes_nothing(desk: Desk, drop: Drop, tmp_path: Path, unchanged: Unchanged) -> None:
    out = write_out(tmp_path / "out", drop, seal_submission(drop, "hello", {"big.bin": BIG}).boxes)
    desk.take_in(out)
    check = unchanged(desk.path)
    report = desk.take_in(out)
    assert (report.kept, report.known, report.letters) == (0, 4, [])
    check()


def test_known_boxes_are_not_even_read(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, "hello", {"big.bin": BIG})
    out = write_out(tmp_path / "out", drop, sent.boxes)
    desk.take_in(out)
    for path in out.rglob("*.box"):
        path.write_bytes(b"")
    report = desk.take_in(out)
    assert (report.known, report.wrong) == (4, [])
    assert whole(desk, tmp_path / "ex") == BIG


@pytest.mark.parametrize("order", [[3, 2, 1, 0], [1, 3, 0, 2]])
def test_parts_before_the_letter_and_in_any_order(desk: Desk, drop: Drop, tmp_path: Path, order: list[int]) -> None:
    sent = seal_submission(drop, "hello", {"big.bin": BIG})
    for turn, index in enumerate(order):
        report = desk.take_in(write_out(tmp_path / f"out{turn}", drop, [sent.boxes[index]]))
        assert report.kept == 1
        assert [one.complete for one in desk.submissions()] in ([], [turn == 3])
    assert whole(desk, tmp_path / "ex") == BIG


def test_files_without_their_letter_are_told(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, "hello", {"big.bin": BIG})
    desk.take_in(write_out(tmp_path / "out", drop, sent.file_boxes["big.bin"]))
    with desk.inbox() as inbox:
        assert (inbox.summaries(), inbox.unclaimed()) == ([], 1)
    desk.take_in(write_out(tmp_path / "more", drop, sent.letter_boxes))
    with desk.inbox() as inbox:
        assert inbox.unclaimed() == 0


def test_a_letter_of_several_boxes_waits_for_all(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, "long " * 120_000)
    assert len(sent.boxes) == 3
    desk.take_in(write_out(tmp_path / "out", drop, sent.boxes[:2]))
    (submission,) = desk.submissions()
    assert (submission.read, submission.have, submission.group.count, submission.message) == (False, 2, 3, "")
    with pytest.raises(Refused, match="Only 2 of the letter's 3 boxes"):
        desk.export(submission.id, tmp_path / "ex")
    assert not (tmp_path / "ex").exists()
    desk.take_in(write_out(tmp_path / "more", drop, sent.boxes[2:]))
    assert desk.submissions()[0].message == "long " * 120_000


def test_one_file_across_two_weeks(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    words = codename.generate()
    first = seal_submission(drop, "hello", {"big.bin": BIG}, words=words)
    second = seal_submission(drop, "hello", {"big.bin": BIG}, words=words, epoch=drop.epoch + 1)
    assert first.id == second.id
    desk.take_in(write_out(tmp_path / "out", drop, [first.boxes[0], first.boxes[2], *second.boxes[1:]]))
    assert {p.name for p in (desk.path / "boxes").iterdir()} == {str(drop.epoch), str(drop.epoch + 1)}
    assert whole(desk, tmp_path / "ex") == BIG


def test_the_same_part_in_another_box_is_kept_once(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    words = codename.generate()
    sent = [seal_submission(drop, "hello", {"big.bin": BIG}, words=words, epoch=drop.epoch + i) for i in (0, 1)]
    report = desk.take_in(write_out(tmp_path / "out", drop, sent[0].boxes + sent[1].boxes))
    assert (report.kept, report.twins, len(report.letters)) == (4, 4, 1)
    assert desk.take_in(tmp_path / "out").known == 8
    assert whole(desk, tmp_path / "ex") == BIG


def test_two_submissions_of_one_thread_share_a_file(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    words = codename.generate()
    one = seal_submission(drop, "first", {"a.bin": BIG}, words=words)
    two = seal_submission(drop, "second", {"b.bin": BIG}, words=words)
    report = desk.take_in(write_out(tmp_path / "out", drop, one.boxes + two.letter_boxes))
    assert (report.kept, len(report.letters)) == (5, 2)
    assert all(submission.complete for submission in desk.submissions())
    assert len({submission.thread for submission in desk.submissions()}) == 1


# Boxes that are not for us, damaged, or out of their place.


def test_cover_and_other_readers_boxes_are_counted_and_not_kept(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    bob = Desk(tmp_path / "bob", drop, "Bob").join()
    (bob_id,) = (one for one in drop.recipients.values() if one.name == "Bob")
    sent = seal_submission(drop, "for Bob", readers=[bob_id])
    out = write_out(tmp_path / "out", drop, sent.boxes)
    report = desk.take_in(out)
    assert (report.kept, report.not_ours, desk.submissions()) == (0, 1, [])
    assert list((desk.path / "boxes").rglob("*.box")) == []
    assert len(bob.take_in(out).letters) == 1


def test_another_drops_boxes_are_not_ours(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    other = make_drop(recipients=[], now=NOW)
    other.recipients = drop.recipients
    other.rosters = drop.rosters
    # Sealed to this very desk's keys, but bound to another drop.
    report = desk.take_in(write_out(tmp_path / "out", drop, seal_submission(other, "hello").boxes))
    assert (report.kept, report.not_ours) == (0, 1)


def flipped(box: SealedBox, at: int) -> SealedBox:
    data = bytearray(box.data)
    data[at] ^= 1
    return replace(box, data=bytes(data))


@pytest.mark.parametrize("at", [16 + 1168 * 4 + 30, 100_000, 2**18 - 1])
def test_a_damaged_box_is_named_and_not_kept_and_a_good_copy_mends_it(desk: Desk, drop: Drop, tmp_path: Path, at: int) -> None:
    sent = seal_submission(drop, "hello", {"big.bin": BIG})
    boxes = [sent.boxes[0], flipped(sent.boxes[1], at), *sent.boxes[2:]]
    report = desk.take_in(write_out(tmp_path / "out", drop, boxes))
    assert report.damaged == [f"{drop.epoch}/{sent.boxes[1].id.hex()}"]
    assert (report.kept, desk.submissions()[0].complete) == (3, False)
    desk.take_in(write_out(tmp_path / "good", drop, [sent.boxes[1]]))
    assert whole(desk, tmp_path / "ex") == BIG


def test_a_box_under_anothers_name_does_not_open(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    one, two = (seal_submission(drop, text).boxes[0] for text in ("one", "two"))
    report = desk.take_in(write_out(tmp_path / "out", drop, [replace(one, id=two.id), replace(two, id=one.id)]))
    assert (report.kept, len(report.damaged), desk.submissions()) == (0, 2, [])


def test_a_box_of_another_week_does_not_open(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    box = seal_submission(drop, "one").boxes[0]
    report = desk.take_in(write_out(tmp_path / "out", drop, [replace(box, epoch=box.epoch + 1)]))
    assert (report.kept, report.not_ours) == (0, 1)


def test_spliced_boxes_do_not_open(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    one, two = (seal_submission(drop, text).boxes[0] for text in ("one", "two"))
    cut = drop.geometry().wraps_end
    spliced = [
        SealedBox(one.epoch, os.urandom(16), one.data[:cut] + two.data[cut:]),
        replace(one, data=one.data[:cut] + two.data[cut:]),
    ]
    report = desk.take_in(write_out(tmp_path / "out", drop, spliced))
    assert (report.kept, len(report.damaged)) == (0, 2)


@pytest.mark.parametrize(
    "change", [lambda data: data[:-1], lambda data: data + b"x", lambda data: b"", lambda data: bytes(len(data))]
)
def test_what_has_not_the_look_of_a_box_is_named(desk: Desk, drop: Drop, tmp_path: Path, change: Any) -> None:
    box = seal_submission(drop, "one").boxes[0]
    data = change(box.data)
    report = desk.take_in(write_out(tmp_path / "out", drop, [replace(box, data=data)]))
    names = [f"{box.epoch}/{box.id.hex()}"]
    assert (report.partial, report.wrong) == ((names, []) if len(data) < len(box.data) else ([], names))
    assert report.kept == 0


def test_a_part_that_lies_about_its_place_is_foreign(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    _, keys = new_thread(drop)
    capacity = drop.geometry().capacity
    tree = merkle.Tree([merkle.leaf(bytes(capacity)), merkle.leaf(b"end")])
    lies = [
        (Head("file", os.urandom(32), tree.root, 1, 2, tree.path(1)), b"other"),
        (Head("file", os.urandom(32), os.urandom(32), 0, 1, b""), b"body"),
        (Head("letter", tree.root, tree.root, 0, 2, tree.path(0)), b"\x01" * capacity),
    ]
    boxes = seal_parts(sealer(drop, keys), drop.epoch, lies)
    report = desk.take_in(write_out(tmp_path / "out", drop, boxes))
    assert (report.kept, len(report.wrong)) == (0, 3)


def test_forged_parts_never_join_a_strangers_stream(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    # Somebody who knows a stream's id, but not its bytes, offers other bytes under that id: another root, so another group.
    sent = seal_submission(drop, "hello", {"big.bin": BIG})
    _, mallory = new_thread(drop)
    (entry,) = (head for head in [next(letter_parts(BIG, drop.geometry().capacity))[0]])
    desk.take_in(write_out(tmp_path / "letter", drop, sent.letter_boxes))
    stream = desk.submissions()[0].files[0].entry.stream
    forged = [(replace(entry, kind="file", stream=stream, root=merkle.leaf(b"x"), index=0, count=1, path=b""), b"x")]
    report = desk.take_in(write_out(tmp_path / "forged", drop, seal_parts(sealer(drop, mallory), drop.epoch, forged)))
    assert report.kept == 1
    assert desk.submissions()[0].files[0].have == 0
    desk.take_in(write_out(tmp_path / "rest", drop, sent.boxes))
    assert whole(desk, tmp_path / "ex") == BIG


def test_weeks_without_a_secret_are_counted(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    box = seal_submission(drop, "hello").boxes[0]
    boxes = [replace(box, epoch=drop.epoch - 1), replace(box, epoch=drop.epoch - 2), replace(box, epoch=drop.epoch + 30)]
    report = desk.take_in(write_out(tmp_path / "out", drop, boxes))
    assert (report.kept, report.keyless, report.not_open) == (0, 2, 1)
    assert report.keyless_epochs == {drop.epoch - 1, drop.epoch + 30}


def test_bigger_boxes_from_next_week_on(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    first = seal_submission(drop, "small box", {"a.bin": BIG})
    drop.rotate_root(size=2**19)
    drop.issue(now=NOW + WEEK)
    second = seal_submission(drop, "big box", {"b.bin": BIG}, epoch=drop.epoch + 1)
    assert len(second.boxes[0].data) == 2 * len(first.boxes[0].data)
    report = desk.take_in(write_out(tmp_path / "out", drop, first.boxes + second.boxes), now=NOW + WEEK)
    assert len(report.letters) == 2
    assert all(submission.complete for submission in desk.submissions())
