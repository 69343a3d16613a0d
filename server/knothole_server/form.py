"""`POST /boxes`: boxes in `.boxes` files out of a plain form, for browsers that run no scripts.

There is no fallback in this: what a form brings is sealed already, or it is refused at its first bytes and read no further.
Each box goes the way of a PUT, with the same checks before a byte of it is written. The first refusal ends the form: what
was stored before it stays, nothing behind it is read, and the answer, which is a page for a person, says both.
"""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response

from knothole_keys import clock
from knothole_keys.boxes_file import BoxEnd, Entry, Event, Header, Reader
from knothole_keys.errors import KnotholeError, NotABox
from knothole_server import form_page
from knothole_server.body import declared_length
from knothole_server.boxes import check_sealing, geometry_now, take_box
from knothole_server.config import BOX_BEGUN, FORM_BYTES, FORM_DRAINED, FORMS
from knothole_server.drop import Drop
from knothole_server.form_page import Receipt
from knothole_server.form_parts import PartEnd, boundary_of, parts
from knothole_server.refusals import Refusal


async def post_boxes(request: Request) -> Response:
    """Take the boxes of a form's files. Always a page: 200 when all were taken, else the status of the first refusal."""
    drop: Drop = request.app.state.drop
    receipt, body, language = Receipt(), _Body(request), FORMS[request.url.path]
    try:
        boundary = _check_before_body(request)
        closed = _closed(drop)
        if closed and declared_length(request) > FORM_DRAINED:
            raise closed
        events = _events(parts(body.pieces(), boundary), receipt)
        if closed:
            # Its first words only: whether it is sealed, for then the rest is drained and the browser shows why.
            await anext(events)
            raise closed
        await _take_files(drop, events, receipt, request)
    except (Refusal, KnotholeError) as error:
        refusal = error if isinstance(error, Refusal) else Refusal(400, error.name, str(error))
        if receipt.sealed and "Connection" not in refusal.headers:
            await body.drain()
        return form_page.refused(drop, language, receipt, refusal)
    return form_page.stored(drop, language, receipt)


class _Body:
    """The request's body in pieces, counted."""

    def __init__(self, request: Request) -> None:
        self._request, self._received = request, 0

    async def pieces(self) -> AsyncIterator[bytes]:
        """What comes. Raises ClientDisconnect."""
        async for piece in self._request.stream():
            self._received += len(piece)
            yield piece

    async def drain(self) -> None:
        """Read what is left and throw it away, when that is little: Firefox shows no answer before it has sent everything.

        Only for what has shown to be sealed: of anything else not a byte more is read.
        """
        if self._received and 0 < declared_length(self._request) - self._received <= FORM_DRAINED:
            async for _ in self._request.stream():
                pass


def _check_before_body(request: Request) -> str:
    if _is_foreign(request):
        message = (
            "The form was on another site's page, so nothing was taken; open the drop's own address and use the form there."
        )
        raise Refusal(403, "foreign", message)
    if declared_length(request) > FORM_BYTES:
        message = "That is more than one form takes; make smaller files with --split 512M and send them one by one."
        raise Refusal(413, "too_long", message)
    return boundary_of(request)


def _is_foreign(request: Request) -> bool:
    # The drop's own page sends no referrer, and with it goes `Origin: null`; browsers that can say more say it here.
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin", "null")
    return origin != "null" and origin.partition("://")[2] != request.headers.get("host")


def _check_open(drop: Drop, now: int) -> None:
    check_sealing(drop, now)
    if drop.permits.difficulty > 0:
        message = (
            "The drop is being flooded and asks for some work with each box, which a form without scripts cannot do; "
            "try again in some hours, or send from the command line or with JavaScript."
        )
        raise Refusal(429, "permit", message)


def _closed(drop: Drop) -> Refusal | None:
    try:
        _check_open(drop, clock.now())
    except Refusal as refusal:
        return refusal
    return None


async def _events(pieces: AsyncIterator[bytes | PartEnd], receipt: Receipt) -> AsyncIterator[Event]:
    """What the form's files hold, one after another. Raises MalformedBoxes, and Refusal when no file was chosen."""
    reader, fed, files, empty = Reader(), False, 0, 0
    async for piece in pieces:
        if isinstance(piece, bytes):
            fed, receipt.sealed = True, reader.begun
            for event in reader.feed(piece):
                receipt.sealed = True
                yield event
        elif fed:
            reader.finish()
            reader, fed, files = Reader(), False, files + 1
        else:
            empty += 1
    if not files:
        raise Refusal(400, "empty", "No file was chosen, or an empty one; go back and choose a file that ends in .boxes.")
    if empty:
        raise Refusal(400, "empty", "One of the files was empty; copy it again from where it was made, and send it alone.")


async def _take_files(drop: Drop, events: AsyncIterator[Event], receipt: Receipt, request: Request) -> None:
    size = 0
    async for event in events:
        if isinstance(event, Header):
            if event.drop_id != drop.published.chain.drop_id:
                message = "These boxes were sealed for another drop; compare its fingerprint, and seal again for this one."
                raise Refusal(400, "WrongDrop", message)
            size = event.size
        elif isinstance(event, Entry):
            # A form lasts: what held when it began may not hold for each of its boxes.
            _check_open(drop, clock.now())
            # From here on it has the time that a form has, and not only a box's (`quiet`).
            request.scope["state"][BOX_BEGUN] = True
            await _take(drop, event, size, events, receipt)


async def _take(drop: Drop, entry: Entry, size: int, events: AsyncIterator[Event], receipt: Receipt) -> None:
    geometry = geometry_now(drop, entry.epoch, clock.now())
    if geometry.size != size:
        raise NotABox("The drop's boxes have another size by now; seal again with the newest lists.")
    if await take_box(drop, _body(events), entry.epoch, entry.box_id, geometry):
        receipt.stored += 1
    else:
        receipt.already += 1


async def _body(events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    async for event in events:
        if isinstance(event, BoxEnd):
            return
        if isinstance(event, bytes):
            yield event
