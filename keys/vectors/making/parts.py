"""Scenarios of a box's plaintext: layout, head, Merkle path; and of the ids that parts get."""

from collections.abc import Iterator
from typing import Any

from knothole_keys import canonical, merkle
from knothole_keys.box import MAX_HEADER, Geometry
from knothole_keys.seal import Sealer
from knothole_keys.stream import Head, file_stream, letter_stream
from making.drop import DROP_ID, EPOCH, SIZE, SLOTS, journalist, seed
from making.letters import GOOD, KEYS
from making.scenario import Bytes, Scenario, many, raw, refused, text

GEOMETRY = Geometry(SIZE, SLOTS)
CAPACITY = GEOMETRY.capacity
BODY = b"the last body of three"
LEAVES = [merkle.leaf(b"a" * CAPACITY), merkle.leaf(b"b" * CAPACITY), merkle.leaf(BODY)]
TREE = merkle.Tree(LEAVES)
STREAM = file_stream(KEYS.secret, TREE.root)


def header(**changes: Any) -> dict[str, Any]:
    """The head of the third and last part of a file; a change to None takes a member out."""
    value = {
        "count": 3,
        "index": 2,
        "kind": "file",
        "path": TREE.path(2).hex(),
        "root": TREE.root.hex(),
        "stream": STREAM.hex(),
    }
    return {key: member for key, member in {**value, **changes}.items() if member is not None}


def plaintext(head: dict[str, Any] | Bytes, body: Bytes, **more: Any) -> dict[str, Any]:
    """A recipe for P bytes: header and body in their places, zeros elsewhere; `more` overrides lengths or bytes."""
    spelled = head if "text" in head or "hex" in head else text(canonical.encode(head).decode())
    return {"header": spelled, "body": body, **more}


def _given(head: dict[str, Any] | Bytes, body: Bytes | None = None, **more: Any) -> dict[str, Any]:
    return {"size": SIZE, "slots": SLOTS, "plaintext": plaintext(head, body or raw(BODY), **more)}


def expected(head: dict[str, Any], body: bytes) -> dict[str, Any]:
    """What a reader of a good part reports."""
    return {"head": head, "body_length": len(body), "leaf": merkle.leaf(body).hex()}


def part_scenarios() -> Iterator[Scenario]:
    """Parts that prove their place, and parts that do not."""
    yield Scenario("part_last_of_three", "The last, short part of a file.", "part", _given(header()), expected(header(), BODY))
    first = header(index=0, path=TREE.path(0).hex())
    given = _given(first, many(b"a", CAPACITY))
    yield Scenario("part_full", "A body that fills its box.", "part", given, expected(first, b"a" * CAPACITY))
    root = merkle.leaf(b"")
    empty = header(count=1, index=0, path="", root=root.hex(), stream=file_stream(KEYS.secret, root).hex())
    yield Scenario(
        "part_of_an_empty_file", "An empty file has one empty part.", "part", _given(empty, raw(b"")), expected(empty, b"")
    )
    for flaw, (given, about) in _malformed(empty).items():
        yield refused(f"part_{flaw}", about, "part", given, "MalformedHead")
    for flaw, (given, about) in _foreign().items():
        yield refused(f"part_{flaw}", about, "part", given, "ForeignPart")


