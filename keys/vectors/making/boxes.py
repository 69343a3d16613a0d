"""Scenarios of whole boxes, told as edits of a few real ones in `base/`. HPKE cannot be seeded, so those are kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knothole_keys import box as outside
from knothole_keys import canonical, merkle
from knothole_keys.box import PREFIX, WRAP, Geometry
from knothole_keys.errors import NotForUs
from knothole_keys.open import Opener
from knothole_keys.seal import Sealer
from knothole_keys.stream import Head, layout, letter_stream
from making import parts, salamander
from making.drop import DROP_ID, EPOCH, OTHER_DROP, SIZE, SLOTS, journalist, seed, week_seed
from making.letters import GOOD, KEYS
from making.scenario import Scenario, many, raw, refused

BASE = Path(__file__).parent.parent / "base"
GEOMETRY = Geometry(SIZE, SLOTS)
READERS = ("dana", "evan")
LETTER = Head("letter", letter_stream(merkle.leaf(GOOD), 1), merkle.leaf(GOOD), 0, 1, b"")
SALT = seed("salt")[:24]
PAYLOAD = GEOMETRY.wraps_end


def _sealer() -> Sealer:
    readers = [journalist(name).epochs[EPOCH] for name in READERS]
    return Sealer(drop_id=DROP_ID, epoch=EPOCH, geometry=GEOMETRY, recipients=readers, thread_secret=KEYS.secret)


def _opener(name: str) -> Opener:
    return Opener(drop_id=DROP_ID, epoch=EPOCH, geometry=GEOMETRY, seeds=[week_seed(name, EPOCH)])


def _part() -> tuple[Head, bytes]:
    tree = parts.TREE
    return Head("file", parts.STREAM, tree.root, 0, 3, tree.path(0)), b"a" * parts.CAPACITY


def base(name: str) -> bytes:
    """A base box; sealed now if it is not there yet, and then kept for good."""
    path = BASE / f"{name}.box"
    if not path.exists():
        path.write_bytes({"letter": _new_letter, "part": _new_part, "salamander": _new_salamander}[name]())
    return path.read_bytes()


def _new_letter() -> bytes:
    return _sealer().seal(LETTER, GOOD)[1]


def _new_part() -> bytes:
    return _sealer().seal(*_part())[1]


def _new_salamander() -> bytes:
    spliced = bytearray(base("letter")[:PAYLOAD])
    ours, theirs = _slot("letter", "evan"), _slot("part", "evan")
    spliced[ours : ours + WRAP] = base("part")[theirs : theirs + WRAP]
    context = outside.context(salamander.digest(bytes(spliced)), DROP_ID, EPOCH, LETTER_ID)
    plaintext = layout(*_part(), GEOMETRY)
    return bytes(spliced) + salamander.collide(_key("letter"), _key("part"), SALT, context, plaintext)


def _slot(name: str, reader: str) -> int:
    """Where a base box has a reader's wrap."""
    for at in range(PREFIX, PAYLOAD, WRAP):
        # The others are overwritten, so only this one can be the one that opens.
        alone = bytearray(base(name))
        for other in range(PREFIX, PAYLOAD, WRAP):
            if other != at:
                alone[other : other + WRAP] = bytes(WRAP)
        try:
            _opener(reader).open(bytes(alone), ID_OF[name])
        except NotForUs:
            continue
        except Exception:  # noqa: BLE001 (the wraps changed, so the payload cannot verify: a wrap opened)
            return at
    raise LookupError(f"{reader} has no wrap in {name}")


def _key(name: str) -> bytes:
    return _opener("dana").open(base(name), ID_OF[name]).box_key


LETTER_ID = _sealer().box_id(LETTER, GOOD)
ID_OF = {"letter": LETTER_ID, "part": _sealer().box_id(*_part()), "salamander": LETTER_ID}


def _given(name: str, *edits: dict[str, Any], readers: tuple[str, ...] = ("dana",), **changes: Any) -> dict[str, Any]:
    base(name)
    given = {
        "size": SIZE, "slots": SLOTS, "drop_id": DROP_ID.hex(), "epoch": EPOCH, "box_id": ID_OF[name].hex(),
        "seeds": [week_seed(reader, EPOCH).hex() for reader in readers], "box": {"base": name, "edits": list(edits)},
    }  # fmt: skip
    return {**given, **changes}


