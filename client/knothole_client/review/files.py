"""A letter's files: each on a page of its own, looked into on request, and all of them written out on request."""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from knothole_client.desk import custody, exporting
from knothole_client.desk.copies import Copies
from knothole_client.desk.exporting import Exported
from knothole_client.desk.extracts import Extracts
from knothole_client.desk.submission import FileState, Submission
from knothole_client.review import forms, jobs, places, previews
from knothole_client.review.beside import Beside
from knothole_client.review.desk import Desk, Job
from knothole_client.review.entering import NotAdmitted
from knothole_client.review.house import House
from knothole_client.review.pages import go, show
from knothole_client.review.previews import Look
from knothole_client.terminal import counted
from knothole_keys.errors import Refused


def one_file(desk: Desk, name: str, number: int) -> tuple[Submission, FileState]:
    """A letter and its file of this number, from 1 on; the letter has no other files here. Raises NotAdmitted."""
    row = desk.row(name)
    if row is None or not 0 < number <= row.summary.file_count:
        raise NotAdmitted(404, "There is no such file here any more.")
    submission = desk.inbox.submission(row.summary, slice(number - 1, number))
    return submission, submission.files[0]


async def file(request: Request) -> Response:
    """The page of one file; nothing of it is opened by showing it."""
    number = request.path_params["number"]

    def work(desk: Desk) -> dict[str, Any]:
        return _page(desk, request.path_params["id"], number, None)

    return await show(request, "file.html", work)


def _page(desk: Desk, name: str, number: int, made: Look | None) -> dict[str, Any]:
    submission, found = one_file(desk, name, number)
    copies = [one for one in Copies(desk.vault).of(submission.id) if one.of == found.entry.name]
    return {
        "row": desk.row(submission.id),
        "letter": submission,
        "file": found,
        "number": number,
        "why_not": previews.why_not(),
        "duplicates": desk.duplicates(submission),
        "look": made,
        "copies": [(one, desk.checked.get(one.id)) for one in copies],
        "typed": desk.typed.get(f"/letters/{name}/files/{number}/copy", ""),
    }


async def look(request: Request) -> Response:
    """Look into a file, in the sandbox."""
    house: House = request.app.state.house
    form = await forms.read(request, house.entrance)
    name, number = request.path_params["id"], request.path_params["number"]
    asked = form.get("first")
    first = int(asked) if asked.isascii() and asked.isdigit() and 0 < len(asked) < 7 else 1
    submission, found = await house.room.do(lambda desk: one_file(desk, name, number))
    here = f"/letters/{name}/files/{number}"

    def work(inbox: Beside) -> Look:
        return previews.look(inbox, submission, found, number, max(1, first), "")

    def after(desk: Desk, job: Job, made: Look) -> None:
        # Not by its name, which may name somebody.
        desk.say(custody.log(desk.vault, "previewed", name, f"file {number}, from page {first}"), good=False)
        if made.text.end == "done":
            try:
                with desk.vault.changing():
                    Extracts(desk.vault.records).put(found.entry.root.hex(), made.text.text)
            except Refused as error:
                # What was seen took minutes, and is shown all the same.
                why = f"{str(error)[:1].lower()}{str(error)[1:]}"
                desk.say(f"The words of this file were not kept for the search: {why}", good=False)
        kept: Look = desk.keep(desk.looks, lambda one: replace(made, id=one))
        job.then = f"/looks/{kept.id}"

    if why := previews.why_not():
        await house.room.do(lambda desk: desk.say(why, good=False))
        return go(here)
    return go(await jobs.start(house, "Looking into the file, behind walls", here, work, after))


async def looked(request: Request) -> Response:
    """What was seen."""

    def work(desk: Desk) -> dict[str, Any]:
        made = _look(desk, request)
        return _page(desk, made.letter, made.number, made)

    return await show(request, "file.html", work)


async def picture(request: Request) -> Response:
    """One picture of a look, as PNG that was made here."""
    house: House = request.app.state.house
    pictures = await house.room.do(lambda desk: _look(desk, request).pictures)
    number = request.path_params["number"]
    if not 0 < number <= len(pictures):
        raise NotAdmitted(404, "There is no such picture.")
    return Response(pictures[number - 1], media_type="image/png")


def _look(desk: Desk, request: Request) -> Look:
    found: Look | None = desk.looks.get(request.path_params["name"])
    if found is None:
        raise NotAdmitted(404, "This preview is forgotten; look into the file again.")
    return found


async def export(request: Request) -> Response:
    """Write a letter and its files into a folder, decrypted, because a person asked for it and named the folder."""
    house: House = request.app.state.house
    form = await forms.read(request, house.entrance)
    name, typed = request.path_params["id"], form.get("folder").strip()
    here = f"/letters/{name}#export"

    def check(desk: Desk) -> Submission | None:
        row = desk.row(name)
        if row is None:
            raise NotAdmitted(404, "There is no such letter here any more.")
        desk.typed[request.url.path] = typed
        try:
            places.folder(typed, desk.vault.path)
        except Refused as error:
            desk.say(str(error), good=False)
            return None
        # Before the first byte leaves the vault, and again when it is known what did.
        desk.say(custody.log(desk.vault, "exported", name, "begun"), good=False)
        return desk.inbox.submission(row.summary)

    submission = await house.room.do(check)
    if submission is None:
        return go(here)
    out = places.expanded(typed)

    def work(inbox: Beside) -> Exported:
        return exporting.export(inbox, submission, out)

    def after(desk: Desk, _: Job, done: Exported) -> None:
        desk.typed.pop(request.url.path, None)
        desk.say(custody.log(desk.vault, "exported", name, done.summary()), good=False)
        whole = counted(len(done.written), "file")
        desk.say(f"{whole} lie in {typed}, decrypted. SHA256SUMS has their hashes; the hash of that list is {done.sums}.")
        for file, why in done.incomplete[:20]:
            desk.say(f"Not written: {file}: {why}", good=False)

    return go(await jobs.start(house, "Writing the letter and its files", here, work, after))
