"""Reading a catalogue that somebody edited with a tool of their own: what is unreadable is one sentence, with file and line.

Editors such as Poedit write headers of their own (who translated, when, by which program) into a catalogue's head. They may
stand there and mean nothing: what counts is read here, and Babel, which stumbles over some of them, is shown our own head.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po

_STRING = r'"((?:[^"\\]|\\[nrt"\\])*)"'
_LINE = re.compile(rf"(?:#.*|(?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?)\s+)?{_STRING}|)")
_KEY = re.compile(rf"msgctxt\s+{_STRING}")


class Unreadable(Exception):
    """A catalogue that cannot be read, in one sentence."""


@dataclass(frozen=True)
class Read:
    """A catalogue, and its head's headers by their names in lower case."""

    catalogue: Catalog
    headers: dict[str, str]


def read(data: bytes, *, where: str, head: str, locale: str) -> Read:
    """Read a catalogue; `head` is the one that it should have, `where` its name in sentences."""
    lines = _lines(data, where)
    first, last = _head(lines)
    headers = dict(_headers(lines[first:last])) if last else {}
    # As many lines as before, so that every entry keeps its number.
    (ours,) = re.findall(r'^msgid ""\nmsgstr ""\n((?:".*"\n)+)', head, re.MULTILINE)
    string = "".join(line[1:-1] for line in ours.splitlines())
    lines[first:last] = ['msgid ""', f'msgstr "{string}"', *[""] * (last - first - 2)]
    added = 0 if last else 2
    try:
        catalogue = read_po(lines, locale=locale, abort_invalid=True)
    except PoFileError as error:
        raise Unreadable(f"{where}:{error.lineno + 1 - added}: this entry is not whole, or has a form too many.") from error
    except (ValueError, IndexError, AttributeError) as error:
        raise Unreadable(f"{where}: an entry has its lines in another order than msgctxt, msgid, msgstr.") from error
    return Read(catalogue, headers)


def _lines(data: bytes, where: str) -> list[str]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n") + 1
        raise Unreadable(f"{where}:{number}: this is not UTF-8; have your editor save the file as UTF-8.") from error
    # Entries that an editor keeps though the page has them no more (`#~`) are nothing to us.
    lines = ["" if line.lstrip().startswith("#~") else line.strip() for line in text.replace("\r\n", "\n").split("\n")]
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not _LINE.fullmatch(line):
            raise Unreadable(f"{where}:{number}: this is no line of a catalogue; a quotation mark may be missing or too many.")
        if key := _KEY.fullmatch(line):
            if key[1] in seen:
                raise Unreadable(f"{where}:{number}: {key[1]} is here a second time, first in line {seen[key[1]]}; keep one.")
            seen[key[1]] = number
    return lines


def _head(lines: list[str]) -> tuple[int, int]:
    # From its msgid to behind its last line; (0, 0) when there is none.
    first = next((number for number, line in enumerate(lines) if line and not line.startswith("#")), len(lines))
    if lines[first : first + 1] != ['msgid ""'] or not "".join(lines[first + 1 : first + 2]).startswith("msgstr"):
        return 0, 0
    last = first + 2
    while last < len(lines) and lines[last].startswith('"'):
        last += 1
    return first, last


def _headers(lines: list[str]) -> Iterator[tuple[str, str]]:
    text = "".join(found[1] for line in lines[1:] if (found := re.search(_STRING + "$", line)))
    for header in text.split("\\n"):
        name, colon, value = header.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()
