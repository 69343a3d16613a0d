"""Scenarios of letters, of the names in them, and of letters as a source writes them."""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from nacl.signing import SigningKey

from knothole_keys import canonical, codename, letter, merkle, names
from knothole_keys.box import Geometry
from knothole_keys.letter import Draft, FileEntry
from knothole_keys.stream import file_stream, letter_parts
from making.drop import DROP_ID, OTHER_DROP, SIZE, SLOTS, journalist, seed
from making.scenario import Bytes, Scenario, joined, many, raw, refused, spelled, text
from making.texts import WORDS

KEYS = codename.thread_keys(WORDS, DROP_ID)
CAPACITY = Geometry(SIZE, SLOTS).capacity
INSIDE = b"a note that travels inside\n"


def entry(name: str, body: bytes, **changes: Any) -> FileEntry:
    """A file of one part, inside unless changed."""
    root = merkle.leaf(body)
    one = FileEntry(name, len(body), "text/plain", root, file_stream(KEYS.secret, root), inside=True)
    return replace(one, **changes)


FILES = (
    entry("note.txt", INSIDE),
    entry("Überprüfung 1.mp4", b"", size=3 * 10**9, type="video/mp4", root=seed("root"), stream=seed("stream"), inside=False),
)
DRAFT = Draft(
    message="Meet me at the mill.\nЧто делать?",
    language="en",
    day="2026-11-24",
    files=FILES,
    recipients=[journalist("dana").id, journalist("evan").id],
    roster=seed("roster"),
    read=[(journalist("evan").id, 3), (journalist("evan").id, 12)],
)
GOOD = letter.write_letter(DRAFT, KEYS, DROP_ID, {"note.txt": INSIDE})


def stream_of(value: dict[str, Any] | bytes, contents: bytes = INSIDE, *, length: int | None = None) -> bytes:
    """A letter stream over members or a text as they stand, with a good signature."""
    written = value if isinstance(value, bytes) else canonical.encode(value)
    signature = SigningKey(KEYS.signing_seed).sign(b"knothole/1 letter\x00" + DROP_ID + written).signature
    return (len(written) if length is None else length).to_bytes(4, "big") + written + signature + contents


def members() -> dict[str, Any]:
    """The good letter's members."""
    value: dict[str, Any] = canonical.decode(GOOD[4 : 4 + int.from_bytes(GOOD[:4], "big")])
    return value


def _given(stream: bytes | Bytes, **changes: Any) -> dict[str, Any]:
    spelled_stream = stream if isinstance(stream, dict) else spelled(stream)
    return {"drop_id": DROP_ID.hex(), "capacity": CAPACITY, "letter": spelled_stream, **changes}


def letter_scenarios() -> Iterator[Scenario]:
    """A letter with a file inside and one outside, and what breaks it."""
    expect = {**members(), "contents": {"note.txt": INSIDE.hex()}}
    yield Scenario("letter_two_files", "One file inside, one that travels alone.", "letter", _given(GOOD), expect)
    alone = {**members(), "files": [members()["files"][1] | {"name": name} for name in ("a", "b")], "message": ""}
    about = "An empty message, and two names for one stream."
    yield Scenario("letter_one_stream_twice", about, "letter", _given(stream_of(alone, b"")), {**alone, "contents": {}})
    for flaw, (stream, about) in _malformed().items():
        yield refused(f"letter_{flaw}", about, "letter", _given(stream), "MalformedLetter")
    for flaw, (table, about) in _bad_names().items():
        files = [members()["files"][1] | {"name": name} for name in table]
        stream = stream_of({**members(), "files": files}, b"")
        yield refused(f"letter_{flaw}", about, "letter", _given(stream), "BadFileName")
    edited = GOOD.replace(b"mill", b"bank")
    yield refused("letter_edited", "A word was changed after signing.", "letter", _given(edited), "BadLetterSignature")
    about = "A letter to another drop, brought here."
    given = _given(GOOD, drop_id=OTHER_DROP.hex())
    yield refused("letter_of_another_drop", about, "letter", given, "BadLetterSignature")
    stolen = stream_of({**members(), "thread": seed("somebody's thread").hex()})
    about = "It names a thread whose key did not sign it."
    yield refused("letter_under_a_stolen_thread", about, "letter", _given(stolen), "BadLetterSignature")


