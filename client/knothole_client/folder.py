"""The courier's folder, as both of its ends know it: `courier fetch` fills it, `desk import` reads it.

    OUT/roots, OUT/roster.note               as the server shows them, verified
    OUT/<epoch>/<id>.box                     sealed boxes, exactly as they were sent
    OUT/set-aside/<epoch>/<id>-<digest>.box  what the server sent later under the id of a box that was here already
    OUT/listed/<epoch>                       which bytes each box had when it was fetched; for the courier alone

An id is 32 and a digest (SHA-256 of all bytes of the box) 64 digits of hexadecimal.
"""

import re

ROOTS = "roots"
ROSTER = "roster.note"
SET_ASIDE = "set-aside"
LISTED = "listed"
BOX = re.compile(r"([0-9a-f]{32})\.box")
ASIDE = re.compile(r"([0-9a-f]{32})-[0-9a-f]{64}\.box")


def box_name(box_id: bytes) -> str:
    """The file that a box becomes."""
    return f"{box_id.hex()}.box"


def aside_name(box_id: bytes, digest: bytes) -> str:
    """The file that another box of the same id becomes."""
    return f"{box_id.hex()}-{digest.hex()}.box"
