"""What a document tells beside what it shows, by exiftool."""

import json
import struct
from pathlib import Path
from typing import Any, BinaryIO

from knothole_client.sandbox.inside.document import MOST, Document, buffered
from knothole_client.sandbox.inside.kinds import kind_of
from knothole_client.sandbox.inside.start import Asked
from knothole_client.sandbox.inside.tools import WORK, ran

_OURS = ("SourceFile", "ExifTool:", "File:FileName", "File:Directory", "File:FileModifyDate", "File:FileAccessDate",
         "File:FileInodeChangeDate", "File:FilePermissions", "File:FileSize", "System:")  # fmt: skip
_HEAD, _TAIL, _BOX = 32 << 20, 8 << 20, 16


def run(document: Document, asked: Asked) -> None:
    """Write [name, value] for each field."""
    source = buffered(document)
    asked.kind = kind_of(source)
    path = sparse(source, document.size, asked)
    said = ran("exiftool", "-json", "-G1", "-a", "-s", "-struct", "-q", "-q", "-charset", "filename=UTF8", path, seconds=25,
               most=16 << 20)  # fmt: skip
    fields: list[list[str]] = []
    for one in json.loads(said)[:1]:
        for name, value in one.items():
            if not name.startswith(_OURS):
                fields.append([name[:200], _plain(value)[:4096]])
    asked.head("metadata")
    asked.out.write(json.dumps(fields[:2000]).encode("ascii"))


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
