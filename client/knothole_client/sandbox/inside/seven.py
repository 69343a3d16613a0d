"""The list of a 7z archive: names and sizes, from its header; nothing else is unpacked."""

import io
import lzma
import struct
from typing import BinaryIO

from knothole_client.sandbox.inside.document import Cannot

MARK = b"7z\xbc\xaf\x27\x1c"
_LONGEST = 32 << 20
_FILTERS = {b"\x21": lzma.FILTER_LZMA2, b"\x03\x01\x01": lzma.FILTER_LZMA1}
_AES = b"\x06\xf1\x07\x01"


def listed(source: BinaryIO) -> list[tuple[str, int]]:
    """Names and sizes; Cannot("encrypted") when even the names are locked."""
    head = source.read(32)
    start, length = struct.unpack("<QQ", head[12:28])
    header = _at(source, 32 + start, length)
    for _ in range(4):
        data = _Data(header)
        mark = data.byte()
        if mark == 0x01:
            return data.header()
        if mark != 0x17:
            raise ValueError("no header")
        header = _unpacked(source, data)
    raise ValueError("headers without end")


def _at(source: BinaryIO, offset: int, length: int) -> bytes:
    if length > _LONGEST:
        raise Cannot(why="too_large")
    source.seek(offset)
    data = source.read(length)
    if len(data) != length:
        raise ValueError("cut")
    return data


def _unpacked(source: BinaryIO, data: "_Data") -> bytes:
    streams = data.streams()
    packed = _at(source, 32 + streams.place, streams.packed[0])
    coder, properties = streams.coders[0][0]
    if any(one[0] == _AES for one in streams.coders[0]):
        raise Cannot(why="encrypted")
    if coder == b"\x00":
        return packed
    if streams.sizes[0][-1] > _LONGEST:
        raise Cannot(why="too_large")
    kind = _FILTERS.get(coder)
    if kind is None:
        raise Cannot(why="unknown")
    # Pythons before 3.14 have this under its old name only.
    chosen = lzma._decode_filter_properties(kind, properties)  # type: ignore[attr-defined]
    chosen["dict_size"] = min(chosen.get("dict_size", 1 << 24), 64 << 20)
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chosen])
    return unpacker.decompress(packed, streams.sizes[0][0])


class _Streams:
    def __init__(self) -> None:
        self.place = 0
        self.packed: list[int] = []
        self.coders: list[list[tuple[bytes, bytes]]] = []
        self.sizes: list[list[int]] = []
        self.parts: list[int] = []


class _Data(io.BytesIO):
    """A 7z header, read field by field."""

    def byte(self) -> int:
        return self.exactly(1)[0]

    def exactly(self, count: int) -> bytes:
        data = self.read(count)
        if count < 0 or len(data) != count:
            raise ValueError("cut")
        return data

    def number(self) -> int:
        first, mask, value = self.byte(), 0x80, 0
        for place in range(8):
            if not first & mask:
                return value | (first & (mask - 1)) << 8 * place
            value |= self.byte() << 8 * place
            mask >>= 1
        return value

    def count(self) -> int:
        found = self.number()
        if found > 200_000:
            raise Cannot(why="too_large")
        return found

    def header(self) -> list[tuple[str, int]]:
        sizes: list[int] = []
        while (mark := self.byte()) != 0:
            if mark == 0x02:
                self._skip_properties()
            elif mark == 0x04:
                sizes = self.streams().parts
            elif mark == 0x05:
                return self._files(sizes)
            else:
                raise ValueError("unknown")
        return []

    def _skip_properties(self) -> None:
        while self.byte():
            self.exactly(self.number())

    def streams(self) -> _Streams:
        found = _Streams()
        while (mark := self.byte()) != 0:
            if mark == 0x06:
                found.place, count = self.number(), self.count()
                self._until_end({0x09: lambda n=count: found.packed.extend(self.number() for _ in range(n))}, count)
            elif mark == 0x07:
                self._folders(found)
            elif mark == 0x08:
                self._substreams(found)
            else:
                raise ValueError("unknown")
        found.parts = found.parts or [one[-1] for one in found.sizes]
        return found

    def _until_end(self, known: dict, count: int) -> None:  # type: ignore[type-arg]
        while (mark := self.byte()) != 0:
            if mark in known:
                known[mark]()
            elif mark == 0x0A:
                self.exactly(4 * self._bits(count, optional=True).count(True))
            else:
                raise ValueError("unknown")

    def _bits(self, count: int, optional: bool) -> list[bool]:
        if optional and self.byte():
            return [True] * count
        data = self.exactly((count + 7) // 8)
        return [bool(data[one // 8] & 0x80 >> one % 8) for one in range(count)]

    def _folders(self, found: _Streams) -> None:
        if self.byte() != 0x0B:
            raise ValueError("no folders")
        count = self.count()
        if self.byte():
            raise Cannot(why="unknown")
        outputs = []
        for _ in range(count):
            outputs.append(self._folder(found))
        if self.byte() != 0x0C:
            raise ValueError("no sizes")
        found.sizes = [[self.number() for _ in range(one)] for one in outputs]
        self._until_end({}, count)

    def _folder(self, found: _Streams) -> int:
        coders, inputs, outputs = [], 0, 0
        for _ in range(min(self.count(), 32)):
            flags = self.byte()
            name = self.exactly(flags & 0x0F)
            ins, outs = (self.number(), self.number()) if flags & 0x10 else (1, 1)
            coders.append((name, self.exactly(self.number()) if flags & 0x20 else b""))
            inputs, outputs = inputs + min(ins, 32), outputs + min(outs, 32)
        for _ in range(outputs - 1):
            self.number(), self.number()
        loose = inputs - (outputs - 1)
        for _ in range(loose if loose > 1 else 0):
            self.number()
        found.coders.append(coders)
        return outputs

    def _substreams(self, found: _Streams) -> None:
        counts = [1] * len(found.sizes)
        mark = self.byte()
        if mark == 0x0D:
            counts = [self.count() for _ in found.sizes]
            mark = self.byte()
        parts: list[int] = []
        for total, count in zip((one[-1] for one in found.sizes), counts, strict=True):
            left = total
            for _ in range(count - 1 if mark == 0x09 else 0):
                parts.append(self.number())
                left -= parts[-1]
            if count:
                parts.append(max(0, left))
        found.parts = parts
        mark = self.byte() if mark == 0x09 else mark
        while mark != 0:
            if mark != 0x0A:
                raise ValueError("unknown")
            self.exactly(4 * self._bits(len(parts), optional=True).count(True))
            mark = self.byte()

    def _files(self, sizes: list[int]) -> list[tuple[str, int]]:
        count = self.count()
        names, empty = [""] * count, [False] * count
        while (mark := self.byte()) != 0:
            field = _Data(self.exactly(self.number()))
            if mark == 0x0E:
                empty = field._bits(count, optional=False)
            elif mark == 0x11 and field.byte() == 0:
                names = field.read().decode("utf-16-le", "replace").split("\0")[:count]
        left = iter(sizes)
        return [(name, 0 if nothing else next(left, 0)) for name, nothing in zip(names, empty, strict=False)]
