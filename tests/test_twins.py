"""Boxes and letters: what one implementation of SPEC.md seals the other opens, what one refuses both refuse."""

import hashlib
import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knothole_keys import codename, merkle, stream, trial, xwing
from knothole_keys.box import Geometry
from knothole_keys.codename import ThreadKeys
from knothole_keys.letter import Draft, FileEntry, choose_inside, read_letter, write_letter
from knothole_keys.open import Opener
from knothole_keys.seal import Sealer
from knothole_keys.stream import Head
from tests.twin import DROP_ID, EPOCH, FUZZ, THREAD_SECRET, WORDS, Twin, plain, raw, tried

SEEDS = [hashlib.sha256(b"reader %d" % i).digest() for i in range(3)]
PUBLIC = [xwing.public_bytes(seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    process = Twin()
    yield process
    process.close()


def part_of(body: bytes, kind: str = "file") -> Head:
    leaf = merkle.leaf(body)
    return Head(kind, leaf if kind == "letter" else DROP_ID, leaf, 0, 1, b"")  # type: ignore[arg-type]


def as_request(head: Head) -> dict[str, Any]:
    return {name: getattr(head, name) for name in ("kind", "stream", "root", "index", "count", "path")}


def box_cases() -> Iterator[tuple[int, int, int, int, str]]:
    for size, slots, readers in [(2**18, 1, 1), (2**18, 4, 3), (2**20, 4, 2), (2**20, 16, 1)]:
        capacity = Geometry(size, slots).capacity
        lengths = [0, 1, 14335, 14336, 14337, 16383, 16384, 16385, capacity - 1, capacity]
        for length, engine in zip(lengths, itertools.cycle(["webcrypto", "noble"]), strict=False):
            yield size, slots, readers, length, engine


@pytest.mark.parametrize(("size", "slots", "readers", "length", "engine"), list(box_cases()))
def test_boxes_open_both_ways(twin: Twin, size: int, slots: int, readers: int, length: int, engine: str) -> None:
    geometry, body = Geometry(size, slots), os.urandom(length)
    head = part_of(body)
    common = {"size": size, "slots": slots, "epoch": EPOCH, "dropId": DROP_ID, "engine": engine}
    about = {**common, "recipients": PUBLIC[:readers], "threadSecret": THREAD_SECRET, "head": as_request(head), "body": body}
    sealer = Sealer(drop_id=DROP_ID, epoch=EPOCH, geometry=geometry, recipients=PUBLIC[:readers], thread_secret=THREAD_SECRET)
    box_id, box = sealer.seal(head, body)

    sealed = twin.ask("seal", **about)
    assert raw(sealed["id"]) == raw(twin.ask("id", **about)) == box_id
    for seed in SEEDS[:readers]:
        opened = Opener(drop_id=DROP_ID, epoch=EPOCH, geometry=geometry, seeds=[seed]).open(raw(sealed["box"]), box_id)
        assert (opened.head, opened.body) == (head, body)
        answer = twin.ask("open", **common, box=box, id=box_id, keys=[seed])
        assert answer == plain({"head": as_request(head), "body": body})


@pytest.mark.parametrize("at", [0, 14, 15, 16, 1200, 2352, 2376, 2408, 20000, 2**18 - 1])
def test_damage_has_the_same_name(twin: Twin, at: int) -> None:
    geometry, body = Geometry(2**18, 2), b"evidence"
    sealer = Sealer(drop_id=DROP_ID, epoch=EPOCH, geometry=geometry, recipients=PUBLIC[:1], thread_secret=THREAD_SECRET)
    box_id, box = sealer.seal(part_of(body), body)
    damaged = box[:at] + bytes([box[at] ^ 1]) + box[at + 1 :]
    opener = Opener(drop_id=DROP_ID, epoch=EPOCH, geometry=geometry, seeds=SEEDS[:1])
    mine = tried(lambda: opener.open(damaged, box_id) and "opened")
    asked = {"size": 2**18, "slots": 2, "epoch": EPOCH, "dropId": DROP_ID, "id": box_id, "keys": SEEDS[:1]}
    assert mine.startswith("refused: ")
    assert twin.ask("open", box=damaged, **asked) == mine


@pytest.mark.parametrize("readers", [0, 3])
def test_sealing_to_nobody_or_too_many_has_the_same_name(twin: Twin, readers: int) -> None:
    keys, head = PUBLIC[:readers], part_of(b"")
    common = {"size": 2**18, "slots": 2, "epoch": EPOCH, "dropId": DROP_ID, "threadSecret": THREAD_SECRET}
    mine = tried(
        lambda: Sealer(drop_id=DROP_ID, epoch=EPOCH, geometry=Geometry(2**18, 2), recipients=keys, thread_secret=THREAD_SECRET)
    )
    assert mine == "refused: CannotSeal"
    assert twin.ask("seal", recipients=keys, head=as_request(head), body=b"", **common) == mine


def test_epoch_keys_have_the_same_public_half(twin: Twin) -> None:
    assert [raw(twin.ask("publicKey", seed=seed)) for seed in SEEDS] == PUBLIC


@pytest.mark.parametrize("change", ["unreduced", "zero", "one", "minus one", "high bit"])
def test_bad_recipient_keys_are_tried_alike(twin: Twin, change: str) -> None:
    mlkem, x25519 = PUBLIC[0][:1184], PUBLIC[0][1184:]
    key = {
        "unreduced": b"\xff" * 1152 + mlkem[1152:] + x25519,
        "zero": mlkem + bytes(32),
        "one": mlkem + bytes([1]) + bytes(31),
        "minus one": mlkem + b"\xec" + b"\xff" * 30 + b"\x7f",
        # RFC 7748: the top bit of a coordinate is ignored, so this is a good key.
        "high bit": mlkem + x25519[:31] + bytes([x25519[31] | 0x80]),
    }[change]
    expected = tried(lambda: trial.try_key(key) or True)
    assert twin.ask("tryKey", key=key) == expected
    assert (expected is True) == (change == "high bit")


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_streams_have_the_same_root_and_id(twin: Twin, count: int) -> None:
    bodies = [b"body %d" % i for i in range(count)]
    top = merkle.Tree([merkle.leaf(body) for body in bodies]).root
    answer = twin.ask("leaves", bodies=bodies, threadSecret=THREAD_SECRET)
    assert answer == plain({"root": top, "stream": stream.file_stream(THREAD_SECRET, top)})


def entry_of(keys: ThreadKeys, name: str, content: bytes) -> FileEntry:
    top = merkle.leaf(content)
    return FileEntry(name, len(content), "video/mp4", top, stream.file_stream(keys.secret, top))


def letter_shown(data: bytes, capacity: int) -> Any:
    letter = read_letter(data, drop_id=DROP_ID, capacity=capacity)
    files = [{**vars(entry), "bytes": letter.contents.get(entry.name)} for entry in letter.files]
    shown = {name: getattr(letter, name) for name in ("day", "message", "language", "recipients", "roster", "thread")}
    return plain({**shown, "replyKey": letter.reply_key, "read": [list(item) for item in letter.read], "files": files})


def twin_shown(twin: Twin, data: bytes, capacity: int) -> Any:
    answer = twin.ask("readLetter", bytes=data, dropId=DROP_ID, capacity=capacity)
    if isinstance(answer, dict):
        del answer["nonce"]
        answer["read"] = [[item["sender"], item["sequence"]] for item in answer["read"]]
    return answer


LETTERS = [
    ("", []),
    ("The original is attached.\r\n“Ça alors !” 日本 😀", [("a.mov", 300), ("b", 0), ("c é.jpg", 2000), ("d", 1)]),
    ("x" * 3700, [("a.mov", 300), ("empty", 0)]),
    ("y" * 12_000, [("a.mov", 300), ("b.mov", 6000)]),
    # The table alone is one byte too long for one box, until the empty file's entry says "true".
    ("z", [("fits", 0)]),
]


@pytest.mark.parametrize(("message", "chosen"), LETTERS)
@pytest.mark.parametrize("slack", range(-3, 3))
def test_letters_are_the_same_bytes(twin: Twin, message: str, chosen: list[tuple[str, int]], slack: int) -> None:
    keys = codename.thread_keys(WORDS, DROP_ID)
    contents = {name: bytes([len(name)]) * size for name, size in chosen}
    entries = [entry_of(keys, name, content) for name, content in contents.items()]
    read = [("ffff000011112222", 10), ("ffff000011112222", 9), ("0000000000000001", 3)]
    draft = Draft(message, "fr-CA", "2026-11-18", entries, ["ffff000011112222", "0000000000000001"], DROP_ID, read)
    # Around the length of the letter with nothing inside, where the choice of what travels inside changes.
    capacity = len(write_letter(draft, keys, DROP_ID, {})) + slack if message in ("z", "") else 5000 + slack
    inside = choose_inside(draft, keys, capacity)
    final = [FileEntry(e.name, e.size, e.type, e.root, e.stream, flag) for e, flag in zip(entries, inside, strict=True)]
    data = write_letter(Draft(**{**vars(draft), "files": final}), keys, DROP_ID, contents)

    asked = {
        **{name: getattr(draft, name) for name in ("message", "language", "day", "recipients")},
        "files": [{**vars(entry), "bytes": contents[entry.name]} for entry in entries],
        "rosterHash": DROP_ID,
        "read": [{"sender": sender, "sequence": sequence} for sender, sequence in read],
    }
    letter = twin.ask("letter", draft=asked, dropId=DROP_ID, codename=WORDS, capacity=capacity)
    assert letter["inside"] == inside
    assert raw(letter["bytes"]) == data
    parts = list(stream.letter_parts(data, capacity))
    assert letter["parts"] == plain([{"header": head.encode(), "body": body} for head, body in parts])
    assert raw(letter["stream"]) == parts[0][0].stream
    assert twin_shown(twin, data, capacity) == letter_shown(data, capacity)


@FUZZ
@given(cut=st.integers(0, 2000), flips=st.lists(st.integers(0, 900), max_size=2), tail=st.binary(max_size=3))
def test_broken_letters_have_the_same_name(twin: Twin, cut: int, flips: list[int], tail: bytes) -> None:
    keys = codename.thread_keys(WORDS, DROP_ID)
    entry = FileEntry(**{**vars(entry_of(keys, "a", b"inside")), "inside": True})
    draft = Draft("m", "en", "2026-11-18", [entry], ["0000000000000001"], DROP_ID)
    broken = bytearray(write_letter(draft, keys, DROP_ID, {"a": b"inside"}))
    for at in flips:
        broken[at % len(broken)] ^= 0x20
    data = bytes(broken[: len(broken) - cut % 100] if cut < 1000 else broken) + tail
    assert twin_shown(twin, data, 5000) == tried(lambda: letter_shown(data, 5000))
