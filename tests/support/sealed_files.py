"""`.boxes` files for tests: right ones, and the form in which a browser without scripts sends them."""

import os
from collections.abc import Iterable

from knothole_keys.boxes_file import Entry, Header
from tests.support.drop import Drop, SealedBox

BOUNDARY = "----geckoformboundary7c3f"


def boxes_file(drop: Drop, boxes: Iterable[SealedBox]) -> bytes:
    """The file that `source send --out` would make of these boxes."""
    body = b"".join(Entry(box.epoch, box.id).encode() + box.data for box in boxes)
    return Header(drop.drop_id, drop.geometry().size).encode() + body


def look_alikes(drop: Drop, count: int, epoch: int | None = None) -> list[SealedBox]:
    """What a server cannot tell from boxes."""
    geometry = drop.geometry()
    week = drop.epoch if epoch is None else epoch
    return [
        SealedBox(week, os.urandom(16), geometry.prefix + os.urandom(geometry.size - len(geometry.prefix)))
        for _ in range(count)
    ]


def form(*files: tuple[str, bytes]) -> bytes:
    """What a browser sends: `name, contents` of each file of the one field."""
    lines = b""
    for name, contents in files:
        lines += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="boxes"; filename="{name}"\r\n'.encode()
        lines += b"Content-Type: application/octet-stream\r\n\r\n" + contents + b"\r\n"
    return lines + f"--{BOUNDARY}--\r\n".encode()


FORM_TYPE = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
