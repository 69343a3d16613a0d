"""Shredding a letter: a page that says before what goes and where copies may remain, and one that says it afterwards."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from knothole_client.desk import destroying, shredding
from knothole_client.desk import vault as vaults
from knothole_client.desk.destroying import Shredded
from knothole_client.desk.locks import Holding
from knothole_client.desk.shredding import Doomed
from knothole_client.review import forms
from knothole_client.review.desk import Desk
from knothole_client.review.entering import NotAdmitted
from knothole_client.review.house import House
from knothole_client.review.pages import go, short, show
from knothole_keys import clock
from knothole_keys.cli.passphrase import LEAST
from knothole_keys.errors import Refused


@dataclass(frozen=True, repr=False)
class Report:
    """What was shredded, and why the vault has no fresh keys, if it has none."""

    done: Shredded
    unkeyed: str


def _doomed(desk: Desk, name: str) -> Doomed:
    try:
        found = shredding.plan(desk.vault, desk.inbox, name)
    except Refused:
        found = None
    if found is None or found.id != name:
        raise NotAdmitted(404, "There is no such letter here any more.")
    return found


async def page(request: Request) -> Response:
    """What would go, and what it takes to have it go."""

    def work(desk: Desk) -> dict[str, Any]:
        doomed = _doomed(desk, request.path_params["id"])
        return {
            "doomed": doomed,
            "row": desk.row(doomed.id),
            "last": destroying.last_of_thread(doomed),
            # The weekly secrets stay closed until somebody gives the passphrase.
            "places": shredding.places(desk.vault, doomed, None),
        }

    return await show(request, "shred.html", work)


async def shred(request: Request) -> Response:
    """Shred it, when its id and the vault's passphrase were typed."""
    house: House = request.app.state.house
    form = await forms.read(request, house.entrance)
    name, path = request.path_params["id"], house.room.path
    typed, word = form.get("id").strip().lower(), form.get("passphrase")

    def work(holding: Holding) -> Report:
        with vaults.opened(path, holding, change=True) as vault:
            done = destroying.destroy(vault, holding, name, clock.now(), lambda _: None)
        return Report(done, destroying.fresh_keys(path, holding))

    try:
        doomed = await house.room.do(lambda desk: _doomed(desk, name))
        if not typed.startswith(short(doomed.id)) or not doomed.id.startswith(typed):
            raise Refused(f"Nothing was shredded: to confirm it, type {short(doomed.id)}.")
        if len(word) < LEAST:
            raise Refused("The passphrase is wrong.")
        report = await house.room.alone(word.encode("utf-8", "replace"), work)
    except Refused as error:
        why = str(error)
        await house.room.do(lambda desk: desk.say(why, good=False))
        return go(request.url.path)
    kept: str = await house.room.do(lambda desk: desk.keep(desk.shredded, lambda one: (one, report))[0])
    return go(f"/shredded/{kept}")


async def done(request: Request) -> Response:
    """What was shredded, and where copies may remain."""

    def work(desk: Desk) -> dict[str, Any]:
        found: tuple[str, Report] | None = desk.shredded.get(request.path_params["name"])
        if found is None:
            raise NotAdmitted(404, "This report is forgotten; the custody log has what was shredded.")
        _, report = found
        return {
            "doomed": report.done.doomed,
            "boxes": report.done.boxes,
            "places": report.done.places,
            "stayed": destroying.stayed(report.done.doomed),
            "unkeyed": report.unkeyed,
        }

    return await show(request, "shredded.html", work)
