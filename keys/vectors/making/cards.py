"""Scenarios of boards: slots that are read, and those that a reader must pass over; what is expected is written by hand."""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from knothole_keys import codename
from making import salamander
from making.drop import DROP_ID, OTHER_DROP, journalist, long_term, seed
from making.points import crooked_signature, forged_signature, order_eight, small_order_points
from making.scenario import Bytes, Scenario, joined, many, raw, refused, spelled
from making.texts import WORDS

KEYS = codename.thread_keys(WORDS, DROP_ID)
LABEL = b"knothole/1 slot\x00"
FULL, END = 1869, 1912
SENDERS = {name: journalist(name).key for name in ("dana", "evan")}
# 2026-11-24.
TODAY = 20781
RTL = "\u202e"


@dataclass(frozen=True)
class Piece:
    """A piece as it stands in a slot, flaws and all; None is what a right piece has."""

    text: bytes
    sender: str = "dana"
    kind: int = 1
    day: int = TODAY
    sequence: int = 7
    whole: bytes | None = None
    place: int = 0
    pieces: int = 1
    length: int | None = None
    after: bytes = b""
    signer: str | None = None
    drop_id: bytes = DROP_ID
    thread: bytes = KEYS.thread

    @property
    def header(self) -> bytes:
        """All before the text."""
        digest = hashlib.sha256(self.text if self.whole is None else self.whole).digest()[:16]
        length = len(self.text) if self.length is None else self.length
        about = self.kind, self.day, bytes.fromhex(journalist(self.sender).id), self.sequence, digest
        return struct.pack(">BI8sQ16sHHH", *about, self.place, self.pieces, length)

    @property
    def signed(self) -> bytes:
        """The message that the desk signs."""
        return LABEL + self.drop_id + self.thread + (self.header + self.text).ljust(END - len(self.after), b"\0") + self.after

    @property
    def signature(self) -> bytes:
        """The signature of the sender, or of whoever else signs."""
        return long_term(self.signer or self.sender).sign(self.signed)

    @property
    def laid(self) -> bytes:
        """The plaintext that the sender, or whoever else signs, seals."""
        return self.signed[-END:] + self.signature

    def plaintext(self, signature: bytes | None = None) -> Bytes:
        """The recipe of the plaintext."""
        zeros = END - len(self.header) - len(self.text) - len(self.after)
        run = len(self.text) > 99 and len(set(self.text)) == 1
        written = many(self.text[:1], len(self.text)) if run else spelled(self.text)
        return joined(raw(self.header), written, many(b"\0", zeros), raw(self.after + (signature or self.signature)))


def slot(piece: Piece | Bytes, number: int = 0, *, key: bytes = KEYS.reply_key, drop_id: bytes = DROP_ID) -> dict[str, Any]:
    """The recipe of a slot; `number` names its salt."""
    plaintext = piece.plaintext() if isinstance(piece, Piece) else piece
    salt = seed(f"slot {number}")[:24]
    return {"key": key.hex(), "salt": salt.hex(), "drop_id": drop_id.hex(), "plaintext": plaintext}


def pieces_of(text: bytes, **changes: Any) -> list[Piece]:
    """The pieces of a text, rightly cut."""
    cut = [text[at : at + FULL] for at in range(0, len(text), FULL)]
    return [Piece(part, whole=text, place=i, pieces=len(cut), **changes) for i, part in enumerate(cut)]


def card(text: str, sender: str = "dana", kind: str = "reply", day: str = "2026-11-24", sequence: int = 7) -> dict[str, Any]:
    """A card as it must come out."""
    return {"kind": kind, "day": day, "sender": journalist(sender).id, "sequence": sequence, "text": text}


Slots = Sequence[Piece | dict[str, Any]]


