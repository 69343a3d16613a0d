"""Scenarios of signed notes and of verifier keys."""

from collections.abc import Iterator
from typing import Any

from knothole_keys import fields, note
from knothole_keys.note import NoteKey
from knothole_keys.sign import Signer
from making.drop import ANA, BEN, CEM, DEE, line_of, note_of, seed
from making.points import L, P, Point, crooked_signature, forged_signature, order_eight, small_order_points
from making.scenario import Bytes, Scenario, refused, spelled

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
VALUE = {"say": "Ταμπέλα", "type": "example/1"}
GOOD = note_of(VALUE, [ANA, BEN])
TEXT, TAIL = GOOD.split(b"\n\n")
TEXT += b"\n"
LINES = [line + b"\n" for line in TAIL.strip().split(b"\n")]


def _given(data: bytes | Bytes, threshold: int = 2, keys: list[NoteKey] | None = None) -> dict[str, Any]:
    trusted = keys or [ANA.public, BEN.public, CEM.public]
    return {
        "note": data if isinstance(data, dict) else spelled(data),
        "keys": [{"key": key.key.hex(), "name": key.name} for key in trusted],
        "threshold": threshold,
    }


def _signed(key: NoteKey, signature: bytes) -> bytes:
    return TEXT + b"\n" + line_of(key, signature)


def note_scenarios() -> Iterator[Scenario]:
    """Notes: the grammar first, then signatures."""
    expect = {"hash": note.parse(GOOD).hash.hex(), "value": VALUE}
    yield Scenario("note_two_of_three", "Two of three trusted keys signed; two are asked for.", "note", _given(GOOD), expect)
    stranger = GOOD + line_of(DEE.public, bytes(64))
    about = "A line under a key that nobody trusts is ignored, good or bad."
    yield Scenario("note_stranger_signed_too", about, "note", _given(stranger), expect)
    colliding = TEXT + b"\n" + line_of(NoteKey("stranger", seed("x")), bytes(64)) + b"".join(LINES)
    named_alike = _renamed_line("ana", b"\x00\x00\x00\x00") + b"".join(LINES)
    about = "Lines with a trusted key's name and another key-id, or a trusted key-id and another name, are a stranger's."
    both = colliding.replace(b"\n\n", b"\n\n" + named_alike.split(b"\n")[0] + b"\n" + _ana_id_by_stranger(), 1)
    yield Scenario("note_key_id_or_name_alone", about, "note", _given(both), expect)
    for flaw, (data, about) in _malformed().items():
        yield refused(f"note_{flaw}", about, "note", _given(data), "MalformedNote")
    spaced = note_of(b'{"say": "x"}\n', [ANA, BEN])
    yield refused("note_text_not_canonical", "The text has a space.", "note", _given(spaced), "MalformedJSON")
    yield from _bad_signatures()
    yield from _too_few()


def _renamed_line(name: str, key_id: bytes) -> bytes:
    return f"— {name} {fields.to_base64(key_id + bytes(64))}\n".encode()


def _ana_id_by_stranger() -> bytes:
    return _renamed_line("stranger", ANA.public.id)


def _malformed() -> dict[str, tuple[bytes, str]]:
    first, second = LINES
    loose = first[:-3] + _ALPHABET[_ALPHABET.index(first[-3:-2]) + 1 :][:1] + b"=\n"
    return {
        "same_signature_twice": (TEXT + b"\n" + first + first + second, "The same line twice, to be counted twice."),
        "two_signatures_of_one_key": (
            TEXT + b"\n" + first + line_of(ANA.public, ANA.sign(b"x")) + second,
            "Two lines with the same key name and key-id.",
        ),
        "no_signature": (TEXT + b"\n", "No signature line."),
        "no_final_newline": (GOOD[:-1], "The last line is not ended."),
        "crlf": (GOOD.replace(b"\n", b"\r\n"), "Lines end as on Windows."),
        "crlf_in_signatures": (TEXT + b"\n" + TAIL.replace(b"\n", b"\r\n"), "Only the signature lines end as on Windows."),
        "bom": (b"\xef\xbb\xbf" + GOOD, "A byte order mark before the text."),
        "not_utf8": (GOOD.replace("Ταμπέλα".encode(), b"\xff\xfe"), "The text is not UTF-8."),
        "nul": (GOOD.replace(b"say", b"s\x00y"), "A zero byte in the text."),
        "del_u007f": (GOOD.replace(b"say", b"s\x7fy"), "A control character that JSON lets pass."),
        "c1_control": (GOOD.replace(b"say", b"s\xc2\x85y"), "A control character above ASCII."),
        "blank_line_between_signatures": (TEXT + b"\n" + first + b"\n" + second, "A blank line among the signatures."),
        "hyphen_for_dash": (GOOD.replace("—".encode(), b"-"), "Signature lines begin with an em dash."),
        "two_spaces": (GOOD.replace(b" ana ", b"  ana "), "Two spaces before the key name."),
        "loose_base64": (TEXT + b"\n" + loose + second, "Spare bits of base64 are set: a second spelling."),
        "signature_too_short": (TEXT + b"\n" + line_of(ANA.public, bytes(63)) + second, "A signature of 63 bytes."),
        "65_signatures": (
            TEXT + b"\n" + b"".join(line_of(NoteKey(f"k{i}", seed("x")), bytes(64)) for i in range(65)),
            "More lines than a note may carry.",
        ),
        "a_list": (note_of(b"[1]\n", [ANA, BEN]), "The text is no object."),
    }


