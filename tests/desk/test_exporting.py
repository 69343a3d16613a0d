"""Export: whole and verified, or named as incomplete; never over anything that exists."""

import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from knothole_client.desk import exporting
from knothole_client.desk.streams import Place, Streams
from knothole_keys import canonical
from knothole_keys.errors import Refused
from knothole_keys.letter import FileEntry
from knothole_keys.stream import letter_parts
from tests.desk.conftest import Desk
from tests.support.drop import (
    Drop,
    Sent,
    file_parts,
    letter_value,
    new_thread,
    seal_parts,
    seal_submission,
    sealer,
    sign_letter,
    write_out,
)

Unchanged = Callable[[Path], Callable[[], None]]
BIG, OTHER = os.urandom(700_000), os.urandom(300_000)


@pytest.fixture
def sent(desk: Desk, drop: Drop, tmp_path: Path) -> Sent:
    """A submission with a small file inside and two outside, imported whole."""
    made = seal_submission(drop, "two\nlines\n", {"big.bin": BIG, " odd name.txt": b"tiny", "other.bin": OTHER})
    desk.take_in(write_out(tmp_path / "out", drop, made.boxes))
    return made


def stored(desk: Desk, sent: Sent, name: str, index: int) -> Path:
    box = sent.file_boxes[name][index]
    return desk.path / "boxes" / str(box.epoch) / f"{box.id.hex()}.box"


