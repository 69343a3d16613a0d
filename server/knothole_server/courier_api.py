"""What the newsroom's courier may do: list and fetch boxes, publish rosters. There is no way to delete anything."""

import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from knothole_server.body import read_body
from knothole_server.boxes import read_address, read_epoch
from knothole_server.config import ROSTER_BYTES
from knothole_server.drop import Drop
from knothole_server.headers import BYTES, json_answer
from knothole_server.refusals import Refusal, nothing_here

_ENTRIES = 4096


async def list_boxes(request: Request) -> Response:
    """All boxes of an epoch: 48-byte entries, id and SHA-256, sorted by id."""
    drop: Drop = request.app.state.drop
    await drop.require_courier(request)
    epoch = read_epoch(request.query_params.get("epoch", ""))
    if epoch is None:
        raise Refusal(400, "epoch", "Name the epoch to list, as in /courier/boxes?epoch=2960.")
    slab = drop.store.slabs.get(epoch)
    entries = [] if slab is None else slab.listing()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(entries), _ENTRIES):
            yield b"".join(box_id + digest for box_id, digest in entries[start : start + _ENTRIES])

    return StreamingResponse(pieces(), headers={"Content-Length": str(48 * len(entries))}, media_type=BYTES)


async def fetch_box(request: Request) -> Response:
    """One box. When its bytes are not those that were committed the connection ends before the last of them."""
    drop: Drop = request.app.state.drop
    await drop.require_courier(request)
    epoch, box_id = read_address(request)
    if not drop.store.has(epoch, box_id):
        raise nothing_here()
    size = drop.store.slabs[epoch].shape.size
    return StreamingResponse(drop.store.read(epoch, box_id), headers={"Content-Length": str(size)}, media_type=BYTES)


async def put_roster(request: Request) -> Response:
    """Apply `{"roots": chain, "roster": note}` together, or refuse both with the name of what is wrong."""
    drop: Drop = request.app.state.drop
    await drop.require_courier(request)
    try:
        value = json.loads(await read_body(request, 2, ROSTER_BYTES))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or set(value) != {"roots", "roster"}:
        raise Refusal(400, "json", 'Send JSON with exactly the members "roots" and "roster".')
    roots, roster = value["roots"], value["roster"]
    if not isinstance(roots, str) or not isinstance(roster, str):
        raise Refusal(400, "json", "The roots and the roster must be notes, as text.")
    # A lone surrogate cannot be part of a note; as "?" it is refused where notes are read.
    await drop.publish(roster.encode(errors="replace"), roots.encode(errors="replace"))
    return json_answer({"published": True})
