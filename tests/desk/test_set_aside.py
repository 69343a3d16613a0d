"""A box of which the courier has two: whichever opens is taken, wherever it lies, and its week is still its own."""

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from knothole_client.folder import SET_ASIDE, aside_name
from tests.desk.conftest import Desk
from tests.support.drop import Drop, SealedBox, seal_submission, write_out


def garbage(box: SealedBox) -> SealedBox:
    return replace(box, data=box.data[:16] + os.urandom(len(box.data) - 16))


def damaged(box: SealedBox) -> SealedBox:
    return replace(box, data=box.data[:-1] + bytes([box.data[-1] ^ 1]))


def set_aside(out: Path, box: SealedBox) -> Path:
    path = out / SET_ASIDE / str(box.epoch) / aside_name(box.id, hashlib.sha256(box.data).digest())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(box.data)
    return path


@pytest.fixture
def box(desk: Desk, drop: Drop) -> SealedBox:
    return seal_submission(drop, "the evidence").boxes[0]


@pytest.mark.parametrize("spoil", [garbage, damaged, lambda box: replace(box, data=b"short")])
def test_the_true_box_is_found_behind_one_that_does_not_open(desk: Desk, drop: Drop, box: SealedBox, tmp_path: Path, spoil):
    out = write_out(tmp_path / "out", drop, [spoil(box)])
    set_aside(out, garbage(box))
    set_aside(out, box)
    report = desk.take_in(out)
    assert (report.kept, report.not_ours, report.damaged, report.partial, report.odd) == (1, 0, [], [], 0)
    assert [one.message for one in desk.submissions()] == ["the evidence"]


def test_the_box_in_its_place_comes_first_and_the_courier_s_list_is_no_odd_thing(
    desk: Desk, drop: Drop, box: SealedBox, tmp_path: Path
):
    out = write_out(tmp_path / "out", drop, [box])
    set_aside(out, garbage(box))
    (out / "listed").mkdir()
    (out / "listed" / str(box.epoch)).write_bytes(b"whatever")
    report = desk.take_in(out)
    assert (report.kept, report.odd, report.damaged) == (1, 0, [])


def test_a_box_that_is_only_set_aside_is_taken(desk: Desk, drop: Drop, box: SealedBox, tmp_path: Path):
    out = write_out(tmp_path / "out", drop, [])
    set_aside(out, box)
    assert desk.take_in(out).kept == 1
    assert desk.take_in(out).known == 1


def test_one_for_another_week_does_not_open(desk: Desk, drop: Drop, box: SealedBox, tmp_path: Path):
    out = write_out(tmp_path / "out", drop, [])
    set_aside(out, replace(box, epoch=box.epoch + 1))
    report = desk.take_in(out)
    assert (report.kept, report.not_ours) == (0, 1)


def test_when_none_opens_the_more_telling_failure_is_told(desk: Desk, drop: Drop, box: SealedBox, tmp_path: Path):
    out = write_out(tmp_path / "out", drop, [garbage(box)])
    set_aside(out, damaged(box))
    report = desk.take_in(out)
    assert (report.kept, report.not_ours, report.damaged) == (0, 0, [f"{box.epoch}/{box.id.hex()}"])


def test_a_box_lost_from_the_vault_is_put_back_from_there(desk: Desk, drop: Drop, box: SealedBox, tmp_path: Path):
    desk.take_in(write_out(tmp_path / "out", drop, [box]))
    shutil.rmtree(desk.path / "boxes" / str(drop.epoch))
    out = write_out(tmp_path / "later", drop, [garbage(box)])
    set_aside(out, box)
    assert desk.take_in(out).mended == 1
    assert desk.export(desk.submissions()[0].id, tmp_path / "ex").incomplete == []


def link(path: Path) -> None:
    path.with_name("elsewhere").write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to("elsewhere")


def test_no_link_is_followed_and_no_other_name_is_read(desk: Desk, drop: Drop, box: SealedBox, tmp_path: Path):
    out = write_out(tmp_path / "out", drop, [])
    path = set_aside(out, box)
    link(path)
    path.with_name("elsewhere").rename(path.with_name(f"{box.id.hex()}-0.box"))
    (out / SET_ASIDE / f"0{box.epoch}").mkdir()
    report = desk.take_in(out)
    assert (report.kept, report.odd) == (0, 3)
    shutil.move(out / SET_ASIDE, tmp_path / "moved")
    (out / SET_ASIDE).symlink_to(tmp_path / "moved")
    report = desk.take_in(out)
    assert (report.kept, report.odd) == (0, 1)
