"""Letters that no honest client writes: refused by name, harming no other, changing nothing on disk but one record."""

import os
from pathlib import Path
from typing import Any

import pytest

from knothole_keys import canonical, merkle
from knothole_keys.codename import ThreadKeys
from knothole_keys.stream import letter_parts
from tests.desk.conftest import Desk, snapshot
from tests.support.drop import (
    Drop,
    SealedBox,
    letter_value,
    new_thread,
    seal_parts,
    seal_submission,
    sealer,
    sign_letter,
    write_out,
)


def entry(name: str, body: bytes = b"inside", **changes: Any) -> dict[str, Any]:
    root = merkle.leaf(body).hex()
    return {"inside": True, "name": name, "root": root, "size": len(body), "stream": root, "type": "", **changes}


def boxed(drop: Drop, keys: ThreadKeys, stream: bytes) -> list[SealedBox]:
    return seal_parts(sealer(drop, keys), drop.epoch, letter_parts(stream, drop.geometry().capacity))


def refused(desk: Desk, drop: Drop, tmp_path: Path, boxes: list[SealedBox]) -> str:
    """Import bad boxes beside a good submission; the refusal's name. Nothing of the letter may be on disk."""
    good = seal_submission(drop, "good")
    outside = snapshot(tmp_path)
    report = desk.take_in(write_out(tmp_path / "out", drop, [*boxes, *good.boxes]))
    (sentence,) = report.refused.values()
    assert "\n" not in sentence
    assert report.letters == [good.id.hex()]
    assert [one.message for one in desk.submissions()] == ["good"]
    changed = {path for path, data in snapshot(tmp_path).items() if outside.get(path) != data}
    assert {path.split("/")[0] for path in changed} == {"vault", "out"}
    kept = {f"vault/boxes/{one.epoch}/{one.id.hex()}.box" for one in [*boxes, *good.boxes]}
    folders = {"vault/boxes", f"vault/boxes/{drop.epoch}"}
    assert {path for path in changed if path.startswith("vault/")} - folders == {"vault/vault.db", *kept}
    # Once recorded, it is not tried again, and its sentence stays.
    again = desk.take_in(tmp_path / "out")
    assert (again.refused, again.known) == ({}, len(boxes) + 1)
    with desk.inbox() as inbox:
        (record,) = inbox.refused()
        assert record["sentence"] == sentence
    return str(record["name"])


NAMES = [
    "../evil",
    "..",
    ".",
    "",
    "/etc/cron.d/evil",
    "a/b",
    "a\\b",
    "C:\\evil",
    "nul\x00byte",
    "line\nbreak",
    "esc\x1b[2J",
    "del\x7f",
    "c1\x9b31m",
    "gpj.\u202eexe",
    "sep\u2028arator",
    "x" * 256,
    "é" * 128,
    "x" * 4096,
]


@pytest.mark.parametrize("name", NAMES, ids=[ascii(name)[:20] for name in NAMES])
def test_a_name_that_could_do_harm_refuses_the_letter(desk: Desk, drop: Drop, tmp_path: Path, name: str) -> None:
    _, keys = new_thread(drop)
    stream = sign_letter(drop, keys, letter_value(drop, keys, files=[entry(name)]), b"inside")
    assert refused(desk, drop, tmp_path, boxed(drop, keys, stream)) == "BadFileName"


@pytest.mark.parametrize("pair", [("a.txt", "a.txt"), ("A.TXT", "a.txt"), ("\u00e9", "e\u0301")], ids=ascii)
def test_two_files_of_one_name_refuse_the_letter(desk: Desk, drop: Drop, tmp_path: Path, pair: tuple[str, str]) -> None:
    _, keys = new_thread(drop)
    stream = sign_letter(drop, keys, letter_value(drop, keys, files=[entry(name) for name in pair]), b"inside" * 2)
    assert refused(desk, drop, tmp_path, boxed(drop, keys, stream)) == "BadFileName"