def _bad_signatures() -> Iterator[Scenario]:
    edited = GOOD.replace("Ταμπέλα".encode(), "Τράπεζα".encode())
    yield refused("note_edited", "The text was changed after signing.", "note", _given(edited), "BadSignature")
    # Found by search: two keys of one name whose four-byte key-ids are the same.
    ours, theirs = (Signer("ana", seed(f"collision {number}")) for number in (149175, 207749))
    twin = TEXT + b"\n" + line_of(theirs.public, theirs.sign(TEXT)) + line_of(BEN.public, BEN.sign(TEXT))
    about = "Signed by another key that has a trusted key's name and, by search, its key-id."
    trusted = [ours.public, BEN.public]
    yield refused("note_colliding_key_ids", about, "note", _given(twin, 2, trusted), "BadSignature")
    beside = GOOD + line_of(CEM.public, bytes(64))
    about = "A false signature under a trusted key, beside enough good ones."
    yield refused("note_false_signature_beside_enough_good", about, "note", _given(beside), "BadSignature")
    swapped = TEXT + b"\n" + line_of(ANA.public, BEN.sign(TEXT)) + line_of(BEN.public, ANA.sign(TEXT))
    yield refused("note_signatures_swapped", "Each under the other's name.", "note", _given(swapped), "BadSignature")
    no_newline = TEXT + b"\n" + line_of(ANA.public, ANA.sign(TEXT[:-1]))
    about = "The text was signed without its newline."
    yield refused("note_signed_without_newline", about, "note", _given(no_newline, 1), "BadSignature")
    signature = ANA.sign(TEXT)
    s = int.from_bytes(signature[32:], "little")
    high_s = _signed(ANA.public, signature[:32] + (s + L).to_bytes(32, "little"))
    yield refused(
        "note_s_not_reduced", "S plus the group's order: a second spelling.", "note", _given(high_s, 1), "BadSignature"
    )
    for name, point in small_order_points().items():
        key = NoteKey("ana", point)
        forged = _signed(key, forged_signature(point, TEXT))
        about = "A key of small order, for which anybody can sign."
        yield refused(f"note_key_of_small_order_{name}", about, "note", _given(forged, 1, [key]), "BadSignature")
    for name, about, nonce, small in (
        ("r_identity", "R is the identity; the equation holds all the same.", 0, Point(0, 1)),
        ("r_of_small_order", "R is of small order; with the cofactor it would pass.", 0, order_eight()),
        ("r_off_by_small_order", "R is off by a point of small order; with the cofactor it would pass.", 12345, order_eight()),
    ):
        public, signature = crooked_signature(seed("admin ana"), TEXT, nonce, small)
        key = NoteKey("ana", public)
        yield refused(f"note_{name}", about, "note", _given(_signed(key, signature), 1, [key]), "BadSignature")
    odd = NoteKey("ana", (P + 3).to_bytes(32, "little"))
    about = "A key whose y is not reduced: a second spelling of a point."
    forged = _signed(odd, Point.base().encoded() + bytes(32))
    yield refused("note_key_not_canonical", about, "note", _given(forged, 1, [odd]), "BadSignature")


def _too_few() -> Iterator[Scenario]:
    one = note_of(VALUE, [ANA])
    yield refused("note_one_of_two", "One signature where two are asked for.", "note", _given(one), "NotEnoughSignatures")
    twin = Signer("ana.again", seed("admin ana"))
    both = note_of(VALUE, [ANA, twin])
    about = "One key under two names is one administrator."
    given = _given(both, 2, [ANA.public, twin.public, BEN.public])
    yield refused("note_two_names_of_one_key", about, "note", given, "NotEnoughSignatures")
    strangers = note_of(VALUE, [DEE, CEM])
    given = _given(strangers, 1, [ANA.public])
    yield refused("note_only_strangers", "Nobody trusted signed.", "note", given, "NotEnoughSignatures")


def key_scenarios() -> Iterator[Scenario]:
    """Verifier keys, as `.pub` files hold them."""
    good = str(ANA.public)
    name, key_id, spelling = good.split("+", 2)
    expect = {"name": "ana", "key": ANA.public.key.hex()}
    yield Scenario("verifier_key_with_newline", "A .pub file.", "verifier_key", {"text": good + "\n"}, expect)
    flaws = {
        "id_of_another": f"{name}+{BEN.public.id.hex()}+{spelling}",
        "renamed": f"bob+{key_id}+{spelling}",
        "other_algorithm": f"{name}+{key_id}+{fields.to_base64(bytes([2]) + ANA.public.key)}",
        "key_too_short": f"{name}+{key_id}+{fields.to_base64(bytes([1]) + ANA.public.key[:31])}",
    }
    for flaw, spelling in flaws.items():
        about = "The parts of the key do not fit together."
        yield refused(f"verifier_key_{flaw}", about, "verifier_key", {"text": spelling}, "MalformedNote")
