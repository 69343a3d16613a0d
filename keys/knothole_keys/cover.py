"""Cover boxes: sealed like any other, to keys that nobody keeps. For those who upload cover; never for servers."""

import os

from knothole_keys import xwing
from knothole_keys.box import Geometry
from knothole_keys.seal import Sealer
from knothole_keys.stream import Head


def cover_box(drop_id: bytes, epoch: int, geometry: Geometry) -> tuple[bytes, bytes]:
    """A box that nobody can open: (box_id, box). It goes the way of real ones to the last byte, so it looks like one.

    All its secrets are random and forgotten when this returns: whoever made it cannot open it, or show that it is cover.
    """
    nobody = xwing.public_bytes(xwing.new_seed())
    sealer = Sealer(drop_id=drop_id, epoch=epoch, geometry=geometry, recipients=[nobody], thread_secret=os.urandom(32))
    return sealer.seal(Head("letter", os.urandom(32), os.urandom(32), 0, 1, b""), b"")