def _malformed(empty: dict[str, Any]) -> dict[str, tuple[dict[str, Any], str]]:
    letter = header(kind="letter", stream=letter_stream(TREE.root, 3).hex())
    spaced = text(canonical.encode(header()).decode().replace(":", ": ", 1))
    too_many = -(-(2**25) // CAPACITY) + 1
    one_more = len(canonical.encode(header())) + 1
    return {
        "header_of_no_length": (_given(header(), header_length=0), "A header length of 0."),
        "header_too_long": (_given(header(), header_length=MAX_HEADER + 1), "A header length over 2040."),
        "header_longer_than_it_is": (_given(header(), header_length=one_more), "A zero in the header."),
        "header_of_4_gib": (_given(header(), header_length=2**32 - 1), "The largest header length."),
        "body_over_capacity": (_given(header(), body_length=CAPACITY + 1), "A body length over the capacity."),
        "body_of_4_gib": (_given(header(), body_length=2**32 - 1), "The largest body length."),
        "byte_after_header": (_given(header(), set=[{"at": 2047, "hex": "01"}]), "Something after the header."),
        "byte_after_body": (_given(header(), set=[{"at": 2048 + len(BODY), "hex": "80"}]), "Something after the body."),
        "byte_at_the_end": (_given(header(), set=[{"at": GEOMETRY.plaintext - 1, "hex": "01"}]), "Something in the last byte."),
        "header_not_canonical": (_given(spaced), "White space in the header."),
        "header_a_list": (_given(text("[]")), "No object."),
        "header_unknown_member": (_given(header(epoch=EPOCH)), "The header holds no epoch."),
        "header_missing_member": (_given(header(stream=None)), "The stream is missing."),
        "middle_not_full": (_given(header(index=1, path=TREE.path(1).hex())), "A part before the last that is not full."),
        "index_is_count": (_given(header(index=3)), "The fourth of three."),
        "count_zero": (_given(header(count=0, index=0)), "No part at all."),
        "count_over_2_to_the_24": (_given(header(count=2**24 + 1)), "More parts than a stream may have."),
        "path_too_short": (_given(header(path="")), "Its audit path is missing."),
        "path_too_long": (_given(header(path=header()["path"] * 2)), "An audit path longer than RFC 6962 gives."),
        "kind_unknown": (_given(header(kind="Letter")), "Neither letter nor file."),
        "letter_of_another_stream": (_given({**letter, "stream": STREAM.hex()}), "A letter's id is another hash."),
        "letter_id_is_root": (_given({**letter, "stream": TREE.root.hex()}), "A letter's id binds its count, too."),
        "letter_of_another_count": (
            _given({**letter, "count": 2, "index": 1}),
            "Part 3 of 3 said to be 2 of 2, which leads to the same root.",
        ),
        "letter_empty": (
            _given({**empty, "kind": "letter", "stream": letter_stream(merkle.leaf(b""), 1).hex()}, raw(b"")),
            "A letter is never empty.",
        ),
        "last_empty": (_given(header(), raw(b"")), "The last of three parts is empty."),
        "letter_over_32_mib": (
            _given(
                {
                    **letter,
                    "count": too_many,
                    "index": too_many - 1,
                    "path": _zeros(too_many),
                    "stream": letter_stream(TREE.root, too_many).hex(),
                }
            ),
            "A letter of more parts than 32 MiB fill.",
        ),
    }  # fmt: skip


def _zeros(count: int) -> str:
    return "00" * 32 * merkle.path_length(count - 1, count)


def _foreign() -> dict[str, tuple[dict[str, Any], str]]:
    second = _given(header(index=1, path=TREE.path(1).hex()), many(b"a", CAPACITY))
    swapped = TREE.path(0)[32:] + TREE.path(0)[:32]
    return {
        "foreign_body": (
            _given(header(), raw(b"the last body of threE")),
            "One letter of the body is another: the same index, with two contents.",
        ),
        "foreign_path": (_given(header(path=seed("path").hex())), "The path leads to another root."),
        "path_out_of_order": (
            _given(header(index=0, path=swapped.hex()), many(b"a", CAPACITY)),
            "The path's hashes stand in another order.",
        ),
        "at_another_place": (second, "The first body, said to be the second."),
        "node_for_a_body": (
            _given(header(count=2, index=1, path=LEAVES[2].hex()), raw(LEAVES[0] + LEAVES[1])),
            "Two leaf hashes as a body: leaves and nodes are hashed apart.",
        ),
    }


def id_scenarios() -> Iterator[Scenario]:
    """Streams and ids: the same content for the same readers has the same id, whoever seals it."""
    bodies = [b"", b"a", b"bb", b"ccc", b"dddd", b"eeeee", b"ffffff"]
    for count in (1, 7):
        tree = merkle.Tree([merkle.leaf(body) for body in bodies[:count]])
        expect = {
            "root": tree.root.hex(),
            "paths": [tree.path(i).hex() for i in range(count)],
            "stream": file_stream(KEYS.secret, tree.root).hex(),
        }
        given = {"bodies": [raw(body) for body in bodies[:count]], "thread_secret": KEYS.secret.hex()}
        yield Scenario(f"merkle_{count}", f"A stream of {count}.", "merkle", given, expect)
    readers = [journalist(name).epochs[EPOCH] for name in ("dana", "evan")]
    sealer = Sealer(drop_id=DROP_ID, epoch=EPOCH, geometry=GEOMETRY, recipients=readers, thread_secret=KEYS.secret)
    tree = merkle.Tree([merkle.leaf(GOOD)])
    head = Head("letter", letter_stream(tree.root, 1), tree.root, 0, 1, b"")
    given = {
        "size": SIZE, "slots": SLOTS, "drop_id": DROP_ID.hex(), "epoch": EPOCH, "thread_secret": KEYS.secret.hex(),
        "seeds": [seed(f"week {name} 0").hex() for name in ("evan", "dana", "evan")],
        "header": text(head.encode().decode()), "body": raw(GOOD),
    }  # fmt: skip
    about = "Readers count once and in no order."
    yield Scenario("box_id_of_a_letter", about, "box_id", given, {"box_id": sealer.box_id(head, GOOD).hex()})
    for flaw, changes, error in (
        ("to_nobody", {"recipients": []}, "CannotSeal"),
        ("more_readers_than_slots", {"recipients": [_key(key) for key in readers], "slots": 1}, "CannotSeal"),
        ("body_over_capacity", {"recipients": [_key(readers[0])], "body": many(b"x", CAPACITY + 1)}, "CannotSeal"),
        ("to_an_x25519_zero", {"recipients": [_key(readers[0][:1184] + bytes(32))]}, "BadRecipientKey"),
    ):
        base = {"size": SIZE, "slots": SLOTS, "drop_id": DROP_ID.hex(), "epoch": EPOCH, "thread_secret": KEYS.secret.hex()}
        given = {**base, "header": text(head.encode().decode()), "body": raw(GOOD), **changes}
        yield refused(f"seal_{flaw}", "What no box can hold, or nobody could open.", "seal", given, error)


def _key(public: bytes) -> Bytes:
    return {"hex": public.hex()}
