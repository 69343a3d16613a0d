"""Templates of answers: put into an answer that is being written, and kept on pages of their own."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from knothole_client.desk.templates import Template, Templates
from knothole_client.review import forms
from knothole_client.review.desk import Desk
from knothole_client.review.entering import NotAdmitted
from knothole_client.review.entrance import Entrance
from knothole_client.review.house import House
from knothole_client.review.pages import go, show
from knothole_keys.card import MAX_TEXT
from knothole_keys.errors import Refused

LIST = "/templates"


def below(text: str, template: Template) -> str:
    """An answer as it was written so far, and a template below it."""
    return f"{text.rstrip()}\n\n{template.text}" if text.strip() else template.text


def named(desk: Desk, entrance: Entrance, name: str) -> Template | None:
    """The template that has this name in addresses and forms, which is none that anybody gave it."""
    return next((one for one in Templates(desk.vault.records).all() if entrance.label(one.name) == name), None)


async def every(request: Request) -> Response:
    """All templates, and a form for one more."""

    def work(desk: Desk) -> dict[str, Any]:
        name, text = typed(desk)
        return {"templates": Templates(desk.vault.records).all(), "name": name, "text": text, "MAX_ANSWER": MAX_TEXT}

    return await show(request, "templates.html", work)


def typed(desk: Desk) -> tuple[str, str]:
    """A new template's name and text that were refused: they need not be typed again."""
    return desk.typed.get(f"{LIST}#name", ""), desk.typed.get(LIST, "")


async def add(request: Request) -> Response:
    """Keep one more."""
    house: House = request.app.state.house
    form = await forms.read(request, house.entrance)

    def work(desk: Desk) -> str:
        name, text = form.get("name").strip(), form.get("text")
        desk.typed.update({f"{LIST}#name": name, LIST: text})
        try:
            kept = Templates(desk.vault.records)
            if any(one.name == name for one in kept.all()):
                raise Refused("There is a template of this name already: change that one, or choose another name.")
            with desk.vault.changing():
                kept.put(name, text)
        except Refused as error:
            desk.say(str(error), good=False)
            return f"{LIST}#new"
        for gone in (f"{LIST}#name", LIST):
            desk.typed.pop(gone, None)
        desk.say("The template is kept, sealed in the vault.")
        return LIST

    return go(await house.room.do(work))


async def one(request: Request) -> Response:
    """The page of one template."""
    house: House = request.app.state.house

    def work(desk: Desk) -> dict[str, Any]:
        found = _found(desk, request, house)
        return {"template": found, "text": desk.typed.get(request.url.path, found.text), "MAX_ANSWER": MAX_TEXT}

    return await show(request, "template.html", work)


async def change(request: Request) -> Response:
    """Change one, or remove it."""
    house: House = request.app.state.house
    form = await forms.read(request, house.entrance)
    path = request.url.path

    def work(desk: Desk) -> str:
        found, kept = _found(desk, request, house), Templates(desk.vault.records)
        remove, text = form.get("do") == "remove", form.get("text")
        try:
            with desk.vault.changing():
                if remove:
                    kept.remove(found.name)
                else:
                    kept.put(found.name, text)
        except Refused as error:
            desk.typed[path] = text
            desk.say(str(error), good=False)
            return path
        desk.typed.pop(path, None)
        desk.say("The template is removed." if remove else "The template is kept, sealed in the vault.")
        return LIST

    return go(await house.room.do(work))


def _found(desk: Desk, request: Request, house: House) -> Template:
    found = named(desk, house.entrance, request.path_params["name"])
    if found is None:
        raise NotAdmitted(404, "There is no such template here any more.")
    return found
