"""A few threads over one lazy list of work: never more in flight than there are threads, and the first refusal ends it."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
GRACE = 3.0


def run(work: Iterable[T], do: Callable[[T], None], threads: int) -> None:
    """Call `do` for each item, in order of the list, in `threads` threads. Raises the first error of any of them.

    The list is asked for an item only when a thread is free for it. After an error, or Ctrl-C, no new item begins.
    """
    items, lock = iter(work), threading.Lock()
    stopped, errors = threading.Event(), list[BaseException]()

    def worker() -> None:
        while not stopped.is_set():
            try:
                with lock:
                    item = next(items, None)
                if item is None:
                    return
                do(item)
            except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
                errors.append(error)
                stopped.set()

    # Daemons: whoever presses Ctrl-C must not wait for a request that hangs.
    running = [threading.Thread(target=worker, daemon=True) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        while any(thread.is_alive() for thread in running) and not stopped.is_set():
            running[0].join(0.05) if running[0].is_alive() else time.sleep(0.02)
    finally:
        stopped.set()
    for thread in running:
        thread.join(GRACE)
    if errors:
        raise errors[0]
