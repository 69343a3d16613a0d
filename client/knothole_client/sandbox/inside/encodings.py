"""Text of any encoding that people still have on their disks."""

import codecs

import chardet

# By this much of a text its encoding is guessed.
SAMPLE = 65536
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def decoded(data: bytes) -> str | None:
    """Text of any encoding that is common, or None for what is no text. `data` may be a piece, cut off anywhere."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if _few_controls(data):
        for cut in range(4):
            try:
                return data[: len(data) - cut].decode()
            except UnicodeDecodeError:
                continue
    guessed = chardet.detect(data[:SAMPLE])["encoding"]
    return None if guessed is None else data.decode(guessed, "replace")


def _few_controls(data: bytes) -> bool:
    return sum(one < 32 and one not in b"\t\n\r\f\x1b\x08" for one in data[:SAMPLE]) * 50 <= len(data[:SAMPLE])
