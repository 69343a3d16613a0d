"""Scenarios of acknowledgements' texts, and of cards as a desk writes them."""

from collections.abc import Iterator
from typing import Any

from knothole_keys import canonical
from making.cards import FULL, GOOD, KEYS, LONG, READ, TWO, Piece, board, card, pieces_of
from making.drop import DROP_ID, journalist, seed
from making.scenario import Bytes, Scenario, refused, spelled

SAID = {"boxes": 12, "day": "2026-11-23", "expected": 15, "files": 1, "letter": seed("letter").hex(), "of": 2}
TYPE = {"type": "knothole/1 acknowledgement"}
TEXT = canonical.encode(SAID | TYPE).decode()


def text_of(**changes: Any) -> str:
    """The text with members changed; a change to None takes a member out."""
    members = {name: value for name, value in (SAID | TYPE | changes).items() if value is not None}
    return canonical.encode(members).decode()


def acknowledgement_scenarios() -> Iterator[Scenario]:
    """What a desk has of a letter, and what is no acknowledgement: null comes out."""
    yield Scenario(
        "acknowledgement", "Part of a letter has come.", "acknowledgement", {"text": TEXT}, {"acknowledgement": SAID}
    )
    most = dict.fromkeys(("boxes", "expected", "files", "of"), 2**53 - 1)
    edges = {"nothing_yet": {"boxes": 0, "expected": 0, "files": 0, "of": 0}, "of_the_greatest_numbers": most}
    for name, changes in edges.items():
        expect = {"acknowledgement": SAID | changes}
        about = "Numbers at their limits."
        yield Scenario(f"acknowledgement_{name}", about, "acknowledgement", {"text": text_of(**changes)}, expect)
    for flaw, (text, about) in _flaws().items():
        expect_none = {"acknowledgement": None}
        yield Scenario(f"acknowledgement_{flaw}", about, "acknowledgement", {"text": text}, expect_none)
    good = Piece(TEXT.encode(), kind=2, sender="evan", sequence=3)
    cards = [card(TEXT, "evan", "acknowledgement", sequence=3), READ]
    yield board("acknowledgement", "An acknowledgement and a reply, of two desks.", [GOOD, good], cards)
    about = "A reply that has the text of an acknowledgement is a reply."
    yield board("acknowledgement_as_a_reply", about, [Piece(TEXT.encode())], [card(TEXT)])
    for kind in (0, 3):
        about = "A kind that there is not, in an acknowledgement's words."
        yield board(f"acknowledgement_of_kind_{kind}", about, [Piece(TEXT.encode(), kind=kind)], ignored=1)
    for flaw in ("with_a_space", "of_another_type", "more_boxes_than_expected"):
        text, about = _flaws()[flaw]
        yield board(f"acknowledgement_{flaw}", about, [Piece(text.encode(), kind=2)], ignored=1)


def _flaws() -> dict[str, tuple[str, str]]:
    return {
        "with_a_space": (TEXT.replace(":", ": ", 1), "Not canonical."),
        "with_a_newline": (TEXT + "\n", "Not canonical at its end."),
        "with_a_bom": ("\ufeff" + TEXT, "Not canonical at its beginning."),
        "with_half_a_character": (text_of(day="?").replace("?", "\ud800"), "A text that has no UTF-8."),
        "of_nothing": ("", "No text."),
        "a_list": ("[]", "No object."),
        "of_another_type": (text_of(type="knothole/2 acknowledgement"), "A later format."),
        "unknown_member": (text_of(note="x"), "A member that this version does not know."),
        "missing_member": (text_of(files=None), "A member is missing."),
        "more_boxes_than_expected": (text_of(boxes=16), "More than there is."),
        "more_files_than_listed": (text_of(files=3), "More files than the letter lists."),
        "negative": (TEXT.replace("12", "-1"), "A negative number."),
        "of_2_to_the_53": (TEXT.replace("15", str(2**53)), "A number over 2^53 - 1."),
        "true_for_a_number": (text_of(files=True), "True for 1."),
        "31_november": (text_of(day="2026-11-31"), "A day that no calendar has."),
        "letter_in_upper_case": (text_of(letter=seed("letter").hex().upper()), "Hex is lower case."),
        "letter_too_short": (text_of(letter="00" * 31), "31 bytes."),
    }


def card_scenarios() -> Iterator[Scenario]:
    """Cards as a desk seals them: the salt is random, what lies under it is not."""
    for name, about, one, pieces in (
        ("written_reply", "One piece.", READ, [GOOD]),
        ("written_reply_of_two_pieces", "Cut within a character.", card(LONG), TWO),
        ("written_full_piece", "One full piece, and no empty one after it.", card("x" * FULL), pieces_of(b"x" * FULL)),
        (
            "written_acknowledgement",
            "Always one piece.",
            card(TEXT, kind="acknowledgement"),
            [Piece(TEXT.encode(), kind=2)],
        ),
    ):
        plaintexts = [piece.laid.hex() for piece in pieces]
        yield Scenario(f"card_{name}", about, "card", _given(one), {"plaintexts": plaintexts})
    for flaw, (one, about) in _unwritable().items():
        yield refused(f"card_{flaw}", about, "card", _given(one), "CannotSeal")


def _given(one: dict[str, Any]) -> dict[str, Any]:
    about = {"reply_key": KEYS.reply_key.hex(), "drop_id": DROP_ID.hex(), "thread": KEYS.thread.hex()}
    return {**about, "seed": seed("recipient dana").hex(), **one, "text": _text(one["text"])}


def _text(text: str) -> Bytes:
    run = len(text) > 99 and len(set(text)) == 1
    return {"hex": text[0].encode().hex(), "times": len(text)} if run else spelled(text.encode())


def _unwritable() -> dict[str, tuple[dict[str, Any], str]]:
    return {
        "of_nothing": (card(""), "A reply of nothing."),
        "a_byte_too_long": (card("x" * (16 * FULL + 1)), "A byte more than sixteen pieces hold."),
        "with_a_nul": (card("a\0b"), "A NUL."),
        "with_an_escape_sequence": (card("\x1b[2J"), "What terminals obey."),
        "acknowledgement_in_words": (card("It came.", kind="acknowledgement"), "An acknowledgement is JSON."),
        "acknowledgement_too_long": (card("[" * 2000, kind="acknowledgement"), "An acknowledgement is one piece."),
        "of_another_sender": (card("x") | {"sender": journalist("evan").id}, "A sender whose key does not sign."),
        "day_before_2000": (card("x", day="1999-12-31"), "A day before this format's calendar."),
        "31_november": (card("x", day="2026-11-31"), "A day that no calendar has."),
        "number_of_2_to_the_53": (card("x", sequence=2**53), "A number over 2^53 - 1."),
    }
