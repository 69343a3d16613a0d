"""What the courier has, no server takes away: the first box of an id stays, a later one is set aside, rot is mended."""

import os
from pathlib import Path

import pytest

from knothole_keys.cli import run
from tests.client.liar import Liar, lied
from tests.client.served import lie
from tests.desk.conftest import snapshot
from tests.support.drop import make_drop


@pytest.fixture
def liar() -> Liar:
    return Liar(make_drop())


@pytest.fixture
def out(liar: Liar, tmp_path: Path) -> Path:
    """A folder into which everything was fetched."""
    lied(liar, tmp_path / "out")
    return tmp_path / "out"


def place(liar: Liar, out: Path, name: str) -> Path:
    return out / str(liar.drop.epoch) / f"{name}.box"


def aside(out: Path) -> list[Path]:
    return sorted(path for path in (out / "set-aside").rglob("*") if path.is_file())


def swap(liar: Liar, name: str) -> bytes:
    """The server lists and serves garbage with the look of a box from now on."""
    liar.boxes[name] = liar.boxes[name][:16] + os.urandom(len(liar.boxes[name]) - 16)
    return liar.boxes[name]


def rot(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def test_a_box_that_the_server_replaces_stays_and_the_newcomer_is_set_aside(liar: Liar, out: Path):
    name = min(liar.boxes)
    true = liar.boxes[name]
    garbage = swap(liar, name)
    result = lied(liar, out)
    assert place(liar, out, name).read_bytes() == true
    (other,) = aside(out)
    assert other.read_bytes() == garbage
    assert other.parent.name == str(liar.drop.epoch)
    assert other.name.startswith(f"{name}-")
    (sentence,) = result.changed
    assert f"The server now lists another box under {name[:8]}" in sentence


def test_the_same_newcomer_is_not_fetched_twice_and_is_told_each_time(liar: Liar, out: Path):
    swap(liar, min(liar.boxes))
    assert len(lied(liar, out).fetched) == 1
    before = snapshot(out)
    again = lied(liar, out)
    assert (again.fetched, len(again.changed)) == ([], 1)
    assert snapshot(out) == before


def test_a_second_newcomer_takes_nobodys_place(liar: Liar, out: Path):
    name = min(liar.boxes)
    boxes = {liar.boxes[name], *(swap(liar, name) for _ in range(2) if lied(liar, out))}
    lied(liar, out)
    assert {path.read_bytes() for path in [place(liar, out, name), *aside(out)]} == boxes


def test_the_true_box_has_its_place_again_when_the_server_is_honest_again(liar: Liar, out: Path):
    name = min(liar.boxes)
    true = liar.boxes[name]
    swap(liar, name)
    lied(liar, out)
    liar.boxes[name] = true
    assert (lied(liar, out).changed, place(liar, out, name).read_bytes()) == ([], true)


@pytest.mark.parametrize("lost", ["rotten", "gone"])
def test_a_lost_box_leaves_its_place_to_no_other(liar: Liar, out: Path, lost: str):
    name = min(liar.boxes)
    true = liar.boxes[name]
    (rot if lost == "rotten" else Path.unlink)(place(liar, out, name))
    garbage = swap(liar, name)
    assert len(lied(liar, out).changed) == 1
    assert [path.read_bytes() for path in aside(out)] == [garbage]
    liar.boxes[name] = true
    lied(liar, out)
    assert place(liar, out, name).read_bytes() == true


def test_a_rotten_copy_is_fetched_again_and_nothing_is_set_aside(liar: Liar, out: Path):
    name = min(liar.boxes)
    rot(place(liar, out, name))
    result = lied(liar, out)
    assert (len(result.fetched), result.changed, aside(out)) == (1, [], [])
    assert place(liar, out, name).read_bytes() == liar.boxes[name]


@pytest.mark.parametrize("harm", ["no list", "a rotten list", "an empty list", "a list of something else"])
def test_without_its_list_the_courier_takes_what_is_there_for_the_first(liar: Liar, out: Path, harm: str):
    # As in a folder of an older version, or after a crash before the list was written.
    (path,) = (out / "listed").iterdir()
    if harm == "no list":
        path.unlink()
    elif harm == "a rotten list":
        rot(path)
    else:
        path.write_bytes(b"" if harm == "an empty list" else bytes(96))
    name = min(liar.boxes)
    true = liar.boxes[name]
    garbage = swap(liar, name)
    assert len(lied(liar, out).changed) == 1
    assert place(liar, out, name).read_bytes() == true
    assert [one.read_bytes() for one in aside(out)] == [garbage]
    # The others are on the list again: their rot is mended, and nothing set aside for it.
    other = max(liar.boxes)
    rot(place(liar, out, other))
    lied(liar, out)
    assert place(liar, out, other).read_bytes() == liar.boxes[other]
    assert len(aside(out)) == 1


def test_what_a_stopped_fetch_brought_is_on_the_list(liar: Liar, tmp_path: Path):
    bad = max(liar.boxes)
    liar.change = lambda asked, reply: (401, b"{}") if asked.path.endswith(bad) else reply
    with pytest.raises(Exception, match="token"):
        lied(liar, tmp_path)
    liar.change = lambda asked, reply: reply
    (victim, *_) = (path.stem for path in tmp_path.glob("*/*.box"))
    rot(tmp_path / str(liar.drop.epoch) / f"{victim}.box")
    assert lied(liar, tmp_path).changed == []
    assert aside(tmp_path) == []


def test_the_command_exits_1_with_a_sentence(liar: Liar, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    swap(liar, min(liar.boxes))
    (tmp_path / "token").write_text("t" * 20)
    with lie(liar) as (url, _):
        assert run(["courier", "fetch", url, "--token-file", str(tmp_path / "token"), "--out", str(out)]) == 1
    told = capsys.readouterr().err.strip().splitlines()
    assert any(line.startswith("The server now lists another box under") for line in told)
    assert "under 1 id" in told[-1]
    assert "nothing that was here is lost" in told[-1]
