"""Scenarios of canonical JSON, key derivation, epochs, fingerprints, codenames, geometry and proof of work."""

from collections.abc import Iterator

from knothole_keys import codename, proof, root
from knothole_keys.box import Geometry
from knothole_keys.epoch import DAY, accepts, end, epoch_of, start
from knothole_keys.kdf import derive
from making.drop import DROP_ID, EPOCH, seed
from making.scenario import Scenario, joined, many, raw, refused, text

JSON_FLAWS = {
    "duplicate_key": ('{"a":1,"a":1}', "The same key twice, though with the same value."),
    "float": ('{"a":1.0}', "A number with a fraction, even if it is none."),
    "exponent": ('{"a":1e2}', "A number with an exponent."),
    "minus_zero": ('{"a":-0}', "Minus zero is no integer from 0 to 2^53 - 1."),
    "negative": ('{"a":-1}', "A negative number."),
    "leading_zero": ('{"a":01}', "A number with a leading zero."),
    "two_to_the_53": ('{"a":9007199254740992}', "The first integer that a double cannot tell from its neighbour."),
    "null": ('{"a":null}', "null is not of the subset."),
    "space": ('{"a": 1}', "White space after a colon."),
    "final_newline": ('{"a":1}\n', "White space at the end."),
    "keys_unsorted": ('{"b":1,"a":2}', "Keys in another order."),
    "keys_by_code_point": ('{"\ufb33":1,"\U0001f600":2}', "Keys sorted by code points; UTF-16 code units put U+1F600 first."),
    "escaped_letter": (r'{"\u0061":1}', "A letter spelled as an escape."),
    "escaped_slash": (r'{"a":"\/"}', "A slash needs no escape."),
    "upper_case_escape": (r'{"a":"\u001F"}', "Hex of an escape in upper case."),
    "long_escape": (r'{"a":"\u000a"}', "A newline has a short escape."),
    "escaped_emoji": (r'{"a":"\ud83d\ude00"}', "A character spelled as two escapes."),
    "lone_surrogate": (r'{"a":"\ud800"}', "Half a character."),
    "raw_newline_in_text": ('{"a":"\n"}', "A control character inside a text."),
    "unfinished_text": ('{"a":"' + '\\"' * 40, "A text without an end, all escaped quotes."),
    "nan": ('{"a":NaN}', "What some parsers take for a number."),
    "second_value": ('{"a":1}{"a":1}', "Two values in one text."),
    "nesting_17": ("[" * 17 + "]" * 17, "Seventeen arrays inside one another."),
    "nothing": ("", "No bytes at all."),
}  # fmt: skip


def json_scenarios() -> Iterator[Scenario]:
    """Canonical JSON: one accepted text that holds every edge, and one flaw a file."""
    value = {
        "": [True, False, [], {}],
        "\u20ac": '"\\/\b\t\n\f\r\u0000\u001f\u007f\u2028',
        "1": 0,
        "A": 2**53 - 1,
        "a": "e\u0301",
        "\U0001f600": 1,
        "\ufb33": 2,
    }
    spelling = (
        '{"":[true,false,[],{}],"1":0,"A":9007199254740991,"a":"e\u0301",'
        '"\u20ac":"\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001f\u007f\u2028","\U0001f600":1,"\ufb33":2}'
    )
    yield Scenario("json_every_edge", "Sorting, escapes and limits.", "canonical", {"json": text(spelling)}, {"value": value})
    deep = "[" * 16 + "1" + "]" * 16
    nested: object = 1
    for _ in range(16):
        nested = [nested]
    yield Scenario("json_nesting_16", "The deepest nesting.", "canonical", {"json": text(deep)}, {"value": nested})
    for flaw, (spelling, about) in JSON_FLAWS.items():
        yield refused(f"json_{flaw}", about, "canonical", {"json": text(spelling)}, "MalformedJSON")
    crowd = joined(text("["), many(b"[],", 2**17 - 1), text("[]]"))
    about = "One array more than a text may hold in all, in 384 KiB."
    yield refused("json_131073_arrays", about, "canonical", {"json": crowd}, "MalformedJSON")
    for flaw, data in {
        "bom": b'\xef\xbb\xbf{"a":1}',
        "overlong_utf8": b'{"a":"\xc0\xaf"}',
        "surrogate_utf8": b'{"a":"\xed\xa0\x80"}',
        "utf16": '{"a":1}'.encode("utf-16"),
    }.items():
        yield refused(f"json_{flaw}", "Bytes that are not plain UTF-8.", "canonical", {"json": raw(data)}, "MalformedJSON")


