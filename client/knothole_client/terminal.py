"""What a stranger wrote, made harmless for a terminal.

A terminal obeys what it prints: escape sequences can rewrite what was shown before, change the window's title, or type
on the reader's behalf. On a desk everything that a source wrote goes through `safe`, or `safe_name`, before it is printed,
and on a source's machine everything that a desk wrote.
"""

import unicodedata

from knothole_keys.fields import BIDI_CONTROLS, SEPARATORS

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Controls, which terminals obey, and lone surrogates, which no encoding takes.
_UNSAFE = frozenset({"Cc", "Cs"})
# Unassigned ones among the tags: text that no screen shows but a copy carries along.
_TAGS = range(0xE0000, 0xE0080)
# Format characters without which Persian, Indic scripts and emoji are misspelt: a message may have them.
_JOINERS = frozenset("\u200c\u200d")
# Format characters that are not invisible: Arabic, Syriac and Kaithi signs drawn around or above a number.
_DRAWN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")


def safe(text: str) -> str:
    """`text` on one line: a mark in place of every control, line break, direction change and invisible character.

    The joiners that some scripts are spelt with are left.
    """
    return "".join(REPLACEMENT if _harmful(c) else c for c in text)


def safe_name(name: str) -> str:
    """A file's name on one line: what `safe` marks, and the joiners too, as `\\u{200d}`, so that no two names look alike.

    A name holds no backslash of its own.
    """
    return "".join(f"\\u{{{ord(c):x}}}" if _harmful(c) or c in _JOINERS else c for c in name)


def safe_lines(text: str) -> list[str]:
    """The lines of a text, each made safe; tabs become spaces."""
    return [safe(line.removesuffix("\r").expandtabs(4)) for line in text.split("\n")]


def first_words(text: str, longest: int = 48) -> str:
    """The beginning of a message on one safe line of at most `longest` characters."""
    start = safe(" ".join(text[: 8 * longest].split()))
    return start if len(start) <= longest else start[: longest - 1].rstrip() + "…"


def size(count: int) -> str:
    """A number of bytes as people read it: `512 B`, `1.4 MB` (powers of 1000)."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 box`, `3 boxes`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def _harmful(c: str) -> bool:
    category = unicodedata.category(c)
    invisible = category == "Cf" and c not in _JOINERS and c not in _DRAWN
    return category in _UNSAFE or invisible or c in BIDI_CONTROLS or c in SEPARATORS or ord(c) in _TAGS
