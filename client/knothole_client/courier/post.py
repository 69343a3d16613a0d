"""Posting reply slots, one file a day: what a desk exported, or random strings of the same look when there is nothing.

Files wait in a folder, the oldest goes first, and one that is on the board moves into `posted/` beside the others. If the
courier stops between the two, the next day begins with the same file; the server says that it has all of it, and the
file after it goes too, so that no day is without new slots.
"""

import os
from collections.abc import Callable
from pathlib import Path

from knothole_client.http import Connection, refusal
from knothole_keys import files
from knothole_keys.board import SLOT, SLOTS_A_FILE, SLOTS_A_POST
from knothole_keys.errors import Refused

POSTED = "posted"


def read_slots(path: Path) -> bytes:
    """A desk's file of slots. Raises Refused when it is not one."""
    data = files.read(path, SLOT * SLOTS_A_POST)
    if not data or len(data) % SLOT:
        raise Refused(f"{path} is not a file of reply slots: those are whole pieces of {SLOT} bytes.")
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


def post_next(connection: Connection, folder: Path, tell: Callable[[str], None]) -> int:
    """Post the oldest file that waits in `folder` and move it aside, or random slots; returns how many were posted.

    A file that is none of slots is named through `tell` and stays, and so is a folder that cannot be read. Raises Refused.
    """
    waiting = _waiting(folder, tell)
    # No more than these, whatever the server says of them.
    for path, slots in waiting:
        new = post(connection, slots)
        _set_aside(path)
        if new:
            return len(slots) // SLOT
        # It was posted before and not moved: today's file is the next one.
    slots = cover_slots()
    post(connection, slots)
    return len(slots) // SLOT


def _waiting(folder: Path, tell: Callable[[str], None]) -> list[tuple[Path, bytes]]:
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
            found.append((path, read_slots(path)))
        except Refused as error:
            tell(f"Warning: {error} It was left where it is.")
        if len(found) == 2:
            break
    return found


def _set_aside(path: Path) -> None:
    posted = path.parent / POSTED
    try:
        posted.mkdir(mode=0o700, exist_ok=True)
        target, number = posted / path.name, 1
        while os.path.lexists(target):
            target, number = posted / f"{path.name}.{number}", number + 1
        path.rename(target)
        for folder in (posted, path.parent):
            files.sync_directory(folder)
    except OSError as error:
        raise Refused(
            f"{path} is on the board, and cannot be moved into {posted}: {(error.strerror or 'it failed').lower()}. Make the "
            "folder writable, or the same file is tried every day."
        ) from None
