"""How far a long job has come, on stderr: one line that changes on a terminal, a line now and then elsewhere."""

import sys
import threading
import time
from types import TracebackType
from typing import Self

_ON_TERMINAL = 0.2
_ELSEWHERE = 10.0


class Progress:
    """Counts up to `total` `unit`s. May be used by several threads; use it as a context manager."""

    def __init__(self, what: str, total: int, unit: str) -> None:
        self._what, self._total, self._unit = what, total, unit
        self._done, self._lock = 0, threading.Lock()
        self._terminal = sys.stderr.isatty()
        self._next = time.monotonic() + (0 if self._terminal else _ELSEWHERE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._terminal and self._total:
            self._show("\n")

    def add(self, count: int = 1) -> None:
        """So many more are done."""
        with self._lock:
            self._done += count
            now = time.monotonic()
            if now < self._next:
                return
            self._next = now + (_ON_TERMINAL if self._terminal else _ELSEWHERE)
            self._show("" if self._terminal else "\n")

    def _show(self, end: str) -> None:
        start = "\r" if self._terminal else ""
        percent = 100 * self._done // max(1, self._total)
        line = f"{start}{self._what}: {self._done} of {self._total} {self._unit} ({percent} %)"
        print(line, end=end, file=sys.stderr, flush=True)
