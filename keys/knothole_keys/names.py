"""File names: refused when they arrive in a letter, cleaned when a person chose them (SPEC sections 9 and 10)."""

import re
import unicodedata
from collections.abc import Iterable

from knothole_keys import fields
from knothole_keys.errors import BadFileName

MAX_NAME = 255


def check(name: object) -> str:
    """`name` as it may stand in a letter. Raises BadFileName, never quoting it."""
    if not isinstance(name, str) or name in ("", ".", "..") or _forbidden(name) or len(name.encode()) > MAX_NAME:
        raise BadFileName("A file's name in the letter could do harm on this machine; the letter was refused.")
    return name


def folded(name: str) -> str:
    """What two names are compared by: NFC, ASCII letters in lower case."""
    return unicodedata.normalize("NFC", name).translate(fields.ASCII_LOWER)


def check_distinct(names: Iterable[str]) -> None:
    """Refuse, as BadFileName, a table in which a name occurs twice."""
    seen: set[str] = set()
    for name in names:
        if folded(name) in seen:
            raise BadFileName("Two files of the letter have the same name; the letter was refused.")
        seen.add(folded(name))


def clean(name: str, taken: set[str]) -> str:
    """A name like the one that a person's file has, allowed and not yet in `taken` (folded names; it is added)."""
    safe = unicodedata.normalize("NFC", "".join("_" if _forbidden(c) else c for c in name)).strip(" ")
    if safe in ("", ".", ".."):
        safe = "file"
    stem, extension = _split(safe)
    number, result = 1, _fit(stem, extension)
    while folded(result) in taken:
        number += 1
        result = _fit(stem, f" ({number}){extension}")
    taken.add(folded(result))
    return result


def _forbidden(text: str) -> bool:
    return "/" in text or "\\" in text or fields.has_forbidden(text)


def _split(name: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.+?)(\.[^. ]{1,16})", name, re.DOTALL)
    return (match.group(1), match.group(2)) if match else (name, "")


def _fit(stem: str, ending: str) -> str:
    room = MAX_NAME - len(ending.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + ending
