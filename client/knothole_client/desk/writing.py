"""Writing boxes behind the caller's back: while the next one is opened, those before it are on their way to the disk.

Nothing has its name before `sync`: it waits until every box is durable, gives all of them their names, and makes the
folders durable. Whoever names a box in a record calls it first.
"""

import os
import secrets
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from knothole_keys import files
from knothole_keys.errors import Refused

THREADS = 2
# Boxes in memory that are not on the disk yet; a box may be 16 MiB long.
AHEAD = 4
PART = ".{}.part"


class Writer:
    """Writes whole files of one folder's weeks. Use it as a context manager; what was not synced is taken back."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS)
        self._running: deque[Future[None]] = deque()
        self._waiting: dict[Path, Path] = {}
        self._folders: set[Path] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pool.shutdown(cancel_futures=True)
        for temporary in self._waiting.values():
            temporary.unlink(missing_ok=True)

    def has(self, path: Path) -> bool:
        """Whether this file is among those that wait for `sync`."""
        return path in self._waiting

    def write(self, path: Path, data: bytes) -> None:
        """Begin to write a file, in place of one that was there. Raises Refused, also for one that was begun before."""
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700)
            self._folders.add(path.parent.parent)
        self._wait(AHEAD - 1)
        if path in self._waiting:
            self.sync()
        temporary = path.with_name(PART.format(secrets.token_hex(8)))
        self._waiting[path] = temporary
        self._folders.add(path.parent)
        self._running.append(self._pool.submit(_store, temporary, data))

    def sync(self) -> None:
        """Everything written so far has its name and is durable when this returns. Raises Refused."""
        self._wait(0)
        for path, temporary in self._waiting.items():
            temporary.rename(path)
        self._waiting.clear()
        for folder in self._folders:
            files.sync_directory(folder)
        self._folders.clear()

    def _wait(self, most: int) -> None:
        while len(self._running) > most:
            self._running.popleft().result()


def _store(temporary: Path, data: bytes) -> None:
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
            os.fsync(file.fileno())
    except OSError as error:
        raise Refused(f"{temporary.parent} cannot be written: {(error.strerror or 'it failed').lower()}.") from None
