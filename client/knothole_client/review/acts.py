"""What is done with a letter or its thread: marks, notes, answers. Each form leads back to the letter."""

from collections.abc import Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from knothole_client.desk import looking, outgoing
from knothole_client.desk.answers import Answers
from knothole_client.desk.custody import Custody
from knothole_client.desk.drafts import Drafts
from knothole_client.desk.listing import Row
from knothole_client.desk.marks import Mark
from knothole_client.review import forms, templating
from knothole_client.review.desk import Desk
from knothole_client.review.entering import NotAdmitted
from knothole_client.review.forms import Form
from knothole_client.review.house import House
from knothole_client.review.pages import go
from knothole_client.terminal import counted
from knothole_keys import clock
from knothole_keys.errors import Refused


async def mark(request: Request) -> Response:
    """Give a letter another mark."""

    def work(desk: Desk, row: Row, form: Form) -> str:
        if form.get("do") == "unread":
            looking.mark(desk.vault, row.id, replace(row.mark, seen=False), clock.now())
            desk.opened.discard(row.id)
            desk.say("The letter is unread again.")
            return "/"
        looking.mark(desk.vault, row.id, _mark(row.mark, form), clock.now())
        desk.say("Kept.")
        return f"/letters/{row.id}#marks"

    return await _on_letter(request, work, "marks")


def _mark(before: Mark, form: Form) -> Mark:
    # A comma ends a label, in whichever script it was typed.
    labels = form.get("labels").replace("،", ",").replace("，", ",").replace("、", ",").split(",")
    return replace(
        before,
        star=form.has("star"),
        state=form.get("state"),
        labels=tuple(label.strip() for label in labels if label.strip()),
        embargo=form.get("embargo").strip(),
        reminder=form.get("reminder").strip(),
        assigned=form.get("assigned").strip(),
    )


async def note(request: Request) -> Response:
    """Add a note."""

    def work(desk: Desk, row: Row, form: Form) -> str:
        desk.typed[request.url.path] = form.get("note")
        looking.note(desk.vault, row.id, form.get("note"), clock.now())
        desk.typed.pop(request.url.path, None)
        desk.say("Noted.")
        return f"/letters/{row.id}#notes"

    return await _on_letter(request, work, "notes")


async def answer(request: Request) -> Response:
    """Queue an answer to a thread, or keep it as a draft."""
    house: House = request.app.state.house
    form = await forms.read(request, house.entrance)
    name, path = request.path_params["name"], request.url.path

    def work(desk: Desk) -> str:
        found = desk.threads().get(name)
        if found is None or not found.thread:
            raise NotAdmitted(404, "There is no such thread here any more.")
        letter, text, drafts, now = form.get("letter"), form.get("text"), Drafts(desk.vault.records), clock.now()
        back = f"/letters/{letter}" if any(row.id == letter for row in found.rows) else f"/threads/{name}"
        if form.has("template"):
            _put_in(desk, house, path, text, form.get("template"))
            return f"{back}#answer"
        try:
            with desk.vault.changing():
                if form.get("do") == "draft":
                    drafts.put(name, text)
                    desk.say(
                        "The draft is kept, sealed in the vault; nothing of it is sent."
                        if text.strip()
                        else "No draft is kept."
                    )
                else:
                    made, slots = outgoing.reply(desk.vault, name, text, now)
                    Custody(desk.vault.records).write("answered", name, now, desk.owner, f"answer {made.sequence}")
                    drafts.put(name, "")
                    desk.say(
                        f"The answer waits for the next file of slots, of which it takes {counted(slots, 'slot')}. Until then "
                        "it can be taken back."
                    )
        except Refused as error:
            # It must not be typed twice.
            desk.typed[path] = text
            desk.say(str(error), good=False)
        else:
            desk.typed.pop(path, None)
        return f"{back}#answer"

    return go(await house.room.do(work))


def _put_in(desk: Desk, house: House, path: str, text: str, name: str) -> None:
    """Have a template stand in the answer that is being written, below what is there by now."""
    found = templating.named(desk, house.entrance, name)
    if found is None:
        desk.typed[path] = text
        desk.say("There is no such template here any more.", good=False)
        return
    desk.typed[path] = templating.below(text, found)
    stands = "stands below what was written there" if text.strip() else "stands in the answer"
    desk.say(f"The template “{found.name}” {stands}. Nothing is queued or kept yet.")


async def withdraw(request: Request) -> Response:
    """Take an answer back of which nothing went out."""
    house: House = request.app.state.house
    form = await forms.read(request, house.entrance)

    def work(desk: Desk) -> str:
        try:
            with desk.vault.changing():
                found = Answers(desk.vault.records).reply(request.path_params["sequence"])
                taken = outgoing.withdraw(desk.vault, request.path_params["sequence"])
                detail = f"answer {taken.sequence} withdrawn"
                Custody(desk.vault.records).write("answered", taken.thread, clock.now(), desk.owner, detail)
                if found is not None:
                    # What was written is not lost with the sending of it.
                    Drafts(desk.vault.records).put(found.thread, found.text)
            desk.say("The answer is withdrawn: nothing of it went out. Its text is your draft again.")
        except Refused as error:
            desk.say(str(error), good=False)
        letter = form.get("letter")
        return f"/letters/{letter}#answer" if desk.row(letter) else "/"

    return go(await house.room.do(work))


async def _on_letter(request: Request, work: Callable[[Desk, Row, Form], str], place: str) -> Response:
    house: House = request.app.state.house
    form = await forms.read(request, house.entrance)
    name = request.path_params["id"]

    def inside(desk: Desk) -> str:
        row = desk.row(name)
        if row is None:
            raise NotAdmitted(404, "There is no such letter here any more.")
        try:
            return work(desk, row, form)
        except Refused as error:
            desk.say(str(error), good=False)
            return f"/letters/{name}#{place}"

    return go(await house.room.do(inside))
