"""Scenarios of `.boxes` files: what a form without scripts may take, and what it must refuse at the first wrong byte."""

from collections.abc import Iterator

from knothole_keys.box import MAGIC, MIN_SIZE
from making.scenario import Bytes, Scenario, joined, many, raw, refused, text

DROP = bytes(range(32))
HEADER = joined(text("knothole-boxes/1\n"), raw(DROP), raw(MIN_SIZE.to_bytes(4, "big")))


def _box(length: int = MIN_SIZE, begins: bytes = MAGIC) -> Bytes:
    return joined(raw(begins), many(b"\x00", length - len(begins)))


def _entry(number: int, box: Bytes | None = None) -> Bytes:
    return joined(raw((2960 + number).to_bytes(4, "big")), many(bytes([number]), 16), box or _box())


def _header(size: int) -> Bytes:
    return joined(text("knothole-boxes/1\n"), raw(DROP), raw(size.to_bytes(4, "big")))


def boxes_file_scenarios() -> Iterator[Scenario]:
    """One file that is taken, and one for each flaw."""
    entries = [{"epoch": 2960 + number, "box_id": f"{number:02x}" * 16} for number in (1, 2)]
    given = {"file": joined(HEADER, _entry(1), _entry(2))}
    expect = {"drop_id": DROP.hex(), "size": MIN_SIZE, "boxes": entries}
    yield Scenario("boxes_file", "A file with two boxes.", "boxes_file", given, expect)
    flaws: dict[str, tuple[Bytes, str]] = {
        "empty": (raw(b""), "Nothing at all."),
        "a_pdf": (text("%PDF-1.7\n"), "Another kind of file."),
        "another_version": (joined(text("knothole-boxes/2\n"), raw(DROP)), "A format that is not known."),
        "cut_in_its_header": (joined(text("knothole-boxes/1\n"), raw(DROP)), "It ends before the size."),
        "without_a_box": (HEADER, "A header alone."),
        "size_no_power_of_two": (joined(_header(MIN_SIZE + 1), _entry(1)), "A size that no box has."),
        "size_too_small": (joined(_header(MIN_SIZE // 2), _entry(1)), "Half of the smallest size."),
        "size_too_large": (joined(_header(2**25), _entry(1)), "Twice the largest size."),
        "cut_in_an_entry": (joined(HEADER, _entry(1), many(b"\x01", 12)), "It ends within an entry's address."),
        "cut_in_a_box": (joined(HEADER, _entry(1, _box(MIN_SIZE - 1))), "The last byte is missing."),
        "something_behind": (joined(HEADER, _entry(1), raw(b"\n")), "A newline at the end."),
        "no_box_in_an_entry": (
            joined(HEADER, _entry(1), _entry(2, _box(begins=b"knothole-box/2\n"))),
            "A box of another version.",
        ),
    }
    for flaw, (file, about) in flaws.items():
        yield refused(f"boxes_file_{flaw}", about, "boxes_file", {"file": file}, "MalformedBoxes")
