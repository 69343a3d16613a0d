"""Dangers of a PDF, by the names in its objects, packed ones included."""

import re
import zlib

_HEX = re.compile(rb"#([0-9a-fA-F]{2})")
_STREAM = re.compile(rb"stream\r?\n")
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
    found, left = _named(data), _MOST_UNPACKED
    for stream in _STREAM.finditer(data):
        if left <= 0:
            return found | {"unread"}
        unpacker = zlib.decompressobj()
        try:
            piece = unpacker.decompress(data[stream.end() : stream.end() + (4 << 20)], min(left, _EACH))
        except zlib.error:
            continue
        left -= len(piece)
        # Only streams of objects hold names that are obeyed; text and pictures may hold anything.
        if _of_objects(data[max(0, stream.start() - 2000) : stream.start()]):
            found |= _named(piece)
        if unpacker.unconsumed_tail and len(piece) == _EACH:
            found.add("archive_bomb" if _is_zeros(piece) else "unread")
    return found


def _of_objects(before: bytes) -> bool:
    return b"ObjStm" in _HEX.sub(_character, before[before.rfind(b"obj") :])


def _is_zeros(piece: bytes) -> bool:
    return len(zlib.compress(piece, 1)) * 200 < len(piece)


def _character(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 16)])


def _named(data: bytes) -> set[str]:
    plain = _HEX.sub(_character, data) if b"#" in data else data
    # An opening action that only goes to a page is what every word processor writes.
    harmless = re.sub(rb"/OpenAction\s*(?:\[[^\]]{0,200}\]|<<\s*/(?:S\s*/GoTo|D\b)[^>]{0,200}>>)", b"", plain)
    return {flag for flag, pattern in _PATTERNS.items() if pattern.search(harmless)}
