"""A disk that rots: export says which box, the list stops saying `complete`, and the courier's folder mends it all."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from knothole_client.desk.cli import words
from knothole_client.desk.listing import Page, Row
from knothole_client.desk.records import Records
from knothole_client.desk.writing import Writer
from knothole_keys import codename
from knothole_keys.errors import BoxDamaged, KnotholeError
from tests.desk.conftest import Desk, snapshot, whole
from tests.support.drop import Drop, Sent, seal_submission, write_out

BIG = os.urandom(700_000)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def sent(desk: Desk, drop: Drop, out: Path) -> Sent:
    made = seal_submission(drop, "hello", {"big.bin": BIG})
    desk.take_in(write_out(out, drop, made.boxes))
    return made


def kept(desk: Desk) -> list[Path]:
    return sorted((desk.path / "boxes").rglob("*.box"))


def rot(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def in_vault(desk: Desk, sent: Sent, index: int) -> Path:
    box = sent.file_boxes["big.bin"][index]
    return desk.path / "boxes" / str(box.epoch) / f"{box.id.hex()}.box"


def test_every_box_rotten_is_mended_by_one_export_and_one_import(desk: Desk, sent: Sent, out: Path, tmp_path: Path) -> None:
    for path in kept(desk):
        rot(path)
    with pytest.raises(BoxDamaged, match="import the courier's folder again"):
        desk.export(sent.id.hex(), tmp_path / "first")
    report = desk.take_in(out)
    assert (report.mended, report.known, report.kept, report.remarks) == (4, 0, 0, [])
    assert whole(desk, tmp_path / "ex") == BIG


def test_export_names_the_box_file_and_what_to_do(desk: Desk, sent: Sent, tmp_path: Path) -> None:
    path = in_vault(desk, sent, 1)
    rot(path)
    done = desk.export(sent.id.hex(), tmp_path / "ex")
    assert done.incomplete == [("big.bin", f"{path} was damaged or altered on this disk; import the courier's folder again.")]


def test_what_was_found_damaged_is_not_called_complete(desk: Desk, sent: Sent, out: Path, tmp_path: Path) -> None:
    rot(in_vault(desk, sent, 1))
    desk.export(sent.id.hex(), tmp_path / "first")
    with desk.inbox() as inbox:
        (one,), damaged = inbox.summaries(), inbox.damaged()
    box = sent.file_boxes["big.bin"][1]
    assert (one.complete, one.damaged, damaged) == (False, True, [f"{box.epoch}/{box.id.hex()}"])
    told = "\n".join(words.table(Page([Row(one)], 0, 1), [], 0, damaged))
    assert "damaged in the vault" in told
    assert "1 box could not be opened when last read: import the courier's folder again" in told
    assert "complete" not in told
    desk.take_in(out)
    assert [one.complete for one in desk.submissions()] == [True]


def test_another_submission_that_nobody_exported_is_mended_along(desk: Desk, drop: Drop, out: Path, tmp_path: Path) -> None:
    one, two = seal_submission(drop, "one"), seal_submission(drop, "two")
    desk.take_in(write_out(out, drop, [*one.boxes, *two.boxes]))
    for path in kept(desk):
        rot(path)
    with pytest.raises(BoxDamaged):
        desk.export(one.id.hex(), tmp_path / "first")
    assert desk.take_in(out).mended == 2
    desk.export(two.id.hex(), tmp_path / "ex")
    assert (tmp_path / "ex/message.txt").read_text() == "two"


def test_a_folder_without_the_box_says_that_it_mends_nothing(desk: Desk, sent: Sent, drop: Drop, tmp_path: Path) -> None:
    rot(in_vault(desk, sent, 0))
    desk.export(sent.id.hex(), tmp_path / "first")
    report = desk.take_in(write_out(tmp_path / "other", drop, seal_submission(drop, "other").boxes))
    assert (report.mended, report.kept) == (0, 1)
    assert report.remarks == ["1 box damaged in the vault could not be mended from this folder."]
    assert [one.complete for one in desk.submissions() if one.id == sent.id.hex()] == [False]


def test_a_copy_as_rotten_as_the_vaults_is_not_taken(desk: Desk, sent: Sent, out: Path, tmp_path: Path) -> None:
    path = in_vault(desk, sent, 0)
    rot(path)
    desk.export(sent.id.hex(), tmp_path / "first")
    before = path.read_bytes()
    carried = out / path.parent.name / path.name
    rot(carried)
    report = desk.take_in(out)
    assert (report.mended, report.damaged) == (0, [f"{path.parent.name}/{path.stem}"])
    assert path.read_bytes() == before
    rot(carried)
    assert desk.take_in(out).mended == 1


def test_a_box_that_reads_again_is_off_the_list_without_an_import(desk: Desk, sent: Sent, tmp_path: Path) -> None:
    path = in_vault(desk, sent, 0)
    rot(path)
    desk.export(sent.id.hex(), tmp_path / "first")
    rot(path)
    assert desk.export(sent.id.hex(), tmp_path / "second").incomplete == []
    with desk.inbox() as inbox:
        assert inbox.damaged() == []


def test_a_letter_that_rots_before_it_is_read_is_mended_by_the_next_import(
    desk: Desk, drop: Drop, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = seal_submission(drop, "hello " * 60_000)
    sync = Writer.sync

    def rotten(self: Writer) -> None:
        sync(self)
        for path in kept(desk):
            rot(path)

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "sync", rotten)
        assert list(desk.take_in(write_out(out, drop, sent.boxes)).refused) == [sent.id.hex()]
    report = desk.take_in(out)
    assert (report.mended, report.letters) == (2, [sent.id.hex()])


def test_a_vault_that_cannot_be_written_still_says_what_is_damaged(
    desk: Desk, sent: Sent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rot(in_vault(desk, sent, 0))

    def readonly(*_: object) -> None:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(Records, "put", readonly)
    ((_, why),) = desk.export(sent.id.hex(), tmp_path / "ex").incomplete
    assert why.endswith("was damaged or altered on this disk; import the courier's folder again.")


# The same part in another week's box.


@pytest.fixture
def twins(drop: Drop) -> list[Sent]:
    words = codename.generate()
    return [seal_submission(drop, "hello", {"big.bin": BIG}, words=words, epoch=drop.epoch + i) for i in (0, 1)]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("harm", [rot, Path.unlink])
def test_a_sound_twin_mends_a_lost_box(
    desk: Desk, drop: Drop, twins: list[Sent], tmp_path: Path, known: bool, harm: Callable[[Path], None]
) -> None:
    first, second = twins
    desk.take_in(write_out(tmp_path / "first", drop, first.boxes + (second.boxes if known else [])))
    for path in kept(desk):
        harm(path)
    with pytest.raises(KnotholeError):
        desk.export(first.id.hex(), tmp_path / "broken")
    report = desk.take_in(write_out(tmp_path / "second", drop, second.boxes))
    assert (report.mended, report.remarks) == (4, [])
    assert whole(desk, tmp_path / "ex") == BIG
    # The box that rotted is a twin from now on, and troubles no import.
    again = desk.take_in(write_out(tmp_path / "both", drop, first.boxes + second.boxes))
    assert (again.known, again.mended, again.damaged) == (8, 0, [])
    assert whole(desk, tmp_path / "ex2") == BIG


def test_a_rotten_twin_takes_no_place(desk: Desk, drop: Drop, twins: list[Sent], tmp_path: Path) -> None:
    first, second = twins
    desk.take_in(write_out(tmp_path / "first", drop, first.boxes + second.boxes))
    rot(kept(desk)[0])
    with suppress(KnotholeError):
        desk.export(first.id.hex(), tmp_path / "broken")
    before = snapshot(desk.path / "boxes")
    out = write_out(tmp_path / "second", drop, second.boxes)
    for path in out.rglob("*.box"):
        rot(path)
    report = desk.take_in(out)
    assert (report.mended, len(report.damaged)) == (0, 1)
    assert snapshot(desk.path / "boxes") == before


def test_a_twin_whose_week_is_destroyed_mends_nothing_and_harms_nothing(
    desk: Desk, drop: Drop, twins: list[Sent], tmp_path: Path
) -> None:
    first, second = twins
    desk.take_in(write_out(tmp_path / "both", drop, first.boxes + second.boxes))
    desk.destroy(drop.epoch, drop.epoch + 1)
    rot(kept(desk)[0])
    with suppress(KnotholeError):
        desk.export(first.id.hex(), tmp_path / "broken")
    report = desk.take_in(write_out(tmp_path / "second", drop, second.boxes))
    assert (report.mended, report.known, len(report.remarks)) == (0, 4, 1)
    assert desk.take_in(tmp_path / "both").mended == 1
    assert whole(desk, tmp_path / "ex") == BIG