def board(
    name: str,
    about: str,
    slots: Slots,
    cards: Sequence[dict[str, Any]] = (),
    *,
    ignored: int = 0,
    incomplete: int = 0,
    **changes: Any,
) -> Scenario:
    """A board, and all that comes out of it."""
    expect = {"cards": list(cards), "ignored": ignored, "incomplete": incomplete}
    return Scenario(f"board_{name}", about, "board", given(slots, **changes), expect)


def given(slots: Slots, **changes: Any) -> dict[str, Any]:
    """What a reader has."""
    return {
        "reply_key": KEYS.reply_key.hex(),
        "drop_id": DROP_ID.hex(),
        "thread": KEYS.thread.hex(),
        "senders": {journalist(name).id: key.hex() for name, key in SENDERS.items()},
        "board": [slot(one, i) if isinstance(one, Piece) else one for i, one in enumerate(slots)],
        **changes,
    }


def noise(number: int) -> dict[str, Any]:
    """A slot that nobody made."""
    block = b"".join(hashlib.sha256(seed(f"noise {number}") + bytes([i])).digest() for i in range(4))
    return {"bytes": many(block, 16)}


GOOD = Piece("We have it. Чем доказать?".encode())
READ = card("We have it. Чем доказать?")
LONG = "é" * 1000 + "the end"
TWO = pieces_of(LONG.encode())
CUT = card(LONG)


def board_scenarios() -> Iterator[Scenario]:
    """Boards with something to read, then such with nothing."""
    yield from _read()
    yield from _left_out()
    for flaw, (piece, about) in _malformed().items():
        yield board(flaw, about, [piece], ignored=1)
    yield from _false_signatures()
    yield from _gathered()
    for flaw, slots in {"a_byte_short": {"bytes": many(b"\0", 2047)}, "a_byte_more": {"bytes": raw(b"\0")}}.items():
        about = "No whole number of slots: it was cut on its way."
        yield refused(f"board_{flaw}", about, "board", given([GOOD, slots]), "MalformedBoard")


def _read() -> Iterator[Scenario]:
    yield board("reply", "One reply, of one piece.", [GOOD], [READ])
    yield board("out_of_order", "Two pieces, cut within a character, in the wrong order.", [TWO[1], noise(0), TWO[0]], [CUT])
    again = [slot(GOOD, 1), slot(GOOD, 2), slot(GOOD, 1), *TWO, slot(TWO[0], 9)]
    yield board("repeats", "Posted again, and sealed again: one reply, another.", again, sorted([READ, CUT], key=_digest))
    most = b"m" * FULL * 16
    yield board("sixteen_pieces", "The longest reply.", pieces_of(most), [card(most.decode())])
    edges = [Piece(b"last", day=2932896, sequence=2**53 - 1), Piece(b"first", day=10957, sequence=0)]
    cards = [card("first", day="2000-01-01", sequence=0), card("last", day="9999-12-31", sequence=2**53 - 1)]
    yield board("every_edge", "The first day and the last, the least number and the greatest.", edges, cards)
    kept = f"\ufeffa\tb\r\nc {RTL}d {chr(0x1F600)}"
    yield board("characters_kept", "What is text stays as it is.", [Piece(kept.encode())], [card(kept)])
    days = [Piece(b"c", day=TODAY + 1, sequence=1), Piece(b"b", sequence=9), Piece(b"a", sequence=8, sender="evan")]
    cards = [card("a", "evan", sequence=8), card("b", sequence=9), card("c", day="2026-11-25", sequence=1)]
    yield board("sorted", "By day, then by number.", days, cards)
    twice = [card(text) for text in ("one", "two")]
    slots = [Piece(text.encode()) for text in ("one", "two")]
    about = "A desk restored from a backup used a number again: two replies."
    yield board("number_used_twice", about, slots, sorted(twice, key=_digest))
    every = [*(piece for piece, _ in _malformed().values()), GOOD, noise(0)]
    yield board(
        "one_good_among_all_flaws", "Nothing that slots hold hides a good one.", every, [READ], ignored=len(_malformed())
    )


