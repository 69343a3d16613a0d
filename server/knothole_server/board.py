"""The board: all reply slots of the last 30 days, at least. Whoever asks gets all of them, and tries which are theirs.

Slots lie there by content, with the day they came and nothing finer. A slot posted again is kept once, with its first
day. One clock alone takes none down: the newest roster's signed date must be past the 30 days, too. Nobody's reading is
told from another's, because there is only one answer.
"""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from knothole_keys import clock
from knothole_keys.board import SLOT, SLOTS_A_DAY, SLOTS_A_POST
from knothole_server.body import read_body
from knothole_server.drop import Drop
from knothole_server.headers import BYTES, json_answer
from knothole_server.refusals import Refusal
from knothole_server.state import State

# 32 KiB: each reader holds a few pieces of this size.
_A_TIME = 16


async def show_board(request: Request) -> Response:
    """All slots, in chunks: a full board must not lie in memory once for every reader."""
    drop: Drop = request.app.state.drop
    return StreamingResponse(_all_slots(drop), media_type=BYTES)


async def _all_slots(drop: Drop) -> AsyncIterator[bytes]:
    last = b""
    while slots := await drop.state.call(State.slots_after, last, _A_TIME):
        yield b"".join(slots)
        last = slots[-1]


async def post_slots(request: Request) -> Response:
    """Put 1 to 512 slots on the board; all or none of them."""
    drop: Drop = request.app.state.drop
    await drop.require_courier(request)
    body = await read_body(request, SLOT, SLOTS_A_POST * SLOT)
    if len(body) % SLOT:
        raise Refusal(400, "slots", f"Reply slots have {SLOT} bytes each; this file is not a whole number of them.")
    slots = [body[start : start + SLOT] for start in range(0, len(body), SLOT)]
    new = await drop.state.call(State.add_slots, slots, drop.published.day(clock.now()), SLOTS_A_DAY)
    if new is None:
        raise Refusal(507, "board_full", f"The board has taken its {SLOTS_A_DAY} slots of today; post these tomorrow.")
    return json_answer({"new": new, "posted": len(slots)})
