"""Crashes in the middle of an import, and boxes lost from the vault: importing again finishes the work."""

import errno
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from knothole_client.desk import intake, writing
from knothole_client.desk.streams import Streams
from knothole_keys.errors import Refused
from tests.desk.conftest import Desk, snapshot, whole
from tests.support.drop import Drop, seal_submission, write_out

BIG = os.urandom(700_000)


@pytest.mark.parametrize("after", [1, 2, 3, 5])
def test_a_crash_between_boxes_is_mended_by_importing_again(
    desk: Desk, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    sent = seal_submission(drop, "hello", {"big.bin": BIG, "other.bin": os.urandom(400_000)})
    out = write_out(tmp_path / "out", drop, sent.boxes)
    real: Any = writing._store
    written: list[Path] = []

    def power_cut(path: Path, data: bytes) -> None:
        if len(written) == after:
            path.with_name(".deadbeef.part").write_bytes(data[:1000])
            raise RuntimeError("power cut")
        written.append(path)
        real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "_store", power_cut)
        patch.setattr(intake, "BATCH", 2)
        with pytest.raises(RuntimeError):
            desk.take_in(out)
    desk.submissions()
    report = desk.take_in(out)
    assert report.kept + report.known == len(sent.boxes)
    assert desk.submissions()[0].complete
    assert not list(desk.path.rglob("*.part"))
    assert desk.export(sent.id.hex(), tmp_path / "ex").incomplete == []


def test_a_crash_before_the_records_loses_only_work(
    desk: Desk, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = write_out(tmp_path / "out", drop, seal_submission(drop, "hello", {"big.bin": BIG}).boxes)

    def power_cut(self: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("knothole_client.desk.streams.Streams.flush", power_cut)
        with pytest.raises(RuntimeError):
            desk.take_in(out)
    assert desk.submissions() == []
    assert desk.take_in(out).kept == 4
    assert whole(desk, tmp_path / "ex") == BIG


def test_a_crash_before_a_letter_is_read_is_made_good_by_any_import(
    desk: Desk, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = write_out(tmp_path / "out", drop, seal_submission(drop, "hello").boxes)

    def power_cut(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("knothole_client.desk.reading.Reading.run", power_cut)
        with pytest.raises(RuntimeError):
            desk.take_in(out)
    assert [(one.read, one.cut_off) for one in desk.submissions()] == [(False, False)]
    assert len(desk.take_in(write_out(tmp_path / "empty", drop, [])).letters) == 1


def test_a_box_lost_from_the_vault_is_put_back(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, "hello", {"big.bin": BIG})
    out = write_out(tmp_path / "out", drop, sent.boxes)
    desk.take_in(out)
    desk.destroy(drop.epoch)
    lost, cut = (desk.path / "boxes" / str(drop.epoch) / f"{one.id.hex()}.box" for one in sent.boxes[1:3])
    lost.unlink()
    cut.write_bytes(b"cut short")
    before = snapshot(out)
    report = desk.take_in(out)
    assert (report.mended, report.known) == (2, 2)
    assert snapshot(out) == before
    assert whole(desk, tmp_path / "ex") == BIG


def test_only_the_same_box_is_put_back(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, "hello", {"big.bin": BIG})
    desk.take_in(write_out(tmp_path / "out", drop, sent.boxes))
    shutil.rmtree(desk.path / "boxes" / str(drop.epoch))
    report = desk.take_in(write_out(tmp_path / "other", drop, [replace(sent.boxes[0], id=sent.boxes[1].id)]))
    assert (report.mended, len(report.damaged)) == (0, 1)
    assert list((desk.path / "boxes").rglob("*.box")) == []


def test_boxes_are_durable_before_any_record_names_them(
    desk: Desk, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = seal_submission(drop, "hello", {"big.bin": BIG, "other.bin": os.urandom(400_000)})
    fsync: Any = os.fsync
    flush: Any = Streams.flush
    durable: set[int] = set()
    flushes = []

    def synced(descriptor: int) -> None:
        fsync(descriptor)
        durable.add(os.fstat(descriptor).st_ino)

    def flushed(self: Streams) -> None:
        named = list((desk.path / "boxes").rglob("*.box"))
        assert not list(desk.path.rglob("*.part"))
        # Each box, the folder that names it, and the folder that names that.
        for path in [*named, *(one.parent for one in named), desk.path / "boxes"]:
            assert path.stat().st_ino in durable
        flushes.append(len(named))
        flush(self)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Streams, "flush", flushed)
    monkeypatch.setattr(intake, "BATCH", 3)
    desk.take_in(write_out(tmp_path / "out", drop, sent.boxes))
    assert flushes == [3, len(sent.boxes)]


def test_a_full_disk_is_one_sentence_and_leaves_no_part(
    desk: Desk, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = write_out(tmp_path / "out", drop, seal_submission(drop, "hello", {"big.bin": BIG}).boxes)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("knothole_client.desk.writing.os.fsync", full)
        with pytest.raises(Refused, match="no space left"):
            desk.take_in(out)
    assert list(desk.path.rglob("*.part")) == []
    assert desk.take_in(out).kept == 4