def _flip(at: int, bit: int = 1) -> dict[str, Any]:
    return {"xor": f"{bit:02x}", "at": at}


def _splice(to: int, source: str, at: int, length: int = WRAP) -> dict[str, Any]:
    return {"from": source, "at": at, "length": length, "to": to}


def reseal(plaintext: dict[str, Any], **changes: str) -> dict[str, Any]:
    """An edit that makes the payload anew, by the wraps that stand before it."""
    given = {"key": _key("letter").hex(), "salt": SALT.hex(), "drop_id": DROP_ID.hex(), "epoch": EPOCH}
    return {"reseal": {**given, "box_id": LETTER_ID.hex(), "plaintext": plaintext, **changes}}


def box_scenarios() -> Iterator[Scenario]:
    """Boxes as they come, and boxes that were tampered with by a server, a sealer or a thief."""
    head = canonical.decode(LETTER.encode())
    expect = parts.expected(head, GOOD)
    part, body = _part()
    for reader in READERS:
        about = "Each recipient reads the same letter."
        yield Scenario(f"box_letter_for_{reader}", about, "box", _given("letter", readers=(reader,)), expect)
    given = _given("part", readers=("nobody", "evan", "nobody else"))
    full = parts.expected(canonical.decode(part.encode()), body)
    yield Scenario("box_full_part_by_one_of_three_keys", "A desk tries all its keys.", "box", given, full)
    for flaw, (given, about) in _not_a_box().items():
        yield refused(f"box_{flaw}", about, "box", given, "NotABox")
    for flaw, (given, about) in _not_for_us().items():
        yield refused(f"box_{flaw}", about, "box", given, "NotForUs")
    for flaw, (given, about) in _damaged().items():
        yield refused(f"box_{flaw}", about, "box", given, "BoxDamaged")
    yield from _two_keys(expect)
    last = {"at": GEOMETRY.plaintext - 1, "hex": "01"}
    for flaw, plaintext, error in (
        (
            "byte_after_body",
            parts.plaintext(head, raw(GOOD), set=[last]),
            "MalformedHead",
        ),
        ("header_of_no_length", parts.plaintext(head, raw(GOOD), header_length=0), "MalformedHead"),
        ("foreign_body", parts.plaintext(head, raw(GOOD[:-1] + b"X")), "ForeignPart"),
        ("path_of_another", parts.plaintext(parts.header(path=seed("path").hex()), raw(parts.BODY)), "ForeignPart"),
    ):
        about = "Every layer above is whole; a hostile sealer made what is in it."
        yield refused(f"box_{flaw}", about, "box", _given("letter", reseal(plaintext)), error)


def _not_a_box() -> dict[str, tuple[dict[str, Any], str]]:
    return {
        "truncated": (_given("letter", {"cut": SIZE - 1}), "The last byte is missing."),
        "empty": (_given("letter", {"cut": 0}), "No byte at all."),
        "too_long": (_given("letter", {"append": "00"}), "A byte too many."),
        "prefix": (_given("letter", _flip(0, 0x20)), "Another first letter."),
        "next_version": (_given("letter", {"xor": "03", "at": 13}), "A later format."),
        "other_slot_count": (_given("letter", _flip(15)), "Its slot count is not the epoch's."),
        "slots_of_another_epoch": (_given("letter", slots=5), "The epoch has boxes of five slots."),
        "size_of_another_epoch": (_given("letter", size=2 * SIZE), "The epoch has larger boxes."),
    }  # fmt: skip


