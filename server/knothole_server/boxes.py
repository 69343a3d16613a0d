"""Taking boxes from sources: `PUT /boxes/{epoch}/{box_id}` and `POST /boxes/missing`.

Everything that can be refused is refused before the body is read, and what the body's first sixteen bytes tell before a
byte of it is written. A refused request changes nothing on the disk. Any id is taken: the server cannot know which are
honest, and the first box under an id wins.
"""

import re
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from knothole_keys import box, clock
from knothole_keys import epoch as epochs
from knothole_keys.box import Geometry
from knothole_keys.errors import NotABox
from knothole_server.body import declared_length, read_body
from knothole_server.config import MISSING_IDS
from knothole_server.disk import NoRoom
from knothole_server.drop import Drop
from knothole_server.headers import BYTES, json_answer
from knothole_server.refusals import Refusal, no_room, nothing_here
from knothole_server.uploads import Passage

_EPOCH = re.compile(r"0|[1-9][0-9]{0,9}")
_BOX_ID = re.compile(r"[0-9a-f]{32}")
_MISSING_BYTES = 4 + MISSING_IDS * box.ID


def read_epoch(text: str) -> int | None:
    """An epoch in decimal without leading zeros, or None."""
    return int(text) if _EPOCH.fullmatch(text) and int(text) <= epochs.MAX_EPOCH else None


def read_address(request: Request) -> tuple[int, bytes]:
    """The epoch and box id that an address names. Raises Refusal (404)."""
    epoch, box_id = read_epoch(request.path_params["epoch"]), request.path_params["box_id"]
    if epoch is None or not _BOX_ID.fullmatch(box_id):
        raise nothing_here()
    return epoch, bytes.fromhex(box_id)


async def put_box(request: Request) -> Response:
    """Take one box. 201 stored and durable, 200 already there, and durable, too."""
    drop: Drop = request.app.state.drop
    epoch, box_id = read_address(request)
    geometry = _check_before_body(drop, request, epoch, box_id)
    stored = await take_box(drop, request.stream(), epoch, box_id, geometry)
    return json_answer({"stored": True, "new": stored}, 201 if stored else 200)


async def take_box(drop: Drop, body: AsyncIterator[bytes], epoch: int, box_id: bytes, geometry: Geometry) -> bool:
    """Store one box out of its bytes as they come: True when it is new, False when it was there; durable either way.

    Raises NotABox, Refusal (503, 507), and ClientDisconnect when `body` ends early; then nothing is changed.
    """
    pieces = _checked(body, geometry)
    try:
        with drop.uploads.counted(epoch, box_id, costly=drop.permits.difficulty > 0):
            # A slot is for a body that comes: a head alone, or one byte a minute, must not hold it.
            first = await anext(pieces)
            async with drop.uploads.slot() as passage:
                return await _take_body(drop, _counted(first, pieces, passage), epoch, box_id, geometry)
    except NoRoom:
        raise no_room() from None


def geometry_now(drop: Drop, epoch: int, now: int) -> Geometry:
    """The look of the boxes of an epoch that is open at `now`. Raises Refusal (409)."""
    geometry = drop.published.geometry(epoch) if epochs.accepts(epoch, now) else None
    if geometry is None:
        raise Refusal(409, "epoch", "This week is not open; set your clock, load the page again and seal anew.")
    return geometry


def check_sealing(drop: Drop, now: int) -> None:
    """Whether the drop takes anything at `now`. Raises Refusal (503)."""
    off = drop.published.sealing_off(now)
    if off is not None:
        raise Refusal(503, "sealing_off", off)


def _check_before_body(drop: Drop, request: Request, epoch: int, box_id: bytes) -> Geometry:
    length, now = declared_length(request), clock.now()
    geometry = geometry_now(drop, epoch, now)
    if length > geometry.size:
        raise Refusal(413, "too_long", f"A box of this drop has exactly {geometry.size} bytes; this is longer.")
    if length != geometry.size:
        raise NotABox(f"This is not a sealed box: a box of this drop has exactly {geometry.size} bytes.")
    check_sealing(drop, now)
    drop.permits.require(request, epoch, box_id, now)
    return geometry


async def _take_body(drop: Drop, pieces: AsyncIterator[bytes], epoch: int, box_id: bytes, geometry: Geometry) -> bool:
    if drop.store.has(epoch, box_id):
        # The same box sent again is read to its end as any other, and written nowhere.
        async for _ in pieces:
            pass
        return False
    upload = await drop.store.upload(epoch, geometry)
    try:
        async for piece in pieces:
            await upload.write(piece)
        return await upload.commit(box_id)
    finally:
        await upload.close()


async def _counted(first: bytes, rest: AsyncIterator[bytes], passage: Passage) -> AsyncIterator[bytes]:
    passage.receive(len(first))
    yield first
    async for piece in rest:
        passage.receive(len(piece))
        yield piece
    passage.finish()


async def _checked(body: AsyncIterator[bytes], geometry: Geometry) -> AsyncIterator[bytes]:
    """The body in pieces, the first of which has a box's prefix; exactly a box's length in all. Raises NotABox."""
    head, length = b"", 0
    async for piece in body:
        length += len(piece)
        if len(head) < box.PREFIX:
            head += piece
            if len(head) < box.PREFIX:
                continue
            box.check_prefix(head, geometry)
            yield head
        elif piece:
            yield piece
    if length != geometry.size:
        raise ClientDisconnect


async def find_missing(request: Request) -> Response:
    """Which of 1024 ids are not stored, as a bitmap; answered from memory, the same work for any ids."""
    drop: Drop = request.app.state.drop
    asked = await read_body(request, _MISSING_BYTES, _MISSING_BYTES)
    epoch = int.from_bytes(asked[:4], "big")
    bits = 0
    for start in range(4, _MISSING_BYTES, box.ID):
        bits = bits << 1 | (not drop.store.has(epoch, asked[start : start + box.ID]))
    return Response(bits.to_bytes(MISSING_IDS // 8, "big"), media_type=BYTES)