def _digest(one: dict[str, Any]) -> bytes:
    return hashlib.sha256(one["text"].encode()).digest()


def _left_out() -> Iterator[Scenario]:
    yield board("empty", "No slots.", [])
    yield board("random_slots", "A day without replies.", [noise(i) for i in range(5)])
    forged = replace(GOOD, signer="evan")
    again = [slot(forged, 1), slot(forged, 2), slot(forged, 1)]
    yield board("repeats_of_a_forgery", "Sealed again and posted again, it counts once.", again, ignored=1)
    other = seed("another thread's reply key")
    yield board("for_another_thread", "Sealed under another thread's key.", [slot(GOOD, key=other)])
    yield board("sealed_for_another_drop", "The same words of a codename, another drop.", [slot(GOOD, drop_id=OTHER_DROP)])
    sealed = salamander.seal(KEYS.reply_key, seed("salt")[:24], LABEL + DROP_ID, GOOD.laid)
    # Salt, message key's part of the commitment, its second block, text, tag.
    for name, at in {"salt": 0, "commitment": 24, "commitment_end": 55, "text": 100, "tag": 2047}.items():
        damaged = bytearray(sealed)
        damaged[at] ^= 1
        yield board(f"bit_of_{name}", "A damaged slot is nobody's.", [{"bytes": raw(bytes(damaged))}])


def _malformed() -> dict[str, tuple[Piece, str]]:
    text, full = GOOD.text, b"f" * FULL
    return {
        "kind_0": (replace(GOOD, kind=0), "A kind that there is not."),
        "kind_3": (replace(GOOD, kind=3), "A kind of a later version."),
        "day_before_2000": (replace(GOOD, day=10956), "1999-12-31."),
        "day_after_9999": (replace(GOOD, day=2932897), "10000-01-01."),
        "day_of_32_bits": (replace(GOOD, day=2**32 - 1), "A day in eleven million years."),
        "sender_unknown": (replace(GOOD, sender="mallory"), "Signed well, by nobody on the list."),
        "sequence_of_2_to_the_53": (replace(GOOD, sequence=2**53), "A number that JavaScript cannot count to."),
        "sequence_of_64_bits": (replace(GOOD, sequence=2**64 - 1), "The greatest number that fits."),
        "piece_is_pieces": (replace(GOOD, text=full, place=1), "Piece 1 of 1, counted from 0."),
        "no_pieces": (replace(GOOD, pieces=0), "Piece 0 of 0."),
        "seventeen_pieces": (replace(GOOD, text=full, whole=full * 17, pieces=17), "One piece too many."),
        "length_0": (replace(GOOD, text=b""), "A reply of nothing."),
        "length_1870": (replace(GOOD, text=full, length=FULL + 1), "A length into the signature."),
        "length_of_16_bits": (replace(GOOD, length=2**16 - 1), "A length beyond the slot."),
        "length_a_byte_short": (replace(GOOD, length=len(text) - 1), "A byte more than the length says."),
        "byte_after_text": (replace(GOOD, after=b"\x01"), "Zeros are zeros up to the signature."),
        "middle_not_full": (replace(GOOD, text=full[1:], whole=full * 2, pieces=2), "A piece before the last, a byte short."),
        "last_piece_empty": (replace(GOOD, text=b"", whole=full, place=1, pieces=2), "A cut that nobody needs."),
        "digest_of_another": (replace(GOOD, whole=b"another text"), "The digest of another text."),
        "not_utf8": (replace(GOOD, text=b"caf\xe9"), "Latin-1."),
        "surrogate_utf8": (replace(GOOD, text=b"\xed\xa0\x80"), "Half a character."),
        "overlong_utf8": (replace(GOOD, text=b"\xc0\xaf"), "A second spelling of a slash."),
        "ends_within_a_character": (replace(GOOD, text="é".encode()[:1]), "The whole ends within a character."),
        "nul": (replace(GOOD, text=b"a\0b"), "A NUL."),
        "escape_sequence": (replace(GOOD, text=b"\x1b[2Ja"), "What terminals obey."),
        "del_u007f": (replace(GOOD, text=b"a\x7f"), "A control character above the letters."),
        "c1_control": (replace(GOOD, text="a\u009b2J".encode()), "What some terminals obey, in two bytes."),
        "acknowledgement_in_words": (replace(GOOD, kind=2), "An acknowledgement that is no JSON."),
        "acknowledgement_of_two": (
            replace(GOOD, kind=2, text=full, whole=full * 2, pieces=2),
            "An acknowledgement is one piece.",
        ),
    }  # fmt: skip


