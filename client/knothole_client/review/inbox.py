"""The inbox: a line for each source, views and orders, marks for many at once, search."""

from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from knothole_client.desk import looking
from knothole_client.desk.listing import Row, Thread
from knothole_client.desk.marks import STATES
from knothole_client.review import forms
from knothole_client.review.asking import ORDERS, PAGE, SHOWS, asked
from knothole_client.review.desk import Desk
from knothole_client.review.entering import NotAdmitted
from knothole_client.review.forms import Form
from knothole_client.review.house import House
from knothole_client.review.pages import go, show
from knothole_client.review.searching import Found
from knothole_client.terminal import counted
from knothole_keys import clock
from knothole_keys.errors import Refused

_QUERY = 400


@dataclass(frozen=True)
class Line:
    """A source thread as a line of the inbox; of several letters, what there is to be done about any of them."""

    key: str
    thread: Thread
    starred: bool
    labels: list[str]
    files: int
    size: int
    incomplete: int
    due: bool

    @property
    def last(self) -> Row:
        """The letter that speaks for it: the newest."""
        return self.thread.last


def _line(key: str, thread: Thread, today: str) -> Line:
    rows = thread.rows
    return Line(
        key,
        thread,
        any(row.mark.star for row in rows),
        sorted({label for row in rows for label in row.mark.labels}),
        sum(row.summary.file_count for row in rows),
        sum(row.summary.size for row in rows),
        sum(not row.summary.complete for row in rows),
        any(row.mark.reminder and row.mark.reminder <= today for row in rows),
    )


async def inbox(request: Request) -> Response:
    """The list."""
    house: House = request.app.state.house
    wanted = asked(request.query_params)

    def work(desk: Desk) -> dict[str, Any]:
        today = clock.today()
        keys = desk.order(wanted.filter(desk.views(), house.entrance.label, today), wanted.sort)
        pages = max(1, -(-len(keys) // PAGE))
        page = min(wanted.page, pages)
        threads = desk.threads()
        lines = [_line(key, threads[key], today) for key in keys[(page - 1) * PAGE : page * PAGE]]
        return {
            "asked": replace(wanted, page=page),
            "lines": lines,
            "total": len(keys),
            "pages": pages,
            "first": (page - 1) * PAGE + 1,
            "SHOWS": SHOWS,
            "ORDERS": ORDERS,
            "unclaimed": desk.inbox.unclaimed(),
            "refused": desk.inbox.refused(),
        }

    return await show(request, "inbox.html", work)


async def many(request: Request) -> Response:
    """Marks for every letter of the chosen threads, all of them or none; or a line's star."""
    house: House = request.app.state.house
    form = await forms.read(request, house.entrance)
    back = asked(QueryParams(form.get("back").partition("?")[2])).url

    def work(desk: Desk) -> None:
        try:
            _mark_many(desk, form)
        except Refused as error:
            desk.say(str(error), good=False)

    await house.room.do(work)
    return go(back)


def _mark_many(desk: Desk, form: Form) -> None:
    threads = desk.threads()
    if form.has("star"):
        found = threads.get(form.get("star"))
        if found is not None:
            starred = [row for row in found.rows if row.mark.star]
            with desk.vault.changing():
                for row in starred or [found.last]:
                    looking.mark(desk.vault, row.id, replace(row.mark, star=not starred), clock.now())
        return
    chosen = [row for key in form.all("thread") if key in threads for row in threads[key].rows]
    if not chosen:
        raise Refused("Nothing was chosen: tick the lines first, and then say what to do with them.")
    now, done = clock.now(), 0
    with desk.vault.changing():
        for row in chosen:
            wanted = _wanted(row, form)
            if wanted != row.mark:
                looking.mark(desk.vault, row.id, wanted, now)
                done += 1
    desk.say(f"{counted(done, 'letter was', 'letters were')} marked." if done else "They were marked so already.")


def _wanted(row: Row, form: Form) -> Any:
    do, mark, label = form.get("do"), row.mark, form.get("label").strip()
    if do in ("read", "unread"):
        return replace(mark, seen=do == "read")
    if do == "state":
        if form.get("state") not in STATES:
            raise Refused("Choose a state first.")
        return replace(mark, state=form.get("state"))
    if do in ("label", "unlabel"):
        if not label:
            raise Refused("Write the label first.")
        return mark.with_labels((label,)) if do == "label" else mark.with_labels(removed=(label,))
    raise Refused("Say what to do with the lines that you ticked.")


async def search(request: Request) -> Response:
    """Ask the index; what was asked is kept in memory, and the answer's address is a number."""
    house: House = request.app.state.house
    form = await forms.read(request, house.entrance)

    def work(desk: Desk) -> str:
        try:
            found: Found = desk.keep(desk.found, lambda name: desk.search.ask(name, form.get("query")[:_QUERY]))
        except Refused as error:
            desk.say(str(error), good=False)
            return "/"
        return f"/found/{found.id}"

    return go(await house.room.do(work))


async def found(request: Request) -> Response:
    """What a search found, the best first."""
    start = request.query_params.get("page", "1")
    page = int(start) if start.isascii() and start.isdigit() and len(start) < 6 and int(start) else 1

    def work(desk: Desk) -> dict[str, Any]:
        one: Found | None = desk.found.get(request.path_params["name"])
        if one is None:
            raise NotAdmitted(404, "This search is forgotten; search again.")
        by_id = {row.id: row for row in desk.rows()}
        every = [(by_id[hit.id], hit) for hit in one.hits if hit.id in by_id]
        pages = max(1, -(-len(every) // PAGE))
        at = min(page, pages)
        return {"found": one, "hits": every[(at - 1) * PAGE : at * PAGE], "page": at, "pages": pages}

    return await show(request, "found.html", work)
