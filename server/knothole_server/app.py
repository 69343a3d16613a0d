"""The routes of one drop, and nothing else: what each does is in its own module."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from knothole_keys import clock
from knothole_keys.errors import KnotholeError
from knothole_keys.page import TEXT
from knothole_server.board import post_slots, show_board
from knothole_server.boxes import find_missing, put_box
from knothole_server.config import FORMS
from knothole_server.courier_api import fetch_box, list_boxes, put_roster
from knothole_server.drop import Drop
from knothole_server.form import post_boxes
from knothole_server.headers import answer_refusal, json_answer
from knothole_server.page import Asset
from knothole_server.refusals import Refusal, nothing_here
from knothole_server.state import State

_Handler = Callable[[Request, Exception], Awaitable[Response]]
_VERSION = re.compile(r"[1-9][0-9]{0,15}")


async def show_roots(request: Request) -> Response:
    """The chain of roots, oldest first."""
    drop: Drop = request.app.state.drop
    return Response(drop.published.chain.data, media_type=TEXT)


async def show_roster(request: Request) -> Response:
    """The newest roster's note, expired or not: sources judge for themselves."""
    drop: Drop = request.app.state.drop
    if drop.published.roster is None:
        raise Refusal(404, "no_roster", "The drop has no list of recipients yet.")
    return Response(drop.published.roster.note.data, media_type=TEXT)


async def show_roster_version(request: Request) -> Response:
    """An older roster's note, for those who audit the drop."""
    drop: Drop = request.app.state.drop
    version = request.path_params["version"]
    note = await drop.state.call(State.roster, int(version)) if _VERSION.fullmatch(version) else None
    if note is None:
        raise nothing_here()
    return Response(note, media_type=TEXT)


async def show_permit(request: Request) -> Response:
    """The permit of the present ten minutes."""
    drop: Drop = request.app.state.drop
    return json_answer(drop.permits.offer(clock.now()))


def create_app(drop: Drop) -> Starlette:
    """The application that serves an open drop, and closes it at the end of its life."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tending = asyncio.create_task(drop.tend())
        try:
            yield
        finally:
            tending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await tending
            drop.close()

    routes = [
        Route("/roots", show_roots),
        Route("/roster", show_roster),
        Route("/rosters/{version}", show_roster_version),
        Route("/permit", show_permit),
        *(Route(address, post_boxes, methods=["POST"]) for address in FORMS),
        Route("/boxes/missing", find_missing, methods=["POST"]),
        Route("/boxes/{epoch}/{box_id}", put_box, methods=["PUT"]),
        Route("/board", show_board),
        Route("/courier/boxes", list_boxes),
        Route("/courier/boxes/{epoch}/{box_id}", fetch_box),
        Route("/courier/slots", post_slots, methods=["POST"]),
        Route("/courier/roster", put_roster, methods=["PUT"]),
    ]
    routes += [Route(address, _serve(asset)) for address, asset in drop.assets.items()]
    kinds = (Refusal, KnotholeError, HTTPException, Exception)
    refusals: dict[type[Exception], _Handler] = dict.fromkeys(kinds, answer_refusal)
    plain = [Middleware(_PlainAddresses)]
    app = Starlette(routes=routes, middleware=plain, exception_handlers=refusals, lifespan=lifespan)
    # A redirect would repeat the address in a Location header; every address has one spelling.
    app.router.redirect_slashes = False
    app.state.drop = drop
    return app


class _PlainAddresses:
    """Lets no address with a percent sign meet a route: no address here needs one, and each has one spelling."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; one of an encoded address goes where nothing is."""
        if b"%" in scope.get("raw_path", b""):
            scope = {**scope, "path": ""}
        await self._app(scope, receive, send)


def _serve(asset: Asset) -> Callable[[Request], Awaitable[Response]]:
    async def show(request: Request) -> Response:
        return asset.answer(request)

    return show
