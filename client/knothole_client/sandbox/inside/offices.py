"""Dangers of office documents: OOXML, OpenDocument, the old binary ones, RTF."""

import re
import zipfile
import zlib
from typing import BinaryIO

_MOST = 16 << 20
_REMOTE = re.compile(rb"<(?:\w+:)?Relationship\b[^>]{0,4000}?>", re.IGNORECASE | re.DOTALL)
_ELSEWHERE = re.compile(rb"(?:xlink:href|table:href)\s*=\s*[\"'](?:https?|ftp|file|smb)?:?//", re.IGNORECASE)
_OLE = {
    "macros": ("_VBA_PROJECT", "VBA", "Macros", "_VBA_PROJECT_CUR"),
    "embedded_object": ("Ole10Native", "\1Ole10Native", "ObjectPool"),
    "encrypted": ("EncryptedPackage", "EncryptionInfo", "EncryptedSummary"),
}


def flags(source: BinaryIO, size: int) -> set[str]:
    """What is dangerous in it."""
    source.seek(0)
    head = source.read(8)
    source.seek(0)
    if head.startswith(b"PK"):
        return _packed(source)
    data = source.read(4 * _MOST)
    found = {"unread"} if size > len(data) else set()
    if head.startswith(b"\xd0\xcf"):
        return found | _ole(data)
    if head.startswith(b"{\\rt"):
        return found | _rtf(data)
    return found | _xml(data)


def _packed(source: BinaryIO) -> set[str]:
    found: set[str] = set()
    try:
        with zipfile.ZipFile(source) as packed:
            for one in packed.infolist()[:5000]:
                found |= _part(packed, one)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, zlib.error, EOFError, RuntimeError):
        found.add("broken")
    return found


def _part(packed: zipfile.ZipFile, one: zipfile.ZipInfo) -> set[str]:
    name = one.filename.lower()
    found: set[str] = set()
    # Excel's macros of before there was a language for them lie in sheets of their own.
    if (
        name.endswith("vbaproject.bin")
        or "/macrosheets/" in name
        or (name.startswith(("basic/", "scripts/")) and not name.endswith("/"))
    ):
        found.add("macros")
    if "/embeddings/" in name or "/activex/" in name or (name.startswith("object ") and name.endswith("content.xml")):
        found.add("embedded_object")
    if not name.endswith((".rels", ".xml")) or one.flag_bits & 1:
        return found | ({"encrypted"} if one.flag_bits & 1 else set())
    with packed.open(one) as part:
        data = part.read(_MOST)
    if one.file_size > _MOST:
        found.add("unread")
    if name.endswith(".rels"):
        return found | _relations(data)
    return found | _xml(data)


def _relations(data: bytes) -> set[str]:
    found: set[str] = set()
    for relation in _REMOTE.findall(data):
        if re.search(rb"TargetMode\s*=\s*[\"']External", relation, re.IGNORECASE):
            if b"attachedTemplate" in relation:
                found.add("remote_template")
            elif not re.search(rb"relationships/hyperlink[\"']", relation):
                found.add("remote_content")
    return found


def _xml(data: bytes) -> set[str]:
    found: set[str] = set()
    if b"<!ENTITY" in data:
        found.add("xml_entities")
    if b"manifest:encryption-data" in data:
        found.add("encrypted")
    if _ELSEWHERE.search(re.sub(rb"<text:a\b[^>]{0,4000}>", b"", data)):
        found.add("remote_content")
    if b"<office:event-listeners" in data or b"<script:module" in data or b"<office:scripts><office:script" in data:
        found.add("macros")
    if re.search(rb"\bDDE(?:AUTO)?\s+[\"'&cC]", data):
        found.add("remote_content")
    return found


def _ole(data: bytes) -> set[str]:
    # Names of a compound file's streams are UTF-16, each in an entry of 128 bytes.
    return {flag for flag, names in _OLE.items() if any(name.encode("utf-16-le") + b"\0\0" in data for name in names)}


def _rtf(data: bytes) -> set[str]:
    found: set[str] = set()
    if re.search(rb"\\obj(?:data|emb|autlink|link|ocx|update)\b", data):
        found.add("embedded_object")
    if re.search(rb"\\\*\\template\s", data):
        found.add("remote_template")
    if re.search(rb"INCLUDEPICTURE|INCLUDETEXT|DDEAUTO", data):
        found.add("remote_content")
    return found
