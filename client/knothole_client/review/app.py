"""The review desk as an application: which address leads to what, and how it says no."""

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from knothole_client.review import acts, archiving, copying, destroying, doors, files, inbox, jobs, letters, templating
from knothole_client.review.entering import Doorkeeper, NotAdmitted
from knothole_client.review.entrance import Entrance
from knothole_client.review.house import House
from knothole_client.review.machine import Machine
from knothole_client.review.pages import environment, go, render
from knothole_client.review.room import Locked, Room
from knothole_keys.errors import KnotholeError

POLICY = (
    "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_FEATURES = "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), bluetooth=(), payment=()"
# On every answer, errors of the HTTP parser included.
HEADERS = [
    ("Content-Security-Policy", POLICY),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    # Addresses here name no text, and lead nowhere else.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Permissions-Policy", _FEATURES),
    ("X-DNS-Prefetch-Control", "off"),
]
_LETTER = "/letters/{id:str}"
ROUTES = [
    Route("/", inbox.inbox, methods=["GET"]),
    Route("/bulk", inbox.many, methods=["POST"]),
    Route("/search", inbox.search, methods=["POST"]),
    Route("/found/{name:str}", inbox.found, methods=["GET"]),
    Route("/threads/{name:str}", letters.thread, methods=["GET"]),
    Route("/threads/{name:str}/answer", acts.answer, methods=["POST"]),
    Route("/answers/{sequence:int}/withdraw", acts.withdraw, methods=["POST"]),
    Route("/templates", templating.every, methods=["GET"]),
    Route("/templates", templating.add, methods=["POST"]),
    Route("/templates/{name:str}", templating.one, methods=["GET"]),
    Route("/templates/{name:str}", templating.change, methods=["POST"]),
    Route(_LETTER, letters.letter, methods=["GET"]),
    Route(f"{_LETTER}/print", letters.printed, methods=["GET"]),
    Route(f"{_LETTER}/mark", acts.mark, methods=["POST"]),
    Route(f"{_LETTER}/note", acts.note, methods=["POST"]),
    Route(f"{_LETTER}/export", files.export, methods=["POST"]),
    Route(f"{_LETTER}/archive", archiving.page, methods=["GET"]),
    Route(f"{_LETTER}/archive", archiving.write, methods=["POST"]),
    Route(f"{_LETTER}/shred", destroying.page, methods=["GET"]),
    Route(f"{_LETTER}/shred", destroying.shred, methods=["POST"]),
    Route("/shredded/{name:str}", destroying.done, methods=["GET"]),
    Route(f"{_LETTER}/files/{{number:int}}", files.file, methods=["GET"]),
    Route(f"{_LETTER}/files/{{number:int}}/look", files.look, methods=["POST"]),
    Route(f"{_LETTER}/files/{{number:int}}/copy", copying.make, methods=["POST"]),
    Route("/copies/{copy:str}", copying.copy, methods=["GET"]),
    Route("/copies/{copy:str}/check", copying.check, methods=["POST"]),
    Route("/copies/{copy:str}/export", copying.export, methods=["POST"]),
    Route("/copies/{copy:str}/remove", copying.remove, methods=["POST"]),
    Route("/looks/{name:str}", files.looked, methods=["GET"]),
    Route("/looks/{name:str}/{number:int}.png", files.picture, methods=["GET"]),
    Route("/jobs/{name:str}", jobs.job, methods=["GET"]),
    Route("/log", doors.log, methods=["GET"]),
    Route("/help", doors.about, methods=["GET"]),
    Route("/lock", doors.lock, methods=["POST"]),
    Route("/locked", doors.locked, methods=["GET"]),
    Route("/unlock", doors.unlock, methods=["POST"]),
    Route("/enter/{token:str}", doors.enter, methods=["GET"]),
    Route("/desk.css", doors.asset, methods=["GET"]),
    Route("/icon.svg", doors.asset, methods=["GET"]),
]


def create_app(room: Room, entrance: Entrance, host: str, machine: Machine | None = None) -> ASGIApp:
    """The application over a room, answering at `host` (address:port) alone."""
    house = House(room, entrance, environment(), machine or Machine())
    inner = Starlette(
        routes=ROUTES,
        exception_handlers={
            NotAdmitted: _refused,
            Locked: _locked,
            KnotholeError: _failed,
            HTTPException: _nothing,
            Exception: _failed,
        },
    )
    inner.state.house = house
    return Doorkeeper(inner, _refuser(house.templates), room, entrance, host)


async def _refused(request: Request, error: Exception) -> Response:
    status, why = (error.status, error.sentence) if isinstance(error, NotAdmitted) else (403, str(error))
    return render(request.app.state.house, "no.html", {"why": why, "inside": True}, status)


async def _locked(request: Request, error: Exception) -> Response:  # noqa: ARG001 - a handler's shape
    return go("/locked")


async def _nothing(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return render(request.app.state.house, "no.html", {"why": "There is nothing at this address.", "inside": True}, status)


async def _failed(request: Request, error: Exception) -> Response:
    # Nothing is logged: a trace of the failure could hold what a source wrote.
    why = str(error) if isinstance(error, KnotholeError) else "The desk could not finish this; go back to the inbox."
    return render(request.app.state.house, "no.html", {"why": why, "inside": True}, 500)


def _refuser(templates: Environment) -> ASGIApp:
    """Answers whoever is not let in: no token, no address, nothing of the vault."""
    page = templates.get_template("no.html")

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        refusal: NotAdmitted = scope["state"]["refusal"]
        answer = Response(page.render(why=refusal.sentence, inside=False), refusal.status, media_type="text/html")
        await answer(scope, receive, send)

    return refuse
