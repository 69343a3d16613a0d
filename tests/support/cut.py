"""A disk that can lose its power between any two calls: what was synced stays, of the rest any sectors may.

It stands between a module and the operating system, at the calls that change a file: pwrite, posix_fallocate, ftruncate,
fsync and fdatasync. Nothing of the code under test is replaced.
"""

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

SECTOR = 512


class PowerCut(BaseException):
    """No handler of the code under test may see it: with the power, the process is gone."""


@dataclass
class Disk:
    """One file on such a disk. `fuse` is how many more calls succeed before the power fails; None for ever."""

    path: Path
    fuse: int | None = None
    calls: int = 0
    _durable: bytes = b""
    _pending: list[tuple[int, bytes] | int] = field(default_factory=list)

    def settle(self) -> None:
        """Take the file as it is now for durable."""
        self._durable = self.path.read_bytes()
        self._pending.clear()

    @contextlib.contextmanager
    def watching(self) -> Iterator["Disk"]:
        """Record the calls on this file until the block ends."""
        real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in _CALLS}
        hooks = {name: self._hook(name, real[name]) for name in _CALLS}
        with contextlib.ExitStack() as stack:
            for name, hook in hooks.items():
                stack.enter_context(mock.patch.object(os, name, hook))
            yield self

    def power_cut(self, luck: random.Random) -> None:
        """Leave in the file what a disk might hold after a power cut now."""
        image = bytearray(self._durable)
        for event in self._pending:
            if isinstance(event, int):
                if luck.random() < 0.5:
                    image = image[:event] + bytearray(max(0, event - len(image)))
                continue
            offset, data = event
            for start in range(0, len(data), SECTOR):
                piece = data[start : start + SECTOR]
                if offset + start + len(piece) <= len(image) and luck.random() < 0.5:
                    image[offset + start : offset + start + len(piece)] = piece
        self.path.write_bytes(image)
        self.fuse = None
        self.settle()

    def _hook(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(descriptor: int, *arguments: Any) -> Any:
            if not os.path.samestat(os.fstat(descriptor), self.path.stat()):
                return real(descriptor, *arguments)
            self.calls += 1
            if self.fuse is not None:
                if self.fuse == 0:
                    raise PowerCut
                self.fuse -= 1
            result = real(descriptor, *arguments)
            if name in ("fsync", "fdatasync"):
                self.settle()
            elif name == "pwrite":
                data, offset = arguments
                self._pending.append((offset, bytes(data[:result])))
            else:
                self._pending.append(os.fstat(descriptor).st_size)
            return result

        return call


_CALLS = ("pwrite", "posix_fallocate", "ftruncate", "fsync", "fdatasync")
