"""What a program behind the walls says, read as from an enemy: one short line of JSON, then pixels, text or lists."""

import json
from typing import Any, BinaryIO

from knothole_client.sandbox.limits import Limits
from knothole_client.sandbox.outcome import Entry, Outcome
from knothole_client.sandbox.pixels import Lied, pictures
from knothole_client.sandbox.reader import Reader
from knothole_client.sandbox.vocabulary import FLAGS, KINDS, WHYS

LONGEST_HEAD = 256
MOST_ENTRIES = 10_000
MOST_FIELDS = 2000
# Bytes of JSON that are parsed here: as Python's lists they take up to thirty times as much.
LONGEST_LISTING, LONGEST_METADATA, LONGEST_FLAGS = 8 << 20, 2 << 20, 1 << 16
MOST_PAGES = 1_000_000


def answer(program: str, out: Reader, limits: Limits, sink: BinaryIO | None, came: list[bytes]) -> Outcome:
    """Read all of it; Lied when anything is off. Pictures are in `came` as soon as they are whole."""
    head = _json(out.line(LONGEST_HEAD))
    if not isinstance(head, dict):
        raise Lied
    if set(head) == {"why", "kind"}:
        _end(out)
        why = _word(head["why"], WHYS)
        return Outcome("too_much_memory" if why == "memory" else "failed", why=why, kind=_word(head["kind"], KINDS))
    if set(head) != {"what", "kind", "pages"} or not _number(head["pages"], MOST_PAGES):
        raise Lied
    kind, pages = _word(head["kind"], KINDS), head["pages"]
    what = head["what"]
    if program == "preview" and what == "pixels":
        for picture in pictures(out, limits):
            came.append(picture)
        return Outcome("done", kind=kind, pages=pages, pictures=tuple(came))
    if program == "preview" and what == "listing":
        return Outcome("done", kind=kind, pages=pages, listing=_listing(_json(out.rest(LONGEST_LISTING))))
    if program == "text" and what == "text":
        return Outcome("done", kind=kind, text=_text(out.rest(limits.output)), cut=pages == 1)
    if program == "flags" and what == "flags":
        return Outcome("done", kind=kind, flags=_flags(_json(out.rest(LONGEST_FLAGS))))
    if program == "metadata" and what == "metadata":
        return Outcome("done", kind=kind, metadata=_metadata(_json(out.rest(LONGEST_METADATA))))
    if program == "clean" and what == "clean" and sink is not None:
        return Outcome("done", kind=kind, cut=pages == 1, written=out.pour(sink))
    raise Lied


def _end(out: Reader) -> None:
    if out.line(1):
        raise Lied


def _json(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        raise Lied from problem


def _no_constant(_: str) -> Any:
    raise Lied


def _number(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _word(value: object, words: dict[str, str]) -> str:
    if not isinstance(value, str) or value not in words:
        raise Lied
    return value


def _string(value: object, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise Lied
    return plain(value)


def plain(text: str) -> str:
    """Without what a terminal or a page would obey: control characters but tab and newline, and lone surrogates."""
    return "".join(one if one in "\t\n" or (one >= " " and not "\x7f" <= one <= "\x9f") else "\N{REPLACEMENT CHARACTER}"
                   for one in text.encode("utf-8", "replace").decode("utf-8"))  # fmt: skip


def _text(data: bytes) -> str:
    try:
        return plain(data.decode("utf-8"))
    except ValueError as problem:
        raise Lied from problem


def _listing(found: Any) -> tuple[Entry, ...]:
    if not isinstance(found, list) or len(found) > MOST_ENTRIES:
        raise Lied
    entries = []
    for one in found:
        if not isinstance(one, list) or len(one) != 2 or not _number(one[1], 1 << 64):
            raise Lied
        entries.append(Entry(_string(one[0], 4096), one[1]))
    return tuple(entries)


def _flags(found: Any) -> tuple[str, ...]:
    if not isinstance(found, list) or len(found) > len(FLAGS):
        raise Lied
    return tuple(sorted({_word(one, FLAGS) for one in found}))


def _metadata(found: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(found, list) or len(found) > MOST_FIELDS:
        raise Lied
    fields = []
    for one in found:
        if not isinstance(one, list) or len(one) != 2:
            raise Lied
        fields.append((_string(one[0], 200), _string(one[1], 4096)))
    return tuple(fields)
