"""How a page is made: the templates, what stands on every page, and the words for what they show."""

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from knothole_client.desk.marks import STATES
from knothole_client.desk.submission import FileState
from knothole_client.review.desk import Desk, Said
from knothole_client.review.forms import TOKEN
from knothole_client.review.house import House
from knothole_client.terminal import counted, first_words, safe, safe_lines, safe_name, size
from knothole_keys import clock

HERE = Path(__file__).parent
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def environment() -> Environment:
    """The templates. Everything is escaped; a name that is not there is an error, not a gap."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        safe_text=safe,
        safe_name=safe_name,
        size=size,
        text=text,
        words=first_words,
        tag=tag,
        short=short,
        day=day,
        moment=moment,
        ticked=ticked,
    )
    made.globals.update(counted=counted, STATES=STATES, file_state=file_state, marked=marked)
    return made


def text(value: str) -> str:
    """A text of several lines, each made safe."""
    return "\n".join(safe_lines(value))


def tag(language: str) -> str:
    """A letter's language for the `lang` of a page, where it can be one: it chooses between Chinese and Japanese forms."""
    return language if _TAG.fullmatch(language) else ""


def short(name: str) -> str:
    """The beginning of an id, as the commands show it."""
    return name[:10]


def day(value: str) -> Markup:
    """A day that is not broken over lines."""
    return Markup('<time datetime="{0}">{0}</time>').format(value)


def moment(value: str) -> Markup:
    """A moment of the custody log."""
    return Markup('<time datetime="{0}">{1}</time>').format(value, value.replace("T", " ").replace("Z", " UTC"))


def ticked(value: str) -> Markup:
    """A sentence of ours with its `commands` as such."""
    code, plain = Markup("<code>{}</code>"), Markup("{}")
    pieces = [(code if number % 2 else plain).format(safe(one)) for number, one in enumerate(value.split("`"))]
    return Markup("").join(pieces)


def file_state(file: FileState) -> str:
    """How much of a file has come."""
    if file.whole:
        return "whole"
    return f"{file.have} of {counted(file.parts, 'box', 'boxes')} here" if file.have else "nothing of it has come yet"


def marked(piece: str, spans: tuple[tuple[int, int], ...]) -> Markup:
    """A piece of plain text with what was searched for marked."""
    out, at = [], 0
    for start, end in spans:
        out += [escape(safe(piece[at:start])), Markup("<mark>"), escape(safe(piece[start:end])), Markup("</mark>")]
        at = end
    return Markup("").join([*out, escape(safe(piece[at:]))])


async def show(request: Request, name: str, work: Any, *, passing: bool = False) -> Response:
    """A page: `work` says in the vault's thread what is on it, beside what is on every page.

    One that is `passing` leaves what is to be said for the page after it.
    """
    house: House = request.app.state.house

    def inside(desk: Desk) -> dict[str, Any]:
        shown = work(desk)
        # Last of all, as the work may have had something to say.
        said: list[Said] = []
        if not passing:
            said, desk.said = desk.said, []
        return {**shown, **_frame(desk), "said": said}

    values = await house.room.do(inside)
    return render(house, name, {**values, "warnings": house.machine.warnings()})


def render(house: House, name: str, values: dict[str, Any], status: int = 200) -> Response:
    """A page of a template and what it shows."""

    def token(action: str) -> Markup:
        return Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN, house.entrance.token(action))

    page = house.templates.get_template(name).render(
        **values, token=token, label_id=house.entrance.label, idle=int(house.room.idle) + 1, today=clock.today()
    )
    return HTMLResponse(page, status)


def go(path: str) -> Response:
    """On to another page, by asking for it anew: a page that is loaded again sends no form twice."""
    return RedirectResponse(path, 303)


def _frame(desk: Desk) -> dict[str, Any]:
    desk.search.renew()
    return {
        "drop": desk.drop,
        "owner": desk.owner,
        "views": desk.views(),
        "indexing": desk.search.how_far,
        "cut_short": desk.vault.cut_short,
        "damaged": desk.vault.records.damaged,
    }
