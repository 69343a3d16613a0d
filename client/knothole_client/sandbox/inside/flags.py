"""Dangers of a document, in the words of FLAGS."""

import json
import unicodedata
from pathlib import PurePosixPath
from typing import BinaryIO

from knothole_client.sandbox.inside import archives, offices, pdfs, webs
from knothole_client.sandbox.inside.archives import Member
from knothole_client.sandbox.inside.document import Cannot, Document, buffered
from knothole_client.sandbox.inside.kinds import ENDINGS, HEAD, RUNNABLE, by_name, kind_of
from knothole_client.sandbox.inside.start import Asked

_BIDI = set(map(chr, (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))))
# Packed more than a hundredfold and beyond 100 MiB, or beyond 20 GiB however packed.
_RATIO, _FROM, _HUGE = 100, 100 << 20, 20 << 30
_MANY = 20_000
_WHOLE = 64 << 20
# Pairs that are told apart by their names alone, or not at all.
_ALIKE = {
    ("office", "archive"), ("program", "archive"), ("html", "text"), ("svg", "text"), ("program", "text"), ("office", "text"),
    ("office", "html"), ("svg", "image"),
}  # fmt: skip


def run(document: Document, asked: Asked) -> None:
    """Write the list of what was found."""
    source = buffered(document)
    asked.kind = kind_of(source)
    found = of_name(asked.name) | _against_name(asked.kind, asked.name) | _content(source, asked.kind, document.size)
    asked.head("flags")
    asked.out.write(json.dumps(sorted(found)).encode("ascii"))


def of_name(name: str) -> set[str]:
    """What a name alone gives away."""
    found = set()
    if _BIDI & set(name):
        found.add("bidi_name")
    if any(unicodedata.category(one) in ("Cc", "Cs") for one in name):
        found.add("control_name")
    parts = [part.strip().lower() for part in PurePosixPath(name.replace("\\", "/")).name.split(".")]
    if len(parts) > 2 and parts[-1] in RUNNABLE and parts[-2] in ENDINGS and parts[-2] not in ("tar", *RUNNABLE):
        found.add("double_extension")
    if len(parts) > 1 and parts[-1] in RUNNABLE:
        found.add("program")
    return found


def _against_name(kind: str, name: str) -> set[str]:
    promised = by_name(name)
    if not promised or kind in (promised, "empty") or (promised, kind) in _ALIKE or (kind, promised) in _ALIKE:
        return set()
    # Animated pictures and films share their containers.
    return set() if {promised, kind} == {"image", "media"} and name.lower().endswith(("webp", "avi")) else {"type_mismatch"}


def _content(source: BinaryIO, kind: str, size: int) -> set[str]:
    found = _polyglot(source, kind, size)
    source.seek(0)
    if kind in ("svg", "html") or (kind == "text"):
        found |= webs.flags(source.read(_WHOLE), kind)
    elif kind == "pdf":
        found |= pdfs.flags(source.read(_WHOLE)) | ({"unread"} if size > _WHOLE else set())
    elif kind == "image":
        found |= _picture(source)
    elif kind == "program":
        found.add("program")
    elif kind == "office":
        found |= offices.flags(source, size)
    if kind == "archive" or (kind == "office" and _is_zip(source)):
        found |= _archive(source, size, kind)
    return found


def _is_zip(source: BinaryIO) -> bool:
    source.seek(0)
    return source.read(2) == b"PK"


def _polyglot(source: BinaryIO, kind: str, size: int) -> set[str]:
    """A second kind of file behind or inside of the first."""
    source.seek(0)
    head = source.read(HEAD)
    source.seek(max(0, size - 66_000))
    tail = source.read(66_000)
    zip_behind = b"PK\5\6" in tail and b"PK\1\2" in tail
    if kind not in ("archive", "office", "program", "empty") and zip_behind and not head.startswith(b"PK"):
        return {"polyglot"}
    if kind != "pdf" and kind not in ("text", "office", "archive") and b"%PDF-" in head:
        return {"polyglot"}
    mixed = kind == "pdf" and not head.lstrip(b"\0\t\n\f\r \xef\xbb\xbf").startswith(b"%PDF-")
    in_image = kind == "image" and (b"%PDF-" in head[:HEAD] or b"<script" in (head + tail).lower())
    return {"polyglot"} if mixed or in_image else set()


def _picture(source: BinaryIO) -> set[str]:
    import warnings

    from PIL import Image

    Image.MAX_IMAGE_PIXELS = 200_000_000
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(source) as image:
            return {"pixel_bomb"} if image.width * image.height > 200_000_000 else set()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return {"pixel_bomb"}
    except (OSError, SyntaxError, ValueError, EOFError, LookupError, ArithmeticError):
        from knothole_client.sandbox.inside.kinds import heif

        source.seek(0)
        return set() if heif(source.read(HEAD)) else {"broken"}


def _archive(source: BinaryIO, size: int, kind: str) -> set[str]:
    try:
        members = archives.listed(source)
    except Cannot as cannot:
        why = cannot.why
        return {{"encrypted": "encrypted", "too_large": "archive_bomb", "broken": "broken"}.get(why, "unread")}
    found = set()
    unpacked = sum(one.size for one in members)
    if unpacked > _HUGE or (unpacked > _FROM and unpacked > _RATIO * max(1, size)):
        found.add("archive_bomb")
    if len(members) > _MANY:
        found.add("archive_many")
    for one in members[: 10 * _MANY]:
        found |= _member(one, kind)
    return found | (_nested(members) if kind == "archive" else set())


def _member(one: Member, kind: str) -> set[str]:
    found = of_name(one.name) if kind == "archive" else of_name(one.name) - {"program"}
    path = one.name.replace("\\", "/")
    if path.startswith("/") or ".." in path.split("/") or path[1:3] == ":/":
        found.add("traversal")
    if one.encrypted:
        found.add("encrypted")
    if one.link:
        found.add("archive_link")
    if kind == "archive" and by_name(path) == "archive":
        found.add("archive_nested")
    return found


def _nested(members: list[Member]) -> set[str]:
    """Macros and the like of office documents in an archive are told when these are looked into themselves."""
    names = {one.name.lower() for one in members}
    return {"macros"} if any(name.endswith("vbaproject.bin") for name in names) else set()
