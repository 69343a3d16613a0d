"""Canonical JSON: the subset of RFC 8785 that every signed text and every head uses (SPEC 1.1).

A value is refused unless serialising it again gives the same bytes. So one text has one spelling, and two parsers cannot
read two things out of one signature.
"""

import json
import re
from typing import Any

from knothole_keys.errors import MalformedJSON

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 16
# Twice what the longest letter's table has. An object costs a reader some sixty times the two bytes that spell it.
MAX_CONTAINERS = 131_072
MAX_BYTES = 64 * 1024 * 1024

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_ESCAPED = re.compile(r'["\\\x00-\x1f]')
# Possessive, and an unfinished text is one token too: whoever wrote the bytes must not choose how often they are read.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def encode(value: Any) -> bytes:
    """The one canonical spelling of `value`, in UTF-8. Raises MalformedJSON for what has none."""
    out: list[str] = []
    _write(value, out, 0)
    try:
        return "".join(out).encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedJSON("A text holds half a character (a lone surrogate).") from None


def decode(data: bytes) -> Any:
    """The value that `data` spells. Raises MalformedJSON unless `data` is its one canonical spelling."""
    if len(data) > MAX_BYTES:
        raise MalformedJSON("This JSON is longer than any that is used here.")
    _check_nesting(data)
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_no_float,
            parse_constant=_no_float,
            parse_int=_integer,
        )
    except (ValueError, RecursionError):
        raise MalformedJSON("This is not JSON as it is written here.") from None
    if encode(value) != data:
        raise MalformedJSON("This JSON is not in its canonical spelling.")
    return value


def _write(value: Any, out: list[str], depth: int) -> None:
    if depth >= MAX_DEPTH and isinstance(value, (dict, list, tuple)):
        raise MalformedJSON("This JSON is nested too deeply.")
    if isinstance(value, bool):
        out.append("true" if value else "false")
    elif isinstance(value, str):
        out.append(f'"{_ESCAPED.sub(_escape, value)}"')
    elif isinstance(value, int):
        if not 0 <= value <= MAX_INTEGER:
            raise MalformedJSON("A number is negative or too large.")
        out.append(str(value))
    elif isinstance(value, dict):
        out.append("{")
        for i, key in enumerate(sorted(value, key=_utf16)):
            out.append("," if i else "")
            _write(key, out, depth + 1)
            out.append(":")
            _write(value[key], out, depth + 1)
        out.append("}")
    elif isinstance(value, (list, tuple)):
        out.append("[")
        for i, item in enumerate(value):
            out.append("," if i else "")
            _write(item, out, depth + 1)
        out.append("]")
    else:
        raise MalformedJSON("Only objects, arrays, texts, whole numbers, true and false are written here.")


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    return _ESCAPES.get(char) or f"\\u{ord(char):04x}"


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _check_nesting(data: bytes) -> None:
    # Before json.loads, which would recurse and allocate: brackets are counted outside strings only.
    depth = containers = 0
    for token in _TOKEN.finditer(data):
        first = data[token.start()]
        if first in b"[{":
            depth, containers = depth + 1, containers + 1
            if depth > MAX_DEPTH:
                raise MalformedJSON("This JSON is nested too deeply.")
            if containers > MAX_CONTAINERS:
                raise MalformedJSON("This JSON has more objects and arrays than any that is used here.")
        elif first in b"]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _integer(digits: str) -> int:
    if len(digits) > 16:
        raise ValueError("too long")
    return int(digits)


def _no_float(_text: str) -> Any:
    raise ValueError("not an integer")
