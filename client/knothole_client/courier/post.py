"""Posting reply slots, one file a day: what a desk exported, or random strings of the same look when there is nothing.

Files wait in a folder, the oldest goes first, and what is on the board is remembered (`posted`). If the courier stops between
the two, the next day begins with the same file; the server says that it has all of it, and the file after it goes too, so that
no day is without new slots. Where nothing can be remembered, random slots go: the same file would go every day.
"""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from knothole_client.courier.posted import Memory
from knothole_client.http import Connection, refusal
from knothole_client.terminal import safe_name
from knothole_keys import files
from knothole_keys.board import SLOT, SLOTS_A_FILE, SLOTS_A_POST
from knothole_keys.errors import Refused


def read_slots(path: Path) -> bytes:
    """A desk's file of slots. Raises Refused when it is not one."""
    shown = _shown(path)
    data = files.read(path, SLOT * SLOTS_A_POST, shown=shown)
    if not data or len(data) % SLOT:
        raise Refused(f"{shown} is not a file of reply slots: those are whole pieces of {SLOT} bytes.")
    return data


def cover_slots() -> bytes:
    """Random strings, as many as a desk exports: nobody can tell them from replies without the thread's key."""
    return os.urandom(SLOT * SLOTS_A_FILE)


def post(connection: Connection, slots: bytes) -> int:
    """Put slots on the board; returns how many the server says are new. Repeats are kept once. Raises Refused."""
    headers = {"Content-Type": "application/octet-stream"}
    answer = connection.persist("POST", "/courier/slots", content=slots, headers=headers, limit=64 * 1024)
    if answer.status == 507:
        raise Refused("The board takes no more slots today; post them tomorrow.")
    if not 200 <= answer.status < 300:
        raise refusal(answer, "The slots")
    new = answer.object.get("new")
    return new if isinstance(new, int) else len(slots) // SLOT


def post_next(connection: Connection, folder: Path, noted: Path, tell: Callable[[str], None]) -> tuple[int, str | None]:
    """Post the oldest file that waits in `folder` and remember it, or random slots; hashes are noted in `noted`.

    Returns how many slots were posted, and what keeps a file from being remembered: then random slots went in its place. A
    file that is none of slots is named through `tell` and stays, and so is a folder that cannot be read. Raises Refused.
    """
    memory = Memory(folder, noted)
    waiting = _waiting(folder, memory, tell)
    trouble = memory.lacking() if waiting else None
    if trouble:
        trouble = f"Slots wait in {folder}, and random ones were posted instead, as it could not be remembered: {trouble}"
        waiting = []
    # No more than these, whatever the server says of them.
    for path, slots in waiting:
        new = post(connection, slots)
        trouble = memory.put(path, slots)
        if trouble:
            trouble = f"{_shown(path)} is on the board, and may be posted once more, as it cannot be remembered: {trouble}"
        if new:
            return len(slots) // SLOT, trouble
        # It was posted before and not remembered: today's file is the next one.
        tell(f"{_shown(path)} was on the board already; what comes after it is posted today.")
    slots = cover_slots()
    post(connection, slots)
    return len(slots) // SLOT, trouble


def _waiting(folder: Path, memory: Memory, tell: Callable[[str], None]) -> list[tuple[Path, bytes]]:
    # The two that may be needed, the oldest first.
    found: list[tuple[Path, bytes]] = []
    try:
        paths = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
        paths.sort(key=lambda path: (path.stat().st_mtime_ns, path.name))
    except OSError as error:
        # A day without slots would show: what went wrong here must not.
        tell(f"Warning: {folder} cannot be read: {(error.strerror or 'it failed').lower()}; random slots are posted.")
        return []
    for path in paths:
        try:
            slots = read_slots(path)
        except Refused as error:
            tell(f"Warning: {error} It was left where it is.")
            continue
        if not memory.has(slots):
            found.append((path, slots))
        else:
            # It could not be moved when it was posted, or came once more from its stick.
            with contextlib.suppress(OSError):
                memory.move(path)
        if len(found) == 2:
            break
    return found


def _shown(path: Path) -> Path:
    # A stick's file may have a name that a terminal obeys.
    return path.parent / safe_name(path.name)