CHANGES: dict[str, dict[str, Any]] = {
    "another type": {"type": "knothole-roster/1"},
    "no such day": {"day": "2026-02-30"},
    "a path as day": {"day": "../../2026"},
    "an escape as language": {"language": "\x1b[2J"},
    "a number as message": {"message": 1},
    "nobody meant": {"recipients": []},
    "an id that is none": {"recipients": ["../../../../x"]},
    "a short reply key": {"reply_key": "00"},
    "a nonce in capitals": {"nonce": "AB" * 16},
    "an unknown member": {"extra": True},
    "a size below nothing": {"files": [entry("a", size="1")]},
    "a size beyond all sizes": {"files": [entry("a", size=2**53 - 1)]},
    "an escape as file type": {"files": [entry("a", type="\x1b]0;x\x07")]},
    "other bytes than named": {"files": [entry("a", b"other!")]},
    "a half path": {"files": [entry("a", root="00")]},
    "replies unsorted": {"read": [{"sender": "bb" * 8, "sequence": 1}, {"sender": "aa" * 8, "sequence": 1}]},
}


@pytest.mark.parametrize("flaw", CHANGES)
def test_a_letter_that_breaks_the_rules_is_refused(desk: Desk, drop: Drop, tmp_path: Path, flaw: str) -> None:
    _, keys = new_thread(drop)
    changes = CHANGES[flaw]
    stream = sign_letter(drop, keys, letter_value(drop, keys, **changes), b"inside" if "files" in changes else b"")
    assert refused(desk, drop, tmp_path, boxed(drop, keys, stream)) == "MalformedLetter"


@pytest.mark.parametrize(
    "text",
    [b"{}", b"[]", b"not json", b"\xff\xfe", b'{"a":1,"a":2}', b"[" * 5000, b'{"message":"\\ud800"}', b'{"a": 1}'],
    ids=lambda text: text[:12].hex(),
)
def test_a_text_that_is_no_letter_is_refused(desk: Desk, drop: Drop, tmp_path: Path, text: bytes) -> None:
    _, keys = new_thread(drop)
    assert refused(desk, drop, tmp_path, boxed(drop, keys, sign_letter(drop, keys, {}, text=text))) == "MalformedLetter"


def test_a_letter_in_anothers_name_is_refused(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    (_, mallory), (_, victim) = new_thread(drop), new_thread(drop)
    stream = sign_letter(drop, mallory, letter_value(drop, mallory, thread=victim.thread.hex()))
    assert refused(desk, drop, tmp_path, boxed(drop, mallory, stream)) == "BadLetterSignature"


def test_a_letter_signed_for_another_drop_is_refused(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    _, keys = new_thread(drop)
    value = canonical.encode(letter_value(drop, keys))
    signature = os.urandom(64)
    stream = len(value).to_bytes(4, "big") + value + signature
    assert refused(desk, drop, tmp_path, boxed(drop, keys, stream)) == "BadLetterSignature"


@pytest.mark.parametrize(
    "stream", [b"\x00", b"\xff" * 100, b"\x00\x00\x00\x00" + bytes(64), b"\x00\x00\x00\x02{}"], ids=lambda s: s[:5].hex()
)
def test_lengths_that_lie_are_refused(desk: Desk, drop: Drop, tmp_path: Path, stream: bytes) -> None:
    _, keys = new_thread(drop)
    assert refused(desk, drop, tmp_path, boxed(drop, keys, stream)) == "MalformedLetter"


def test_bytes_left_over_are_refused(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    _, keys = new_thread(drop)
    stream = sign_letter(drop, keys, letter_value(drop, keys), b"hidden")
    assert refused(desk, drop, tmp_path, boxed(drop, keys, stream)) == "MalformedLetter"


def test_a_file_inside_a_letter_of_several_boxes_is_refused(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    _, keys = new_thread(drop)
    long = letter_value(drop, keys, message="x" * 300_000, files=[entry("a")])
    assert refused(desk, drop, tmp_path, boxed(drop, keys, sign_letter(drop, keys, long, b"inside"))) == "MalformedLetter"


def test_a_table_of_thousands_of_lies_costs_one_line(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    # Every file names the same stream, of a size that no disk has; none of it ever came.
    _, keys = new_thread(drop)
    files = [entry(f"{i}", inside=False, size=2**53 - 1) for i in range(500)]
    boxes = boxed(drop, keys, sign_letter(drop, keys, letter_value(drop, keys, files=files)))
    report = desk.take_in(write_out(tmp_path / "out", drop, boxes))
    assert len(report.letters) == 1
    (submission,) = desk.submissions()
    assert {(file.state, file.have) for file in submission.files} == {("missing", 0)}
    done = desk.export(submission.id, tmp_path / "ex")
    assert len(done.incomplete) == 500
    assert list((tmp_path / "ex/files").iterdir()) == []
