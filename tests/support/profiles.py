"""Browsers with a profile of their own on disk, and everything that they left there, compressed files unpacked.

Firefox packs its session into LZ4 ("mozLz40"), Chromium its databases' tables with Snappy; both formats are read here by the
few lines that reading takes.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import BrowserContext, sync_playwright

from tests.support.browsers import QUIET, SILENT

Result = TypeVar("Result")
MOZLZ4 = b"mozLz40\0"
_TABLE = bytes.fromhex("57fb808b247547db")


@dataclass(frozen=True)
class Way:
    """A way to browse: the program, a Firefox's preferences or a Chromium's switches, and whether it promises to forget."""

    program: str
    preferences: dict[str, Any] | None = None
    switches: tuple[str, ...] = ()
    private: bool = False


WAYS = {
    "chromium": Way("chromium"),
    "chromium-incognito": Way("chromium", switches=("--incognito",), private=True),
    "firefox": Way("firefox-esr", SILENT),
    "firefox-private": Way("firefox-esr", {**SILENT, "browser.privatebrowsing.autostart": True}, private=True),
}


def browsed(name: str, folder: Path, visit: Callable[[BrowserContext], Result]) -> Result:
    """What a visit returns, in a browser whose profile, home and scratch lie in `folder`; closed as a person closes it."""

    def alone() -> Result:
        with _browsing(name, folder) as context:
            return visit(context)

    # Playwright allows one driver a thread, and a test's own thread may have one already.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(alone).result()


@contextlib.contextmanager
def _browsing(name: str, folder: Path) -> Iterator[BrowserContext]:
    way = WAYS[name]
    places = {word: folder / word.lower() for word in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "PROFILE")}
    for place in places.values():
        place.mkdir(parents=True)
    profile = places.pop("PROFILE")
    shared: dict[str, Any] = {
        "executable_path": shutil.which(way.program),
        "env": {**os.environ, **{word: str(place) for word, place in places.items()}},
    }
    with sync_playwright() as playwright:
        if way.preferences is not None:
            context = playwright.firefox.launch_persistent_context(
                profile, channel="moz-firefox", firefox_user_prefs=way.preferences, **shared
            )
        else:
            root = ["--no-sandbox"] if os.geteuid() == 0 else []
            switches = [*QUIET, *root, *way.switches]
            context = playwright.chromium.launch_persistent_context(profile, args=switches, **shared)
        try:
            yield context
        finally:
            context.close()


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """`place, bytes` of every file below a folder, by itself and once more unpacked where it is packed; names of files, too."""
    for path in sorted(folder.rglob("*")):
        place = str(path.relative_to(folder))
        yield f"{place} (its name)", os.fsencode(path.name)
        if not path.is_file() or path.is_symlink():
            continue
        data = path.read_bytes()
        yield place, data
        if data.startswith(MOZLZ4):
            yield f"{place} (unpacked)", unpack_lz4(data[len(MOZLZ4) + 4 :])
        if data.endswith(_TABLE):
            yield f"{place} (unpacked)", b"".join(table_blocks(data))


def unpack_lz4(data: bytes) -> bytes:
    """An LZ4 block."""
    out, at = bytearray(), 0

    def length(nibble: int) -> int:
        nonlocal at
        if nibble == 15:
            while True:
                at += 1
                nibble += data[at - 1]
                if data[at - 1] != 255:
                    break
        return nibble

    while at < len(data):
        token = data[at]
        at += 1
        literal = length(token >> 4)
        out += data[at : at + literal]
        at += literal
        if at >= len(data):
            break
        offset = int.from_bytes(data[at : at + 2], "little")
        at += 2
        _repeat(out, offset, length(token & 15) + 4)
    return bytes(out)


def unpack_snappy(data: bytes) -> bytes:
    """A Snappy block."""
    _, at = _varint(data, 0)
    out = bytearray()
    while at < len(data):
        tag, kind = data[at] >> 2, data[at] & 3
        at += 1
        if kind == 0:
            extra = max(0, tag - 59)
            length = (int.from_bytes(data[at : at + extra], "little") if extra else tag) + 1
            at += extra
            out += data[at : at + length]
            at += length
        elif kind == 1:
            _repeat(out, (tag >> 3) << 8 | data[at], (tag & 7) + 4)
            at += 1
        else:
            width = 2 if kind == 2 else 4
            _repeat(out, int.from_bytes(data[at : at + width], "little"), tag + 1)
            at += width
    return bytes(out)


def table_blocks(data: bytes) -> Iterator[bytes]:
    """The blocks of a LevelDB table, unpacked; its keys share beginnings within a block, its values are whole."""
    at = len(data) - 48
    _, at = _varint(data, at)
    _, at = _varint(data, at)
    offset, at = _varint(data, at)
    size, _ = _varint(data, at)
    index = _block(data, offset, size)
    end = len(index) - 4 - 4 * int.from_bytes(index[-4:], "little")
    at = 0
    while at < end:
        _, at = _varint(index, at)
        unshared, at = _varint(index, at)
        value, at = _varint(index, at)
        at += unshared
        start, after = _varint(index, at)
        length, _ = _varint(index, after)
        yield _block(data, start, length)
        at += value


def _block(data: bytes, offset: int, size: int) -> bytes:
    block = data[offset : offset + size]
    return unpack_snappy(block) if data[offset + size] == 1 else block


def _repeat(out: bytearray, offset: int, length: int) -> None:
    for _ in range(length):
        out.append(out[-offset])


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at += 1
        if data[at - 1] < 128:
            return value, at
        shift += 7