def _false_signatures() -> Iterator[Scenario]:
    def one(name: str, about: str, piece: Piece | dict[str, Any], **changes: Any) -> Scenario:
        return board(name, about, [piece], ignored=1, **changes)

    yield one("signed_for_another_drop", "Sealed for this drop, signed for another.", replace(GOOD, drop_id=OTHER_DROP))
    thread = seed("somebody's thread")
    yield one("carried_from_another_thread", "A colleague's reply to another source.", replace(GOOD, thread=thread))
    yield one("forged_sender", "evan signs as dana.", replace(GOOD, signer="evan"))
    yield one("text_edited", "A word was changed after signing.", slot(replace(GOOD, text=b"no").plaintext(GOOD.signature)))
    yield one("not_signed", "Zeros for a signature.", slot(GOOD.plaintext(bytes(64))))
    yield one("nobody_known", "A reader who knows no recipients.", GOOD, senders={})
    small = small_order_points()["8"]
    senders = {journalist("dana").id: small.hex()}
    forged = slot(GOOD.plaintext(forged_signature(small, GOOD.signed)))
    yield one("sender_of_small_order", "A key under which anybody can sign.", forged, senders=senders)
    for name, nonce, point in (("r_off_by_small_order", 5, order_eight()), ("r_of_small_order", 0, order_eight().times(2))):
        public, signature = crooked_signature(seed("recipient dana"), GOOD.signed, nonce, point)
        assert public == SENDERS["dana"]  # noqa: S101 (the curve of points.py is the library's)
        about = "A signature that only a cofactor makes fit."
        yield one(name, about, slot(GOOD.plaintext(signature)))


def _gathered() -> Iterator[Scenario]:
    first, second = pieces_of(b"a" * FULL + b"b")
    other, last = pieces_of(b"a" * FULL + b"c")
    yield board("piece_missing", "The last piece is not there yet.", [first], incomplete=1)
    about = "The first piece of one reply and the last of another, of one number."
    yield board("pieces_of_two_replies", about, [first, last], incomplete=2)
    for what, change in {"day": {"day": TODAY + 1}, "number": {"sequence": 8}, "sender": {"sender": "evan"}}.items():
        about = f"Two pieces of one text that differ in their {what}."
        yield board(f"pieces_of_another_{what}", about, [first, replace(second, **change)], incomplete=2)
    about = "The same text in another number of pieces."
    longer = replace(first, pieces=3)
    yield board("pieces_of_another_count", about, [longer, second], incomplete=2)
    crossed = replace(other, whole=b"a" * FULL + b"b"), replace(last, whole=b"a" * FULL + b"b")
    yield board("digest_of_no_piece", "Two pieces that are not the digest's text.", list(crossed), ignored=2)
    for name, slots in {"first": [first, second, crossed[1]], "last": [crossed[1], first, second]}.items():
        about = "Two last pieces, both signed: which comes first must not decide."
        yield board(f"two_texts_for_one_piece_right_one_{name}", about, slots, ignored=3)
    yield board("half_beside_a_whole", "A whole reply beside half of another.", [first, GOOD], [READ], incomplete=1)
