"""`source send --out`: a submission as `.boxes` files, letter first, online or offline, whole or not there at all."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from knothole_client.source import carrying
from knothole_keys import codename
from knothole_keys.boxes_file import BoxEnd, Entry, Header, Reader
from knothole_keys.cli import run
from knothole_keys.root import fingerprint
from tests.client.opened import Found, open_all
from tests.client.sent import big
from tests.client.served import Served
from tests.support.drop import Drop, SealedBox, make_drop

NOWHERE = "http://127.0.0.1:9"


def boxes_in(path: Path) -> Iterator[SealedBox]:
    """The boxes of a file, in its order."""
    reader, entry, data = Reader(), None, b""
    for event in reader.feed(path.read_bytes()):
        if isinstance(event, Entry):
            entry, data = event, b""
        elif isinstance(event, bytes):
            data += event
        elif isinstance(event, BoxEnd):
            assert entry
            yield SealedBox(entry.epoch, entry.box_id, data)
        else:
            assert isinstance(event, Header)
    reader.finish()


def opened(folder: Path, drop: Drop, *paths: Path) -> Found:
    """What a desk makes of these files' boxes."""
    for path in paths:
        for box in boxes_in(path):
            place = folder / str(box.epoch) / f"{box.id.hex()}.box"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(box.data)
    return open_all(folder, drop)


@pytest.fixture
def lists(drop: Drop, tmp_path: Path) -> list[object]:
    """The words that make the command work offline."""
    (tmp_path / "roots").write_bytes(drop.chain_bytes)
    (tmp_path / "roster").write_bytes(drop.roster_bytes)
    return ["--roots", tmp_path / "roots", "--roster", tmp_path / "roster"]


def send(drop: Drop, *more: object, url: str = NOWHERE, code: int = 0) -> None:
    assert run(["source", "send", url, "--root", fingerprint(drop.drop_id), *map(str, more)]) == code


def test_what_is_made_online_is_the_submission_letter_first(served: Served, drop: Drop, tmp_path: Path) -> None:
    film, out = big(tmp_path, drop, 5), tmp_path / "1.boxes"
    send(drop, "-m", "by hand", "--codename-file", tmp_path / "words", "--out", out, film, url=served.url)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    boxes = list(boxes_in(out))
    assert len(boxes) == 6
    found = opened(tmp_path / "out", drop, out)
    assert [letter.message for letter in found.letters] == ["by hand"]
    assert found.file("film.bin") == film.read_bytes()
    first = tmp_path / "first"
    (first / str(boxes[0].epoch)).mkdir(parents=True)
    (first / str(boxes[0].epoch) / f"{boxes[0].id.hex()}.box").write_bytes(boxes[0].data)
    assert len(open_all(first, drop).letters) == 1


def test_offline_nothing_is_asked_of_anybody(drop: Drop, tmp_path: Path, lists: list[object], capfd) -> None:
    out = tmp_path / "1.boxes"
    send(drop, "-m", "offline", "--out", out, *lists)
    said = capfd.readouterr()
    words = said.out.strip()
    assert codename.parse(words) == words
    assert words not in said.err
    assert f"Open {NOWHERE} in a browser" in said.err
    assert carrying.last_day(drop.epoch) in said.err
    assert [letter.message for letter in opened(tmp_path / "out", drop, out).letters] == ["offline"]


def test_the_same_codename_makes_boxes_of_the_same_ids(drop: Drop, tmp_path: Path, lists: list[object]) -> None:
    for name in ("1.boxes", "2.boxes"):
        send(drop, "-m", "twice", "--codename-file", tmp_path / "words", "--out", tmp_path / name, *lists)
    first, second = ([box.id for box in boxes_in(tmp_path / name)] for name in ("1.boxes", "2.boxes"))
    assert first == second


def test_split_files_are_each_whole_and_no_longer_than_was_asked(
    drop: Drop, tmp_path: Path, lists: list[object], capfd
) -> None:
    film = big(tmp_path, drop, 7)
    send(drop, "-m", "in parts", "--out", tmp_path / "s.boxes", "--split", "800K", film, *lists)
    names = [f"s.{number}.boxes" for number in (1, 2, 3)]
    assert sorted(path.name for path in tmp_path.glob("*.boxes")) == names
    paths = [tmp_path / name for name in names]
    assert [len(list(boxes_in(path))) for path in paths] == [3, 3, 2]
    assert max(path.stat().st_size for path in paths) <= 800 * 1024
    assert opened(tmp_path / "out", drop, *paths).file("film.bin") == film.read_bytes()
    assert "each of these files, in this order" in capfd.readouterr().err


