"""From a message and files to parts, and back through the opener: every length at which something changes."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knothole_client.source.reading import survey
from knothole_client.source.submission import Submission, compose
from knothole_keys import names
from knothole_keys.box import CHUNK, Geometry
from knothole_keys.errors import Refused
from knothole_keys.letter import Letter, read_letter
from knothole_keys.open import Opener
from tests.client.sent import Ready, prepare
from tests.support.drop import Drop, new_thread

CAPACITY = Geometry(2**18, 4).capacity
EDGES = sorted(
    {
        0,
        1,
        2,
        CHUNK - 1,
        CHUNK,
        CHUNK + 1,
        CAPACITY - 1,
        CAPACITY,
        CAPACITY + 1,
        2 * CAPACITY - 1,
        2 * CAPACITY,
        2 * CAPACITY + 1,
    }
)


def travelled(drop: Drop, ready: Ready) -> tuple[Letter, dict[str, bytes]]:
    """Seal every part, open it again with each reader's key, and put the submission together."""
    streams: dict[bytes, dict[int, bytes]] = {}
    made = ready.week.sealer(drop.drop_id, ready.keys)
    parts = [*ready.submission.letter_parts(), *ready.submission.file_parts()]
    assert len(parts) == ready.submission.count
    for number, part in enumerate(parts):
        head, body = part.load()
        reader = drop.readers[number % len(drop.readers)]
        epoch = ready.week.epoch
        opener = Opener(drop_id=drop.drop_id, epoch=epoch, geometry=ready.week.geometry, seeds=[reader.seeds[epoch]])
        box_id, box = made.seal(head, body)
        opened = opener.open(box, box_id)
        assert (opened.head.stream, opened.head.index) == part.key
        streams.setdefault(opened.head.stream, {})[opened.head.index] = opened.body
    whole = {stream: b"".join(bodies[i] for i in range(len(bodies))) for stream, bodies in streams.items()}
    letter = read_letter(whole[parts[0].key[0]], drop_id=drop.drop_id, capacity=ready.week.geometry.capacity)
    files = {e.name: letter.contents[e.name] if e.inside else whole[e.stream] for e in letter.files}
    return letter, files