def derived_scenarios() -> Iterator[Scenario]:
    """Values only: derivation, epochs, geometry, proof of work."""
    secret = seed("derive")
    given = {"secret": secret.hex(), "label": "box-id", "data": "00ff", "length": 16}
    out = derive(secret, "box-id", b"\x00\xff", 16).hex()
    yield Scenario("derive_box_id", "A label, data and another length.", "derive", given, {"out": out})
    times = [0, 345599, 345600, start(EPOCH) - 1, start(EPOCH), end(EPOCH) - 1, end(EPOCH), 2**53 - 1]
    moments = [start(EPOCH) - DAY - 1, start(EPOCH) - DAY, start(EPOCH), end(EPOCH), end(EPOCH) + DAY - 1, end(EPOCH) + DAY]
    yield Scenario(
        "epoch_boundaries",
        "Weeks begin on Monday; a server is open a day longer on either side.",
        "epoch",
        {"times": times, "epoch": EPOCH, "moments": moments},
        {
            "epochs": [epoch_of(t) for t in times],
            "start": start(EPOCH),
            "end": end(EPOCH),
            "accepts": [accepts(EPOCH, t) for t in moments],
        },
    )
    boxes = [(2**power, slots) for power in range(18, 25) for slots in (1, 4, 16)]
    yield Scenario(
        "geometry_every_size",
        "P is the one length that fills the payload.",
        "geometry",
        {"boxes": boxes},
        {"plaintext": [Geometry(*box).plaintext for box in boxes]},
    )
    permit, box_id = "permit.of.ten-minutes", seed("proof")[:16]
    solved = proof.solve(permit, EPOCH, box_id, 12)
    nonces = [solved, solved + 1, 0, 2**64 - 1]
    yield Scenario(
        "proof_of_work",
        "The smallest nonce for 12 bits, and whether others pass.",
        "proof",
        {"permit": permit, "epoch": EPOCH, "box_id": box_id.hex(), "difficulty": 12, "nonces": [str(n) for n in nonces]},
        {"smallest": str(solved), "valid": [proof.check(permit, EPOCH, box_id, n, 12) for n in nonces]},
    )


WORDS = "abacus drop-down zoom t-shirt dolphin karate yo-yo gravity"
CODENAME_FLAWS = {
    "seven_words": ("abacus drop-down zoom t-shirt dolphin karate yo-yo", "One word is missing."),
    "nine_words": (f"{WORDS} abacus", "One word too many."),
    "near_word": (WORDS.replace("gravity", "gravitty"), "A word that is nearly one of the list."),
    "turkish_i": (WORDS.replace("dolphin", "DOLPH\u0130N"), "A dotted capital I is no ASCII letter."),
    "kelvin_sign": (WORDS.replace("karate", "\u212aarate"), "A Kelvin sign lower-cases to k in Unicode, not in ASCII."),
    "joined_by_hyphens": (WORDS.replace(" ", "-"), "Hyphens are letters of some words and part nothing."),
    "accent": (WORDS.replace("zoom", "zo\u00f6m"), "A letter that is not ASCII is part of its word."),
    "accent_behind": (WORDS.replace("zoom", "zoom\u00eb"), "A letter that is not ASCII is part of its word, and not left out."),
    "combining_accent": (WORDS.replace("zoom", "zoo\u0308m"), "A mark is no letter, so it parts a word in two."),
    "nine_in_a_list": (
        "".join(f"{n}. {w}\n" for n, w in enumerate(f"{WORDS} abacus".split(), 1)),
        "One word too many in a list.",
    ),
    "a_letter_more": (f"{WORDS} a", "A single letter is a word, too."),
    "hyphenated_word_in_two": (WORDS.replace("yo-yo", "yo yo"), "A listed word has its hyphen."),
    "two_hyphens": (WORDS.replace("yo-yo", "yo--yo"), "Only a single hyphen between two letters joins them."),
    "nothing": ("   ", "No word at all."),
}


