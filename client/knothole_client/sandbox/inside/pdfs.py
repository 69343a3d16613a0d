"""Dangers of a PDF, by the names in its objects, packed ones included."""

import re
import zlib

_HEX = re.compile(rb"#([0-9a-fA-F]{2})")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
# A name with eight characters of text before it and two behind.
_AMONG_LETTERS = re.compile(rb"[\t\n\r\x20-\x7e]{8}/[A-Za-z#0-9]{2,24}[\t\n\r\x20-\x7e]{2}")
_MOST_UNPACKED = 128 << 20
_EACH = 8 << 20
_NAMES = {
    "pdf_script": ("JavaScript", "JS"),
    "pdf_launch": ("Launch",),
    "pdf_open_action": ("OpenAction", "AA"),
    "pdf_form_sent": ("SubmitForm", "ImportData", "GoToR", "XFA"),
    "embedded_file": ("EmbeddedFile", "EmbeddedFiles", "RichMedia", "GoToE"),
    "pdf_link": ("URI",),
    "encrypted": ("Encrypt",),
}
_PATTERNS = {
    flag: re.compile(rb"/(?:" + b"|".join(name.encode() for name in names) + rb")(?![A-Za-z0-9])")
    for flag, names in _NAMES.items()
}


def flags(data: bytes) -> set[str]:
    """What is dangerous in it."""
    found, left, at, outside = set[str](), _MOST_UNPACKED, 0, list[bytes]()
    for stream in _STREAM.finditer(data):
        if left <= 0:
            found.add("unread")
            break
        if stream.start() < at:
            continue
        end = data.find(b"endstream", stream.end())
        inside = data[stream.end() : end if end >= 0 else len(data)]
        outside.append(data[at : stream.start()])
        at = stream.end() + len(inside)
        head = _head(data[max(0, stream.start() - 2000) : stream.start()])
        # Compressed bytes may be any name by chance, so only names among letters count there: somebody may have called
        # objects a stream which other programs do not take for one.
        found |= _named(b"\n".join(_AMONG_LETTERS.findall(inside)))
        if b"ObjStm" not in head:
            continue
        # Only streams of objects hold names that are obeyed; text and pictures may hold anything.
        objects, whole = _unpacked(inside, min(left, _EACH)) if b"Filter" in head else (inside, True)
        left -= len(objects)
        found |= _named(objects)
        if not whole:
            found.add("archive_bomb" if len(objects) == _EACH and _is_zeros(objects) else "unread")
    outside.append(data[at:])
    return found | _named(b"\n".join(outside))


def _unpacked(data: bytes, most: int) -> tuple[bytes, bool]:
    """What a packed stream holds, as far as `most`, and whether that is all of it."""
    unpacker = zlib.decompressobj()
    try:
        return unpacker.decompress(data, most), unpacker.eof
    except zlib.error:
        return b"", False


def _head(before: bytes) -> bytes:
    return _HEX.sub(_character, before[before.rfind(b"obj") :])


def _is_zeros(piece: bytes) -> bool:
    return len(zlib.compress(piece, 1)) * 200 < len(piece)


def _character(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 16)])


def _named(data: bytes) -> set[str]:
    plain = _HEX.sub(_character, data) if b"#" in data else data
    # An opening action that only goes to a page is what every word processor writes.
    harmless = re.sub(rb"/OpenAction\s*(?:\[[^\]]{0,200}\]|<<\s*/(?:S\s*/GoTo|D\b)[^>]{0,200}>>)", b"", plain)
    return {flag for flag, pattern in _PATTERNS.items() if pattern.search(harmless)}