def made_up(length: int, seed: int = 0) -> bytes:
    pattern = bytes((i * 131 + seed) % 251 for i in range(1021))
    return (pattern * (length // 1021 + 1))[:length]


@pytest.mark.parametrize("size", EDGES)
def test_files_of_every_edge_come_back(size: int, drop: Drop, tmp_path: Path):
    (tmp_path / "f.bin").write_bytes(made_up(size))
    ready = prepare(drop, new_thread(drop)[1], "one file", [tmp_path / "f.bin"])
    letter, files = travelled(drop, ready)
    assert files == {"f.bin": made_up(size)}
    assert letter.message == "one file"
    inside = letter.files[0].inside
    assert inside == (size < CAPACITY - 1500)
    assert ready.submission.count == 1 + (0 if inside else max(1, -(-size // CAPACITY)))


@pytest.mark.parametrize("size", [size for size in EDGES if size])
def test_messages_of_every_edge_come_back(size: int, drop: Drop):
    letter, _ = travelled(drop, prepare(drop, new_thread(drop)[1], "x" * size))
    assert letter.message == "x" * size


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.one_of(st.integers(0, 2000), st.sampled_from(EDGES)), max_size=4),
    message=st.one_of(st.text(st.characters(exclude_categories=("Cs",)), max_size=200), st.sampled_from(["é" * 130_000])),
)
def test_any_mixture_comes_back(sizes: list[int], message: str, drop: Drop, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("files")
    for number, size in enumerate(sizes):
        (folder / f"{number}.bin").write_bytes(made_up(size, number))
    if not sizes and not message:
        return
    paths = [folder / f"{number}.bin" for number in range(len(sizes))]
    letter, files = travelled(drop, prepare(drop, new_thread(drop)[1], message, paths))
    assert letter.message == message
    assert files == {f"{number}.bin": made_up(size, number) for number, size in enumerate(sizes)}


def test_small_files_fill_the_letter_in_table_order(drop: Drop, tmp_path: Path):
    sizes = {"big.bin": CAPACITY - 4000, "large.bin": CAPACITY - 4000, "small.txt": 10}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(made_up(size))
    ready = prepare(drop, new_thread(drop)[1], "", [tmp_path / name for name in sizes])
    assert [entry.inside for entry in ready.submission.table] == [True, False, True]
    assert len(ready.submission.letter) == 1
    assert ready.submission.count == 2
    _, files = travelled(drop, ready)
    assert {name: len(data) for name, data in files.items()} == sizes


def test_the_same_file_under_two_names_is_sent_once(drop: Drop, tmp_path: Path):
    for name in ("a.bin", "b.bin"):
        (tmp_path / name).write_bytes(made_up(CAPACITY * 2))
    ready = prepare(drop, new_thread(drop)[1], "twice", [tmp_path / "a.bin", tmp_path / "b.bin"])
    assert ready.submission.count == 3
    _, files = travelled(drop, ready)
    assert files["a.bin"] == files["b.bin"] == made_up(CAPACITY * 2)


def test_names_that_no_letter_may_hold_are_cleaned(drop: Drop, tmp_path: Path):
    folders = [tmp_path / str(i) for i in range(4)]
    raw = [b"a\nb.txt", b"A_B.TXT", "photo\u202egpj.exe".encode(), b"\xff.jpg"]
    paths = []
    for folder, name in zip(folders, raw, strict=True):
        folder.mkdir()
        path = folder / name.decode("utf-8", "surrogateescape")
        path.write_bytes(name)
        paths.append(path)
    letter, files = travelled(drop, prepare(drop, new_thread(drop)[1], "", paths))
    assert [entry.name for entry in letter.files] == ["a_b.txt", "A_B (2).TXT", "photo_gpj.exe", "_.jpg"]
    assert list(files.values()) == raw
    names.check_distinct(entry.name for entry in letter.files)


def test_the_same_arguments_give_the_same_letter_and_another_day_another(drop: Drop, tmp_path: Path):
    (tmp_path / "f.bin").write_bytes(made_up(100))
    keys = new_thread(drop)[1]

    def stream(day: str) -> Submission:
        return prepare(drop, keys, "hello", [tmp_path / "f.bin"], day=day).submission

    assert stream("2026-11-24").letter == stream("2026-11-24").letter
    assert stream("2026-11-24").letter != stream("2026-11-25").letter


def test_nothing_of_the_files_dates_or_folders_is_in_the_letter(drop: Drop, tmp_path: Path):
    path = tmp_path / "secret-folder" / "f.bin"
    path.parent.mkdir()
    path.write_bytes(b"x")
    text = prepare(drop, new_thread(drop)[1], "m", [path]).submission.letter[0][1]
    assert b"secret-folder" not in text
    assert str(path.stat().st_mtime_ns)[:9].encode() not in text


def test_there_must_be_something_to_send(drop: Drop):
    with pytest.raises(Refused, match="nothing to send"):
        prepare(drop, new_thread(drop)[1], "")


def test_half_a_character_is_refused_with_a_sentence(drop: Drop):
    with pytest.raises(Refused, match="UTF-8"):
        prepare(drop, new_thread(drop)[1], "\ud800")


def test_more_files_than_a_table_holds_are_refused(drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "f").write_bytes(b"x")
    monkeypatch.setattr("knothole_client.source.submission.MAX_FILES", 2)
    ready = prepare(drop, new_thread(drop)[1], "m")
    one = survey(tmp_path / "f", CAPACITY, lambda _: None)
    with pytest.raises(Refused, match="at most 2 files"):
        compose(
            message="m",
            language="",
            day="2026-11-24",
            files=[one] * 3,
            week=ready.week,
            roster_hash=bytes(32),
            keys=ready.keys,
            drop_id=drop.drop_id,
        )
