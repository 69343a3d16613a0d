"""A courier's folder that somebody on the way has filled: nothing outside it is read, nothing is opened but boxes."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_client.desk.carried import Carried, NotPlain
from knothole_keys.errors import KnotholeError, Refused
from tests.desk.conftest import NOW, Desk
from tests.support.drop import Drop, SealedBox, make_drop, seal_submission, write_out

Plant = Callable[[Path, SealedBox], None]


def place(out: Path, box: SealedBox) -> Path:
    path = out / str(box.epoch) / f"{box.id.hex()}.box"
    path.parent.mkdir(exist_ok=True)
    return path


def link_to_a_box(out: Path, box: SealedBox) -> None:
    (out.parent / "elsewhere").write_bytes(box.data)
    place(out, box).symlink_to(out.parent / "elsewhere")


def link_to_nowhere(out: Path, box: SealedBox) -> None:
    place(out, box).symlink_to("/nonexistent")


def link_to_itself(out: Path, box: SealedBox) -> None:
    place(out, box).symlink_to(place(out, box))


def a_pipe(out: Path, box: SealedBox) -> None:
    # Opening it the plain way would wait for ever.
    os.mkfifo(place(out, box))


def a_folder_named_like_a_box(out: Path, box: SealedBox) -> None:
    place(out, box).mkdir()


def a_week_that_is_a_link(out: Path, box: SealedBox) -> None:
    real = out.parent / "real"
    real.mkdir()
    (real / f"{box.id.hex()}.box").write_bytes(box.data)
    (out / str(box.epoch)).symlink_to(real)


def a_week_that_is_a_file(out: Path, box: SealedBox) -> None:
    (out / str(box.epoch)).write_bytes(box.data)


def a_week_with_a_zero_before_it(out: Path, box: SealedBox) -> None:
    (out / f"0{box.epoch}").mkdir()
    (out / f"0{box.epoch}" / f"{box.id.hex()}.box").write_bytes(box.data)


def a_week_beyond_all_weeks(out: Path, box: SealedBox) -> None:
    (out / "4294967296").mkdir()


def other_digits(out: Path, box: SealedBox) -> None:
    (out / "٢٩٦٩").mkdir()


def capital_letters(out: Path, box: SealedBox) -> None:
    path = place(out, box)
    path.with_name("ABCDEF" + path.name[6:]).write_bytes(box.data)


def another_ending(out: Path, box: SealedBox) -> None:
    place(out, box).with_suffix(".BOX").write_bytes(box.data)


def a_line_break_at_the_end(out: Path, box: SealedBox) -> None:
    path = place(out, box)
    path.with_name(path.name + "\n").write_bytes(box.data)


def an_escape_sequence(out: Path, box: SealedBox) -> None:
    (out / "\x1b]0;owned\x07\x1b[2J").write_bytes(box.data)


def bytes_that_are_no_text(out: Path, box: SealedBox) -> None:
    Path(os.fsdecode(os.fsencode(out) + b"/\xff\xfe")).write_bytes(box.data)


def the_longest_name(out: Path, box: SealedBox) -> None:
    (out / ("a" * 255)).write_bytes(box.data)


def left_over_parts(out: Path, box: SealedBox) -> None:
    place(out, box).with_name(".0123456789abcdef.part").write_bytes(box.data)


def deep_below(out: Path, box: SealedBox) -> None:
    # 4 KiB of path: more than any call takes at once.
    deep = out / str(box.epoch) / "sub"
    deep.mkdir(parents=True)
    folder = os.open(deep, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("n" * 250, dir_fd=folder)
        inner = os.open("n" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)


PLANTS: list[Plant] = [
    link_to_a_box,
    link_to_nowhere,
    link_to_itself,
    a_pipe,
    a_folder_named_like_a_box,
    a_week_that_is_a_link,
    a_week_that_is_a_file,
    a_week_with_a_zero_before_it,
    a_week_beyond_all_weeks,
    other_digits,
    capital_letters,
    another_ending,
    a_line_break_at_the_end,
    an_escape_sequence,
    bytes_that_are_no_text,
    the_longest_name,
    left_over_parts,
    deep_below,
]


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.timeout(30)
def test_what_is_no_box_is_counted_and_left(desk: Desk, drop: Drop, tmp_path: Path, plant: Plant) -> None:
    bad, good = seal_submission(drop, "bad").boxes[0], seal_submission(drop, "good", epoch=drop.epoch + 1)
    out = write_out(tmp_path / "out", drop, good.boxes)
    plant(out, bad)
    report = desk.take_in(out)
    assert (report.odd, report.kept, len(report.letters)) == (1, 1, 1)
    assert [one.message for one in desk.submissions()] == ["good"]
    shutil.rmtree(out)


NAMED_WRONG = [a_week_with_a_zero_before_it, a_week_beyond_all_weeks, other_digits, capital_letters, another_ending]
NAMED_WRONG += [a_line_break_at_the_end, an_escape_sequence, bytes_that_are_no_text, the_longest_name, left_over_parts]


@pytest.mark.parametrize("plant", NAMED_WRONG)
def test_what_is_not_named_like_a_box_is_not_even_listed(tmp_path: Path, plant: Plant) -> None:
    drop = make_drop(now=NOW)
    bad, good = seal_submission(drop, "bad").boxes[0], seal_submission(drop, "good").boxes[0]
    out = write_out(tmp_path / "out", drop, [good])
    plant(out, bad)
    with Carried.opened(out) as carried:
        assert carried.list() == [(good.epoch, [good.id])]
        assert carried.odd == 1


def test_a_huge_file_is_not_read(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    box = seal_submission(drop, "bad").boxes[0]
    out = write_out(tmp_path / "out", drop, [box])
    os.truncate(place(out, box), 2**40)
    report = desk.take_in(out)
    assert (report.kept, len(report.wrong)) == (0, 1)


@pytest.mark.parametrize("seen_as_plain", [False, True])
def test_a_box_that_is_exchanged_for_a_link_after_listing_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen_as_plain: bool
) -> None:
    drop = make_drop(now=NOW)
    box = seal_submission(drop, "bad").boxes[0]
    out = write_out(tmp_path / "out", drop, [box])
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * len(box.data))
    with Carried.opened(out) as carried:
        assert carried.list() == [(box.epoch, [box.id])]
        place(out, box).unlink()
        place(out, box).symlink_to(secret)
        if seen_as_plain:
            # Exchanged only after it was looked at: then the open itself must refuse the link.
            plain = secret.stat()
            monkeypatch.setattr(os, "stat", lambda *_, **__: plain)
        (copy,) = carried.copies(box.epoch, box.id)
        with pytest.raises(NotPlain):
            carried.read(copy, len(box.data))
        monkeypatch.undo()


@pytest.mark.parametrize("name", ["roots", "roster.note"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "huge"])
@pytest.mark.timeout(30)
def test_lists_that_are_no_plain_files_are_refused(desk: Desk, drop: Drop, tmp_path: Path, name: str, kind: str) -> None:
    out = write_out(tmp_path / "out", drop, seal_submission(drop, "hello").boxes)
    path = out / name
    shutil.move(path, tmp_path / "moved")
    if kind == "link":
        path.symlink_to(tmp_path / "moved")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.touch()
        os.truncate(path, 2**40)
    with pytest.raises(Refused, match="fetch again"):
        desk.take_in(out)
    assert desk.submissions() == []


def test_a_folder_that_is_not_there_is_one_sentence(desk: Desk, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path / "vault" / "vault.db"):
        with pytest.raises(KnotholeError, match="cannot be read"):
            desk.take_in(path)