REFUSED: dict[str, tuple[int, Callable[[Path, Drop], list[object]], str]] = {
    "a file that exists": (1, lambda at, _: ["--out", at / "there.boxes"], "exists already"),
    "a numbered file that exists": (1, lambda at, _: ["--out", at / "x.boxes", "--split", "1M"], "x.1.boxes exists already"),
    "no such folder": (1, lambda at, _: ["--out", at / "none" / "1.boxes"], "folder does not exist"),
    "a split below a box": (1, lambda at, _: ["--out", at / "1.boxes", "--split", "100K"], "less than a box takes"),
    "a split in words": (1, lambda at, _: ["--out", at / "1.boxes", "--split", "half"], "wants a size"),
    "a split alone": (2, lambda _, __: ["--split", "1M"], "go with --out"),
    "roots alone": (2, lambda at, _: ["--out", at / "1.boxes", "--roots", at / "roots"], "go with --out"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_made_is_refused_and_no_codename_is_lost(
    drop: Drop, tmp_path: Path, lists: list[object], capfd, name: str
) -> None:
    (tmp_path / "there.boxes").write_bytes(b"mine")
    (tmp_path / "x.1.boxes").write_bytes(b"mine, too")
    before = sorted(path.name for path in tmp_path.iterdir())
    code, make, why = REFUSED[name]
    more = make(tmp_path, drop)
    send(drop, "-m", "x", *more, *([] if code == 2 else lists), code=code)
    said = capfd.readouterr()
    assert why in said.err
    assert said.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "there.boxes").read_bytes() == b"mine"
    assert (tmp_path / "x.1.boxes").read_bytes() == b"mine, too"


def test_offline_lists_are_checked_as_ever(drop: Drop, tmp_path: Path, lists: list[object], turn, capfd) -> None:
    other = make_drop()
    send(other, "-m", "x", "--out", tmp_path / "1.boxes", *lists, code=1)
    assert "must not be used" in capfd.readouterr().err
    (tmp_path / "roster").write_bytes(other.roster_bytes)
    send(drop, "-m", "x", "--out", tmp_path / "1.boxes", *lists, code=1)
    assert "roster must not be used" in capfd.readouterr().err
    spoiled = drop.roster_bytes.replace(b"Grace", b"Gracy")
    assert spoiled != drop.roster_bytes
    (tmp_path / "roster").write_bytes(spoiled)
    send(drop, "-m", "x", "--out", tmp_path / "1.boxes", *lists, code=1)
    (tmp_path / "roster").write_bytes(drop.roster_bytes)
    turn(drop.now + 20 * 86400)
    send(drop, "-m", "x", "--out", tmp_path / "1.boxes", *lists, code=1)
    said = capfd.readouterr()
    assert "is too old" in said.err
    assert said.out == ""
    assert not (tmp_path / "1.boxes").exists()


def test_when_a_disk_is_full_or_a_file_changes_nothing_is_left(
    drop: Drop, tmp_path: Path, lists: list[object], monkeypatch: pytest.MonkeyPatch, capfd
) -> None:
    film = big(tmp_path, drop, 7)
    sealed: list[int] = []
    real = carrying.Carrier.write

    def changing(self, submission, week, keys, drop_id, told):
        def count(number: int) -> None:
            sealed.append(number)
            if len(sealed) == 5:
                os.utime(film, (1, 1))

        return real(self, submission, week, keys, drop_id, count)

    monkeypatch.setattr(carrying.Carrier, "write", changing)
    send(drop, "-m", "x", "--out", tmp_path / "s.boxes", "--split", "800K", film, *lists, code=1)
    assert "changed while it was being sent" in capfd.readouterr().err
    assert not list(tmp_path.glob("*.boxes")) + list(tmp_path.glob(".*.part"))
    monkeypatch.setattr(carrying.Carrier, "write", real)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    send(drop, "-m", "x", "--out", tmp_path / "s.boxes", film, *lists, code=1)
    assert "no space left on device" in capfd.readouterr().err
    assert not list(tmp_path.glob("*.boxes")) + list(tmp_path.glob(".*.part"))


@pytest.mark.whole
@pytest.mark.tool("/proc")
def test_memory_does_not_grow_with_the_file(drop: Drop, tmp_path: Path, lists: list[object]) -> None:
    def highest(megabytes: int) -> int:
        path, out = tmp_path / "big.bin", tmp_path / f"{megabytes}.boxes"
        with path.open("wb") as file:
            file.truncate(megabytes * 2**20)
        script = "import resource, sys; from knothole_keys.cli import run; code = run(sys.argv[1:])\n"
        script += "print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        arguments = ["source", "send", NOWHERE, "--root", fingerprint(drop.drop_id), "--codename-file", tmp_path / "words"]
        command = [sys.executable, "-c", script, *arguments, "-m", "x", "--out", out, *lists, path]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
        code, kilobytes = done.stdout.split()
        assert code == "0", done.stderr
        assert out.stat().st_size > megabytes * 2**20
        out.unlink()
        return int(kilobytes) * 1024

    assert highest(256) - highest(8) < 8 * 2**20