def _not_for_us() -> dict[str, tuple[dict[str, Any], str]]:
    wraps = [{"zero": WRAP, "at": at} for at in range(PREFIX, PAYLOAD, WRAP)]
    return {
        "for_others": (_given("letter", readers=("nobody",)), "None of the keys is a recipient's."),
        "no_keys": (_given("letter", readers=()), "A desk without keys for the week."),
        "in_another_epoch": (_given("letter", epoch=EPOCH + 1), "Replayed in the next week, under the same keys."),
        "in_another_drop": (_given("letter", drop_id=OTHER_DROP.hex()), "Replayed in another drop."),
        "wraps_zeroed": (_given("letter", *wraps), "No wrap is left."),
        "wrap_bit_flipped": (_given("letter", _flip(_slot("letter", "dana") + 1100)), "One bit of the encapsulation."),
        "wrap_tag_bit_flipped": (_given("letter", _flip(_slot("letter", "dana") + WRAP - 1)), "One bit of the wrap's tag."),
    }  # fmt: skip


def _damaged() -> dict[str, tuple[dict[str, Any], str]]:
    chunk = outside.CHUNK + outside.TAG
    first = PAYLOAD + outside.SALT + outside.COMMITMENT
    wrap = _slot("letter", "evan")
    swapped = {"swap": [first + chunk, first + 2 * chunk], "length": chunk}
    payload, wraps = _splice(PAYLOAD, "part", PAYLOAD, SIZE - PAYLOAD), _splice(PREFIX, "part", PREFIX, PAYLOAD - PREFIX)
    return {
        "of_another_id": (_given("letter", box_id=seed("id")[:16].hex()), "Stored under another id."),
        "bit_of_last_chunk": (_given("letter", _flip(SIZE - 17)), "One bit of the last chunk."),
        "bit_of_last_tag": (_given("letter", _flip(SIZE - 1, 0x80)), "The last bit of all."),
        "bit_of_salt": (_given("letter", _flip(PAYLOAD)), "One bit of the salt."),
        "bit_of_commitment": (_given("letter", _flip(PAYLOAD + 24)), "One bit of the commitment, and nothing else."),
        "chunks_reordered": (_given("letter", swapped), "Two chunks swapped."),
        "chunk_repeated": (_given("letter", _splice(first + chunk, "letter", first, chunk)), "A chunk in place of the next."),
        "spare_wrap_exchanged": (_given("letter", _splice(wrap, "part", PREFIX)), "Another reader's wrap was exchanged."),
        "payload_of_another": (_given("letter", payload), "Another box's payload."),
        "wraps_of_another": (_given("letter", wraps), "Another box's wraps."),
        "wraps_swapped": (_given("letter", {"swap": [PREFIX, PREFIX + WRAP], "length": WRAP}), "Two wraps changed places."),
    }  # fmt: skip


def _two_keys(expect: dict[str, Any]) -> Iterator[Scenario]:
    whole = parts.plaintext(canonical.decode(LETTER.encode()), raw(GOOD))
    spliced = (_splice(_slot("letter", "evan"), "part", _slot("part", "evan")), reseal(whole))
    about = "Two wraps hold two box keys. All for whom the committed one was wrapped read the same; the others refuse."
    yield Scenario("box_wraps_with_two_box_keys_committed", about, "box", _given("letter", *spliced), expect)
    other = _given("letter", *spliced, readers=("evan",))
    yield refused("box_wraps_with_two_box_keys", about, "box", other, "BoxDamaged")
    doubled = (_splice(_slot("letter", "evan"), "part", _slot("part", "dana")), reseal(whole))
    about = "One reader finds both keys: each is tried."
    yield Scenario("box_two_box_keys_for_one_reader", about, "box", _given("letter", *doubled), expect)
    about = "Every chunk verifies under evan's key, too, to another text: only the commitment tells."
    given = _given("salamander", readers=("evan",))
    yield refused("box_salamander", about, "box", given, "BoxDamaged")
    about = "The other side of it: what makes the tags agree is no part that a source can prove."
    yield refused("box_salamander_committed", about, "box", _given("salamander"), "ForeignPart")
    zeros = many(b"\x00", GEOMETRY.plaintext)
    wrong = reseal({"bytes": zeros}, box_id=seed("id")[:16].hex())
    about = "Sealed for another id, though every chunk is whole."
    yield refused("box_sealed_for_another_id", about, "box", _given("letter", wrong), "BoxDamaged")
    given = _given("letter", reseal({"bytes": zeros}))
    yield refused("box_of_zeros", "A plaintext of zeros.", "box", given, "MalformedHead")
