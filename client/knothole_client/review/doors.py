"""Coming in, locking, unlocking; the custody log; what the keys do; the style sheet and the mark."""

from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from knothole_client.desk import qr
from knothole_client.desk.custody import Custody, anchor_text
from knothole_client.review import forms
from knothole_client.review.desk import Desk
from knothole_client.review.entering import NotAdmitted
from knothole_client.review.house import House
from knothole_client.review.pages import HERE, go, render, show
from knothole_keys.cli.passphrase import LEAST
from knothole_keys.errors import Refused

_ENTRIES = 100
# The sheets are joined, so that a page asks for one.
_ASSETS = {
    "/desk.css": ("text/css; charset=utf-8", ("desk.css", "controls.css", "pages.css", "letters.css")),
    "/icon.svg": ("image/svg+xml", ("icon.svg",)),
}


async def enter(request: Request) -> Response:
    """The link of the terminal: it becomes a cookie, once."""
    house: House = request.app.state.house
    cookie = house.entrance.enter(request.path_params["token"])
    if cookie is None:
        raise NotAdmitted(403, "This link was used already, or is an old one. Press Enter in the terminal for a new one.")
    house.room.touch()
    answer = go("/")
    answer.set_cookie(house.entrance.cookie, cookie, path="/", httponly=True, samesite="strict")
    return answer


async def asset(request: Request) -> Response:
    """The style sheet, or the mark."""
    kind, names = _ASSETS[request.url.path]
    return Response(b"\n".join((HERE / "assets" / name).read_bytes() for name in names), media_type=kind)


async def lock(request: Request) -> Response:
    """Lock at once."""
    house: House = request.app.state.house
    await forms.read(request, house.entrance)
    await house.room.lock("You locked it.")
    return go("/locked")


async def locked(request: Request) -> Response:
    """What is left on a screen that nobody looks at: nothing that came. It does not count as somebody being here."""
    house: House = request.app.state.house
    return render(house, "locked.html", {"locked": house.room.locked, "because": house.room.because, "problem": ""})


async def unlock(request: Request) -> Response:
    """Open the vault again by its passphrase."""
    house: House = request.app.state.house
    form = await forms.read(request, house.entrance)
    passphrase = form.get("passphrase")
    if not house.room.locked:
        return go("/")
    try:
        if len(passphrase) < LEAST:
            raise Refused("The passphrase is wrong.")
        await house.room.unlock(passphrase.encode("utf-8", "replace"))
    except Refused as error:
        shown = {"locked": True, "because": house.room.because, "problem": str(error)}
        return render(house, "locked.html", shown, 403)
    return go("/")


async def log(request: Request) -> Response:
    """The custody log, its newest entries first, and its head for paper."""
    asked = request.query_params.get("page", "1")

    def work(desk: Desk) -> dict[str, Any]:
        entries = desk.log()[::-1]
        pages = max(1, -(-len(entries) // _ENTRIES))
        page = min(int(asked) if asked.isascii() and asked.isdigit() and 0 < len(asked) < 7 else 1, pages) or 1
        custody = Custody(desk.vault.records)
        count, head = custody.head()
        anchor = anchor_text(count, head)
        try:
            desk.checking.check()
            broken = ""
        except Refused as error:
            broken = str(error)
        return {
            "entries": entries[(page - 1) * _ENTRIES : page * _ENTRIES],
            "page": page,
            "pages": pages,
            "count": count,
            "anchor": anchor,
            # Our own text, as an element without scripts or styles.
            "code": Markup(qr.svg(anchor)),  # noqa: S704
            "broken": broken,
            "known": {row.id: row.pseudonym for row in desk.rows()},
            "threads": {thread.thread: thread.pseudonym for thread in desk.threads().values() if thread.thread},
        }

    return await show(request, "log.html", work)


async def about(request: Request) -> Response:
    """What the keys do, and what this desk keeps to itself."""

    def work(desk: Desk) -> dict[str, Any]:
        return {"path": str(desk.vault.path)}

    return await show(request, "help.html", work)