def _malformed() -> dict[str, tuple[bytes | Bytes, str]]:
    table = members()["files"]
    other = {**table[0], "root": seed("x").hex()}

    def changed(**changes: Any) -> bytes:
        return stream_of({**members(), **changes})

    def first(**changes: Any) -> bytes:
        return changed(files=[{**table[0], **changes}, table[1]])

    huge = entry("huge", b"x" * CAPACITY).value()
    before, after = changed(files=[], message="x" * 2**25).removesuffix(INSIDE).split(b"x" * 2**25)
    written = canonical.encode(members())
    longer = stream_of(written.replace(b'"language":"en"', b'"language": "en"'))
    return {
        "inside_bytes_missing": (GOOD[:-1], "The last byte of the file inside is missing."),
        "inside_bytes_left_over": (GOOD + b"x", "A byte more than the table names."),
        "inside_of_another_root": (changed(files=[other, table[1]]), "The bytes inside are not the file of the table."),
        "inside_in_several_boxes": (
            joined(raw(stream_of({**members(), "files": [huge]}, b"")), many(b"x", CAPACITY)),
            "A file inside although the letter is longer than one box.",
        ),
        "inside_of_2_to_the_53": (first(size=2**53 - 1), "A size that no memory holds."),
        "size_of_2_to_the_63": (stream_of(written.replace(b"3000000000", b"9223372036854775808")), "A size over 2^53 - 1."),
        "size_negative": (stream_of(written.replace(b"3000000000", b"-1")), "A negative size."),
        "inside_not_boolean": (first(inside=1), "1 for true."),
        "longer_than_it_is": (stream_of(members(), length=len(GOOD)), "A length beyond the end."),
        "of_no_length": (b"\x00\x00\x00\x00" + GOOD[4:], "A letter of no bytes."),
        "three_bytes": (GOOD[:3], "Not even a length."),
        "over_32_mib": (joined(raw(before), many(b"x", 2**25), raw(after)), "Whole, signed, and longer than a letter may be."),
        "with_a_space": (longer, "Its text is not canonical."),
        "not_an_object": (stream_of(b"[]"), "Its text is no object."),
        "unknown_member": (changed(reply_to="x"), "A member that this version does not know."),
        "other_type": (changed(type="knothole-letter/2"), "A later format."),
        "31_february": (changed(day="2026-02-31"), "A day that no calendar has."),
        "day_before_2000": (changed(day="1999-12-31"), "A day before this format's calendar."),
        "language_with_underscore": (changed(language="en_GB"), "Not a language tag."),
        "recipients_unsorted": (changed(recipients=members()["recipients"][::-1]), "Recipients are sorted."),
        "nobody_meant": (changed(recipients=[]), "No recipient."),
        "read_twice": (changed(read=[members()["read"][0]] * 2), "One reply read twice."),
        "type_of_file_not_ascii": (first(type="täxt/plain"), "A type outside printable ASCII."),
        "type_of_file_with_newline": (first(type="text/plain\n"), "A type with a newline at its end."),
        "nonce_too_short": (changed(nonce="00" * 15), "A nonce of 15 bytes."),
        "root_in_upper_case": (first(root=table[0]["root"].upper()), "Hex is lower case."),
    }


NAME_FLAWS = {
    "dotdot": ("..", "The parent folder."),
    "dot": (".", "The folder itself."),
    "empty": ("", "No name."),
    "climbs_out": ("../../home/desk/.profile", "A way out of the folder."),
    "absolute": ("/etc/passwd", "An absolute path."),
    "backslash": ("..\\evil.exe", "A separator elsewhere."),
    "nul": ("a.jpg\u0000.exe", "A zero byte."),
    "newline": ("a\nb", "A newline."),
    "escape_sequence": ("\u001b[2Ja", "What a terminal obeys."),
    "c1_control": ("a\u009bb", "A control above ASCII, which terminals obey, too."),
    "bidi_override": ("invoice\u202efdp.exe", "It reads as invoiceexe.pdf."),
    "bidi_isolate": ("a\u2067b", "Another control of direction."),
    "line_separator": ("a\u2028b", "A line separator."),
    "256_bytes": ("x" * 256, "A byte more than file systems take."),
    "128_characters": ("é" * 128, "256 bytes, though half as many characters."),
    "4_kib": ("é" * 2048, "A name of 4 KiB."),
    "not_text": (7, "A number for a name."),
}


def _bad_names() -> dict[str, tuple[list[Any], str]]:
    twice = {
        "names_in_nfc_and_nfd": (["\u00e9.txt", "e\u0301.txt"], "One name in two normal forms."),
        "names_in_two_cases": (["Note.txt", "note.TXT"], "One name in two cases."),
        "name_twice": (["a", "a"], "One name twice."),
    }
    return {f"{flaw}_name": ([name], about) for flaw, (name, about) in NAME_FLAWS.items()} | twice


