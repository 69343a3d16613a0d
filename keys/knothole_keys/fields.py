"""Checks shared by every signed object: members, names, hex, days (SPEC 1.1 to 1.3).

Each takes the error class of the layer that asks, so that a refusal is named by that layer.
"""

import base64
import binascii
import itertools
import re
import unicodedata
from datetime import date
from typing import Any

from knothole_keys.canonical import MAX_INTEGER
from knothole_keys.errors import KnotholeError

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
SEPARATORS = frozenset("\u2028\u2029")
# What "white space" is in SPEC section 1: JavaScript's \s, which Python's is not.
SPACES = "\t\n\v\f\r \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
SPACE = re.compile(f"[{SPACES}]+")
ASCII_UPPER = {c: c - 32 for c in range(ord("a"), ord("z") + 1)}
ASCII_LOWER = {c: c + 32 for c in range(ord("A"), ord("Z") + 1)}
_KEY_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEX = re.compile(r"[0-9a-f]*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

type_error = type[KnotholeError]


def members(value: Any, names: set[str], error: type_error, what: str) -> dict[str, Any]:
    """`value` as an object that has exactly the members `names`."""
    if not isinstance(value, dict) or set(value) != names:
        raise error(f"{what} does not have exactly the members that it should.")
    return value


def integer(value: Any, low: int, high: int, error: type_error, what: str) -> int:
    """`value` as an integer in [low, high]; true and false are not integers."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= min(high, MAX_INTEGER):
        raise error(f"{what} is not a whole number within its limits.")
    return value


def items(value: Any, low: int, high: int, error: type_error, what: str) -> list[Any]:
    """`value` as an array of low to high items."""
    if not isinstance(value, list) or not low <= len(value) <= high:
        raise error(f"{what} is not a list within its limits.")
    return value


def hex_bytes(value: Any, length: int, error: type_error, what: str) -> bytes:
    """`value` as lower-case hex of exactly `length` bytes."""
    if not isinstance(value, str) or len(value) != 2 * length or not _HEX.fullmatch(value):
        raise error(f"{what} is not {length} bytes in lower-case hex.")
    return bytes.fromhex(value)


def base64_bytes(value: Any, length: int, error: type_error, what: str) -> bytes:
    """`value` as strict standard base64 of exactly `length` bytes."""
    raw = strict_base64(value)
    if raw is None or len(raw) != length:
        raise error(f"{what} is not {length} bytes in base64.")
    return raw


def strict_base64(value: Any) -> bytes | None:
    """The bytes that standard padded base64 spells, or None when another spelling would be the canonical one."""
    if not isinstance(value, str):
        return None
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == value else None


def has_forbidden(text: str) -> bool:
    """Whether a text meant for one line holds controls, separators or direction changes."""
    return any(unicodedata.category(c) in ("Cc", "Cs") or c in BIDI_CONTROLS or c in SEPARATORS for c in text)


def line(value: Any, low: int, high: int, error: type_error, what: str) -> str:
    """`value` as one line of low to high bytes of UTF-8 (SPEC 1.3)."""
    if not isinstance(value, str) or has_forbidden(value) or value != value.strip(" "):
        raise error(f"{what} holds characters that it must not hold.")
    if not low <= len(value.encode()) <= high:
        raise error(f"{what} is not {low} to {high} bytes long.")
    return value


def person_name(value: Any, error: type_error, what: str) -> str:
    """`value` as the name of a drop or a recipient."""
    return line(value, 1, 64, error, what)


def key_name(value: Any, error: type_error, what: str) -> str:
    """`value` as the name of a key in a signed note."""
    if not isinstance(value, str) or not _KEY_NAME.fullmatch(value):
        raise error(f"{what} is not 1 to 64 letters, digits, dots, dashes or underscores.")
    return value


def day(value: Any, error: type_error, what: str) -> str:
    """`value` as a day `YYYY-MM-DD`."""
    try:
        if isinstance(value, str) and _DAY.fullmatch(value) and date.fromisoformat(value).year >= 2000:
            return value
    except ValueError:
        pass
    raise error(f"{what} is not a day.")


def rising(values: list[Any]) -> bool:
    """Whether values rise strictly: sorted, and none twice."""
    return all(a < b for a, b in itertools.pairwise(values))


def to_base64(raw: bytes) -> str:
    """Standard padded base64."""
    return base64.b64encode(raw).decode()
