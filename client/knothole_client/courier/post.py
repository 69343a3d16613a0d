"""Posting reply slots: what a desk exported, or random strings of the same look when it exported nothing."""

import os
from pathlib import Path

from knothole_client.http import Connection, refusal
from knothole_keys import files
from knothole_keys.errors import Refused

SLOT = 2048
MOST = 512
COVER = 32


def read_slots(path: Path) -> bytes:
    """A desk's file of slots. Raises Refused when it is not one."""
    data = files.read(path, SLOT * MOST)
    if not data or len(data) % SLOT:
        raise Refused(f"{path} is not a file of reply slots: those are whole pieces of {SLOT} bytes.")
    return data


def cover_slots() -> bytes:
    """Random strings, as many as a desk exports: nobody can tell them from replies without the thread's key."""
    return os.urandom(SLOT * COVER)


def post(connection: Connection, slots: bytes) -> int:
    """Put slots on the board; returns how many. Posting the same ones again changes nothing. Raises Refused."""
    headers = {"Content-Type": "application/octet-stream"}
    answer = connection.persist("POST", "/courier/slots", content=slots, headers=headers, limit=64 * 1024)
    if answer.status == 507:
        raise Refused("The board takes no more slots today; post them tomorrow.")
    if not 200 <= answer.status < 300:
        raise refusal(answer, "The slots")
    return len(slots) // SLOT