def codename_scenarios() -> Iterator[Scenario]:
    """Codenames as people type them, and the fingerprint of a drop."""
    keys = codename.thread_keys(WORDS, DROP_ID)
    expect = {
        "words": WORDS,
        "thread_secret": keys.secret.hex(),
        "signing_seed": keys.signing_seed.hex(),
        "thread": keys.thread.hex(),
        "reply_key": keys.reply_key.hex(),
    }
    typed = {
        "as_shown": WORDS,
        "upper_case": WORDS.upper(),
        "odd_white_space": "\ufeff\u00a0" + WORDS.replace(" ", "\t\r\n\u2003\u3000", 3) + " \u2028",
        "commas": WORDS.replace(" ", ", "),
        "semicolons": WORDS.replace(" ", ";"),
        "full_stops": WORDS.replace(" ", ". ") + ".",
        "next_line_u0085": WORDS.replace(" ", "\u0085"),
        "zero_width_space": WORDS.replace(" zoom", "\u200bzoom"),
        "numbered": " ".join(f"{number}. {word}" for number, word in enumerate(WORDS.split(), 1)),
        "numbered_brackets": "\n".join(f"{number}) {word}" for number, word in enumerate(WORDS.upper().split(), 1)),
        "numbered_arabic": " ".join(f"{chr(0x660 + number)}\u060c{word}" for number, word in enumerate(WORDS.split(), 1)),
        "bullets": "".join(f"- {word}\n" for word in WORDS.split()),
        "dashes": WORDS.replace(" ", " \u2013 "),
        "trailing_hyphens": WORDS.replace(" ", "- ").replace("zoom", "--zoom"),
        "quoted": f"\u00ab{WORDS}\u00bb",
    }
    for name, spelling in typed.items():
        given = {"text": spelling, "drop_id": DROP_ID.hex()}
        yield Scenario(f"codename_{name}", "The same eight words.", "codename", given, expect)
    for flaw, (spelling, about) in CODENAME_FLAWS.items():
        given = {"text": spelling, "drop_id": DROP_ID.hex()}
        yield refused(f"codename_{flaw}", about, "codename", given, "BadCodename")


def fingerprint_scenarios() -> Iterator[Scenario]:
    """Fingerprints as people type them."""
    printed = root.fingerprint(DROP_ID)
    typed = "  " + printed.upper().replace("-", " ", 6).replace("-", "", 3) + "\n"
    yield Scenario(
        "fingerprint_typed", "Upper case, spaces, hyphens left out.", "fingerprint", {"text": typed}, {"drop_id": DROP_ID.hex()}
    )
    flaws = {
        "one_letter_missing": printed[:-1],
        "one_letter_more": printed + "a",
        "bits_after_the_256th": printed[:-1] + ("b" if printed[-1] == "a" else "r"),
        "digit_one": "1" + printed[1:],
        "dotless_i": "\u0131" + printed[1:],
        "kelvin_sign": "\u212a" + printed[1:],
        "long_s": "\u017f" + printed[1:],
        "padding": printed + "====",
    }
    for flaw, spelling in flaws.items():
        yield refused(f"fingerprint_{flaw}", "Not 52 letters of base32.", "fingerprint", {"text": spelling}, "WrongDrop")
