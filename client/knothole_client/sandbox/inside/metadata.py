"""What a document tells beside what it shows, by exiftool."""

import html
import json
import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO
from xml.parsers import expat

from knothole_client.sandbox.inside.document import MOST, Document, buffered
from knothole_client.sandbox.inside.kinds import kind_of
from knothole_client.sandbox.inside.start import Asked
from knothole_client.sandbox.inside.tools import WORK, ran

_OURS = ("SourceFile", "ExifTool:", "File:FileName", "File:Directory", "File:FileModifyDate", "File:FileAccessDate",
         "File:FileInodeChangeDate", "File:FilePermissions", "File:FileSize", "System:")  # fmt: skip
_PROPERTIES = {"docProps/core.xml": "Core", "docProps/app.xml": "App", "docProps/custom.xml": "Custom", "meta.xml": "Meta"}
_AUTHORS = re.compile(rb"\bw:author=\"([^\"]{1,500})\"|<author>([^<]{1,500})</author>|<dc:creator>([^<]{1,500})</dc:creator>")
_LARGEST_PART = 16 << 20
_HEAD, _TAIL, _BOX = 32 << 20, 8 << 20, 16


def run(document: Document, asked: Asked) -> None:
    """Write [name, value] for each field."""
    source = buffered(document)
    asked.kind = kind_of(source)
    path = sparse(source, document.size, asked)
    said = ran("exiftool", "-json", "-G1", "-a", "-s", "-struct", "-q", "-q", "-charset", "filename=UTF8", path, seconds=25,
               most=16 << 20, well=(0, 1))  # fmt: skip
    fields: list[list[str]] = []
    for one in json.loads(said)[:1]:
        for name, value in one.items():
            if not name.startswith(_OURS):
                fields.append([name[:200], _plain(value)[:4096]])
    fields += _of_office(source) if asked.kind == "office" else []
    asked.head("metadata")
    asked.out.write(json.dumps(fields[:2000]).encode("ascii"))


def _of_office(source: BinaryIO) -> list[list[str]]:
    """Properties of newer office documents, and everybody who is named as the author of a change or a comment."""
    fields: list[list[str]] = []
    try:
        with zipfile.ZipFile(source) as packed:
            for one in packed.infolist()[:5000]:
                if not one.filename.endswith(".xml") or one.flag_bits & 1:
                    continue
                with packed.open(one) as part:
                    data = part.read(_LARGEST_PART)
                if one.filename in _PROPERTIES:
                    fields += [[f"{_PROPERTIES[one.filename]}:{name}", value] for name, value in _elements(data)]
                fields += [["Document:Author", _text(found)] for found in sorted(set(_AUTHORS.findall(data)))]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, zlib.error, EOFError, RuntimeError):
        return fields
    return [[name[:200], value[:4096]] for name, value in fields if value.strip()]


def _elements(data: bytes) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    said: list[str] = []
    parser = expat.ParserCreate(namespace_separator=" ")

    def ended(name: str) -> None:
        found.append((name.rpartition(" ")[2], "".join(said)))
        said.clear()

    parser.StartElementHandler = lambda *_: said.clear()
    parser.CharacterDataHandler = said.append
    parser.EndElementHandler = ended
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        return found
    return found


def _text(found: tuple[bytes, ...]) -> str:
    return html.unescape(b"".join(found).decode("utf-8", "replace"))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def sparse(source: BinaryIO, size: int, asked: Asked) -> Path:
    """A copy in memory with holes where a large file has only pictures and sound: it is as long, and takes little room."""
    path = WORK / "document"
    with path.open("wb") as file:
        for start, end in _parts(source, size, asked.room // 2):
            source.seek(start)
            file.seek(start)
            while start < end:
                piece = source.read(min(MOST, end - start))
                if not piece:
                    break
                file.write(piece)
                start += len(piece)
        file.truncate(size)
    return path


def _parts(source: BinaryIO, size: int, room: int) -> list[tuple[int, int]]:
    if size <= room:
        return [(0, size)]
    if asked_boxes := _boxes(source, size):
        return asked_boxes
    return [(0, _HEAD), (size - _TAIL, size)]


def _boxes(source: BinaryIO, size: int) -> list[tuple[int, int]]:
    """All of an MP4's boxes but the ones with the film itself."""
    parts: list[tuple[int, int]] = []
    at = 0
    while at + 8 <= size and len(parts) < 1000:
        source.seek(at)
        head = source.read(_BOX)
        length, kind = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == _BOX:
            length = struct.unpack(">Q", head[8:])[0]
        length = length or size - at
        if length < 8 or not kind.isalnum():
            return []
        parts.append((at, at + (_BOX if kind == b"mdat" else min(length, _HEAD))))
        at += length
    return parts