def name_scenarios() -> Iterator[Scenario]:
    """Names that are allowed, and names cleaned for those who chose them."""
    allowed = [
        "a", "...", ".profile", "-rf", "CON", "a b.txt", "x" * 255, "é" * 127, "日本語.pdf", "a\u200db", "Straße", "STRASSE",
    ]  # fmt: skip
    folded = [names.folded(name) for name in allowed]
    yield Scenario("names_allowed", "Odd, but harmless here.", "file_names", {"names": allowed}, {"folded": folded})
    chosen = [
        "a.txt", "A.TXT", "a.txt", "../../etc/passwd", "", "..", " spaced ", "a\u0000b", "invoice\u202efdp.exe", "e\u0301.txt",
        "\u00e9.txt", "x" * 300 + ".jpeg", "x" * 300 + ".jpeg", "é" * 200, ".bashrc", "a." + "b" * 17, "tar.gz", "\ud800.txt",
        "\U0001f600" * 70,
    ]  # fmt: skip
    taken: set[str] = set()
    cleaned = [names.clean(name, taken) for name in chosen]
    about = "Forbidden characters, lengths, normal forms, and names that were taken."
    yield Scenario("names_cleaned", about, "cleaned_names", {"names": chosen}, {"names": cleaned})


def _draft(files: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return {
        "codename": WORDS, "drop_id": DROP_ID.hex(), "capacity": CAPACITY, "message": text("Hello."), "language": "en",
        "day": "2026-11-24", "recipients": DRAFT.recipients, "roster": DRAFT.roster.hex(), "read": [], "files": files,
        **changes,
    }  # fmt: skip


def _file(name: str, body: Bytes) -> dict[str, Any]:
    return {"name": name, "type": "", "bytes": body}


def _written(files: Sequence[FileEntry], message: str, contents: dict[str, bytes]) -> dict[str, Any]:
    draft = replace(DRAFT, files=files, message=message, read=[])
    inside = letter.choose_inside(draft, KEYS, CAPACITY)
    table = [replace(one, inside=fits) for one, fits in zip(files, inside, strict=True)]
    stream = letter.write_letter(replace(draft, files=table), KEYS, DROP_ID, contents)
    head, _ = next(letter_parts(stream, CAPACITY))
    digest = hashlib.sha256(stream).hexdigest()
    return {"inside": inside, "length": len(stream), "sha256": digest, "stream": head.stream.hex()}


def written_scenarios() -> Iterator[Scenario]:
    """The same draft gives the same bytes in every implementation, or is refused."""
    bodies = {"a": 200_000, "b": 60_000, "c": 50_000}
    entries = [entry(name, b"x" * size, type="", inside=False) for name, size in bodies.items()]
    files = [_file(name, many(b"x", size)) for name, size in bodies.items()]
    expect = _written(entries, "Hello.", {name: b"x" * size for name, size in bodies.items()})
    about = "The first and the last file fit into the letter's box, the second does not."
    yield Scenario("letter_written_with_files", about, "written_letter", _draft(files), expect)
    empty = entry("empty", b"", type="", inside=False)
    plain = replace(DRAFT, files=[empty], message="", read=[])
    stream = letter.write_letter(plain, KEYS, DROP_ID, {})
    for over, fits in ((1, "fits"), (2, "does_not_fit")):
        message = "x" * (CAPACITY - len(stream) + over)
        expect = _written([empty], message, {"empty": b""})
        given = _draft([_file("empty", text(""))], message=many(b"x", len(message)))
        about = f"An empty file, where the letter without it is {over} over one box: inside saves one."
        yield Scenario(f"letter_written_empty_file_{fits}", about, "written_letter", given, expect)
    ids = [seed(str(i)).hex()[:16] for i in range(17)]
    flaws = {
        "to_nobody": _draft([], recipients=[]),
        "to_seventeen": _draft([], recipients=ids),
        "over_32_mib": _draft([], message=many(b"x", 2**25)),
        "false_day": _draft([], day="2026-11-31"),
        "false_language": _draft([], language="en_GB"),
    }
    for flaw, given in flaws.items():
        about = "A draft that no desk would take."
        yield refused(f"letter_written_{flaw}", about, "written_letter", given, "CannotSeal")
    for flaw, table in {"slash_in_name": ["a/b"], "names_alike": ["a", "A"]}.items():
        given = _draft([_file(name, text(str(i))) for name, i in zip(table, itertools.count(), strict=False)])
        yield refused(f"letter_written_{flaw}", "A name that must be cleaned first.", "written_letter", given, "BadFileName")