def test_everything_is_there_for_its_owner_alone(desk: Desk, sent: Sent, tmp_path: Path) -> None:
    out = tmp_path / "ex"
    done = desk.export(sent.id.hex(), out)
    assert {str(p.relative_to(out)) for p in out.rglob("*")} == {
        "SHA256SUMS",
        "letter.json",
        "message.txt",
        "files",
        "files/big.bin",
        "files/ odd name.txt",
        "files/other.bin",
    }
    for path in [out, *out.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert (out / "message.txt").read_bytes() == b"two\nlines\n"
    assert [size for _, _, size in done.written][2:] == [700_000, 4, 300_000]


def test_coreutils_agrees_with_the_sums(desk: Desk, sent: Sent, tmp_path: Path) -> None:
    desk.export(sent.id.hex(), tmp_path / "ex")
    command = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    subprocess.run(command, cwd=tmp_path / "ex", check=True)
    (tmp_path / "ex/files/big.bin").write_bytes(b"changed")
    assert subprocess.run(command, cwd=tmp_path / "ex", check=False, capture_output=True).returncode == 1


def test_the_letter_goes_along_without_the_reply_key(desk: Desk, sent: Sent, tmp_path: Path) -> None:
    desk.export(sent.id.hex(), tmp_path / "ex")
    raw = (tmp_path / "ex/letter.json").read_bytes()
    value = canonical.decode(raw)
    assert (value["id"], value["message"], len(value["files"])) == (sent.id.hex(), "two\nlines\n", 3)
    assert sent.thread.reply_key.hex().encode() not in raw


def test_after_the_week_is_destroyed_it_still_exports(desk: Desk, drop: Drop, sent: Sent, tmp_path: Path) -> None:
    desk.destroy(*range(drop.epoch, drop.epoch + 8))
    assert desk.export(sent.id.hex(), tmp_path / "ex").incomplete == []
    assert (tmp_path / "ex/files/big.bin").read_bytes() == BIG


def test_nothing_is_written_over(
    desk: Desk, sent: Sent, tmp_path: Path, unchanged: Callable[[Path], Callable[[], None]]
) -> None:
    (tmp_path / "ex").mkdir()
    (tmp_path / "ex/mine.txt").write_text("mine")
    check = unchanged(tmp_path / "ex")
    with pytest.raises(Refused, match="not empty"):
        desk.export(sent.id.hex(), tmp_path / "ex")
    check()


def gone(path: Path) -> None:
    path.unlink()


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def linked(path: Path) -> None:
    shutil.move(path, path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


@pytest.mark.parametrize("harm", [gone, flipped, cut, linked])
def test_a_harmed_box_of_the_vault_makes_its_file_incomplete_and_no_other(
    desk: Desk, sent: Sent, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    harm(stored(desk, sent, "big.bin", 2))
    done = desk.export(sent.id.hex(), tmp_path / "ex")
    assert [name for name, _ in done.incomplete] == ["big.bin"]
    assert {p.name for p in (tmp_path / "ex/files").iterdir()} == {" odd name.txt", "other.bin"}
    assert (tmp_path / "ex/files/other.bin").read_bytes() == OTHER
    assert "big.bin: " in (tmp_path / "ex/INCOMPLETE.txt").read_text()
    assert not list((tmp_path / "ex").glob(".*"))


def test_a_box_exchanged_for_another_good_one_is_noticed(desk: Desk, sent: Sent, tmp_path: Path) -> None:
    one, two = stored(desk, sent, "big.bin", 0), stored(desk, sent, "big.bin", 1)
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    assert [name for name, _ in desk.export(sent.id.hex(), tmp_path / "ex").incomplete] == ["big.bin"]


class _Swap(NamedTuple):
    about: str
    order: list[int]


@pytest.mark.parametrize("swap", [_Swap("exchanged", [1, 0, 2]), _Swap("repeated", [0, 0, 2])])
def test_records_that_name_the_wrong_part_are_noticed(
    desk: Desk, sent: Sent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swap: _Swap
) -> None:
    real: Any = Streams.place

    def wrong(self: Streams, group: Any, index: int) -> Place | None:
        found: Place | None = real(self, group, swap.order[index] if group.count == 3 else index)
        return found

    monkeypatch.setattr(Streams, "place", wrong)
    done = desk.export(sent.id.hex(), tmp_path / "ex")
    assert [name for name, _ in done.incomplete] == ["big.bin"]
    with desk.inbox() as inbox:
        one = inbox.find(sent.id.hex())
        bodies = inbox.bodies(one.file_group(one.files[0].entry))
        with pytest.raises(Refused, match="another part"):
            list(bodies)


@pytest.mark.parametrize("lie", [-1, 1, 1000])
def test_a_letter_that_lies_about_a_size_exports_no_file(desk: Desk, drop: Drop, tmp_path: Path, lie: int) -> None:
    # Root and stream are right and all parts are here; only the signed size is not that of the bytes.
    _, keys = new_thread(drop)
    parts = file_parts(BIG, keys, drop.geometry().capacity)
    head = parts[0][0]
    entry = FileEntry("big.bin", len(BIG) + lie, "", head.root, head.stream)
    stream = sign_letter(drop, keys, letter_value(drop, keys, files=[entry.value()]))
    letter = letter_parts(stream, drop.geometry().capacity)
    boxes = seal_parts(sealer(drop, keys), drop.epoch, [*letter, *parts])
    desk.take_in(write_out(tmp_path / "out", drop, boxes))
    (submission,) = desk.submissions()
    assert submission.complete
    done = desk.export(submission.id, tmp_path / "ex")
    assert [name for name, _ in done.incomplete] == ["big.bin"]
    assert list((tmp_path / "ex/files").iterdir()) == []


@pytest.mark.parametrize("bodies", [[b"abc"], [b"ab", b"c"], [b"abcd"], []])
def test_a_whole_that_is_not_what_was_signed_never_gets_its_name(tmp_path: Path, bodies: list[bytes]) -> None:
    entry = FileEntry("name", 4, "", bytes(32), bytes(32))
    done = exporting.Exported()
    with pytest.raises(Refused):
        exporting._write(tmp_path, "name", exporting._checked(bodies or [b""], entry), done)
    assert list(tmp_path.iterdir()) == []
    assert done.written == []


def test_missing_parts_are_counted(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    made = seal_submission(drop, "hello", {"big.bin": BIG, "other.bin": OTHER})
    desk.take_in(write_out(tmp_path / "out", drop, [*made.letter_boxes, *made.file_boxes["big.bin"][1:]]))
    done = desk.export(made.id.hex(), tmp_path / "ex")
    assert [why.split(";")[0] for _, why in done.incomplete] == ["2 of its 3 boxes have come", "none of its boxes has come"]
    assert (tmp_path / "ex/message.txt").read_text() == "hello"


def test_a_damaged_letter_box_exports_nothing(desk: Desk, sent: Sent, tmp_path: Path) -> None:
    box = sent.letter_boxes[0]
    flipped(desk.path / "boxes" / str(box.epoch) / f"{box.id.hex()}.box")
    with pytest.raises(Exception, match="damaged or altered"):
        desk.export(sent.id.hex(), tmp_path / "ex")
    assert not (tmp_path / "ex").exists()


def test_a_full_disk_is_foreseen(desk: Desk, sent: Sent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int = 1_000_003

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage())
    with pytest.raises(Refused, match="another disk"):
        desk.export(sent.id.hex(), tmp_path / "ex")
    assert not (tmp_path / "ex").exists()


def test_a_disk_that_folds_two_names_into_one_loses_neither(
    desk: Desk, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As exFAT does with letters beyond ASCII; the first file stays, the second is named.
    made = seal_submission(drop, "hello", {"É.txt": b"one", "é.txt": b"two"})
    desk.take_in(write_out(tmp_path / "out", drop, made.boxes))
    real: Any = os.path.lexists
    monkeypatch.setattr(os.path, "lexists", lambda path: real(path) or real(str(path).replace("é", "É")))
    done = desk.export(made.id.hex(), tmp_path / "ex")
    assert [name for name, _ in done.incomplete] == ["é.txt"]
    assert (tmp_path / "ex/files/É.txt").read_bytes() == b"one"


def test_only_one_box_is_in_memory_at_a_time(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    import tracemalloc

    large = os.urandom(6_000_000)
    made = seal_submission(drop, "hello", {"large.bin": large})
    desk.take_in(write_out(tmp_path / "out", drop, made.boxes))
    tracemalloc.start()
    desk.export(made.id.hex(), tmp_path / "ex")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "ex/files/large.bin").read_bytes() == large
    assert peak < 3_000_000


@pytest.mark.parametrize("start", ["", "zz", "g" * 64])
def test_an_id_that_nothing_has_is_refused(desk: Desk, sent: Sent, tmp_path: Path, start: str) -> None:
    with pytest.raises(Refused, match="No submission"):
        desk.export(start, tmp_path / "ex")


def test_an_id_that_several_have_asks_for_more(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    boxes = [box for i in range(17) for box in seal_submission(drop, str(i)).boxes]
    desk.take_in(write_out(tmp_path / "out", drop, boxes))
    starts = [one.id[0] for one in desk.submissions()]
    twice = next(start for start in starts if starts.count(start) > 1)
    with pytest.raises(Refused, match="Several"):
        desk.export(twice, tmp_path / "ex")
