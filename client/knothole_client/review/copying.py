"""Working copies of a letter's files: made in the sandbox, looked at for what could name the source, written out or removed."""

from pathlib import Path
from typing import Any, BinaryIO, cast

from starlette.requests import Request
from starlette.responses import Response

from knothole_client.desk import copies as making
from knothole_client.desk import custody, exporting, exposure
from knothole_client.desk.copies import Copies, Copy, Made
from knothole_client.desk.exporting import Exported
from knothole_client.desk.exposure import Exposure
from knothole_client.desk.submission import FileState, Submission
from knothole_client.review import forms, jobs, places, previews
from knothole_client.review.beside import Beside
from knothole_client.review.desk import Desk, Job
from knothole_client.review.entering import NotAdmitted
from knothole_client.review.files import one_file
from knothole_client.review.house import House
from knothole_client.review.pages import go, show
from knothole_client.terminal import counted
from knothole_keys import clock
from knothole_keys.errors import Refused

CHECKED = "exposure check"


async def make(request: Request) -> Response:
    """Make a working copy of a file, without its metadata, and look at what it still tells."""
    house: House = request.app.state.house
    form = await forms.read(request, house.entrance)
    name, number, called = request.path_params["id"], request.path_params["number"], form.get("name").strip()
    here = f"/letters/{name}/files/{number}"

    def check(desk: Desk) -> tuple[Submission, FileState] | None:
        found = one_file(desk, name, number)
        desk.typed[request.url.path] = called
        try:
            if called:
                making.check_name(called)
            making.file_of(found[0], found[1].entry.name)
        except Refused as error:
            desk.say(str(error), good=False)
            return None
        return found

    found = await house.room.do(check)
    if found is None or not await _walls(house):
        return go(f"{here}#copies")
    submission, file = found
    folder, by = await house.room.do(lambda desk: (desk.vault.copies, desk.owner))

    def work(inbox: Beside) -> tuple[Made, Exposure]:
        made = making.make(folder, by, inbox, submission, file, clock.now(), called)
        try:
            with inbox.copy(made.part, bytes.fromhex(made.copy.key), made.copy.size) as source:
                return made, exposure.examine(cast(BinaryIO, source), made.copy.name)
        except BaseException:
            made.drop()
            raise

    def after(desk: Desk, job: Job, done: tuple[Made, Exposure]) -> None:
        copy = done[0].keep(desk.vault, clock.now())
        desk.checked[copy.id] = done[1]
        desk.typed.pop(request.url.path, None)
        job.then = f"/copies/{copy.id}"
        desk.say("The working copy is made, and lies sealed in the vault; the original is as it came.")

    return go(
        await jobs.start(
            house,
            "Making a working copy, behind walls",
            f"{here}#copies",
            work,
            after,
            lambda done: done[0].drop(),
        )
    )


async def copy(request: Request) -> Response:
    """The page of one working copy."""

    def work(desk: Desk) -> dict[str, Any]:
        found = _copy(desk, request)
        row = desk.row(found.submission)
        names = desk.inbox.names(row.summary) if row else []
        return {
            "copy": found,
            "row": row,
            "number": names.index(found.of) + 1 if found.of in names else 0,
            "exposure": desk.checked.get(found.id),
            "why_not": previews.why_not(),
            "typed": desk.typed.get(f"/copies/{found.id}/export", ""),
        }

    return await show(request, "copy.html", work)


async def check(request: Request) -> Response:
    """Look at what a working copy tells."""
    house: House = request.app.state.house
    await forms.read(request, house.entrance)
    found, path = await house.room.do(lambda desk: _with_path(desk, request))
    here = f"/copies/{found.id}"

    def work(inbox: Beside) -> Exposure:
        with inbox.copy(path, bytes.fromhex(found.key), found.size) as source:
            return exposure.examine(cast(BinaryIO, source), found.name)

    def after(desk: Desk, _: Job, told: Exposure) -> None:
        desk.checked[found.id] = told
        desk.say(custody.log(desk.vault, "previewed", found.submission, CHECKED), good=False)

    if not await _walls(house):
        return go(here)
    return go(await jobs.start(house, "Looking at what the copy tells, behind walls", here, work, after))


async def export(request: Request) -> Response:
    """Write a working copy into a folder; only after it was said what in it could name the source."""
    house: House = request.app.state.house
    form = await forms.read(request, house.entrance)
    typed, anyway = form.get("folder").strip(), form.has("anyway")
    found, path = await house.room.do(lambda desk: _with_path(desk, request))
    here = f"/copies/{found.id}#export"

    def begin(desk: Desk) -> str:
        desk.typed[request.url.path] = typed
        try:
            places.folder(typed, desk.vault.path)
            told = desk.checked.get(found.id)
            if told is None:
                raise Refused("Nothing was exported: have it checked first for what could name the source.")
            if told.findings and not anyway:
                raise Refused(
                    f"Nothing was exported: {counted(len(told.findings), 'thing')} in it could name the source; make another "
                    "copy, or tick the box when you know that none of it matters."
                )
        except Refused as error:
            desk.say(str(error), good=False)
            return ""
        noted = exposure.noted(found, told)
        desk.say(custody.log(desk.vault, "exported", found.submission, f"{noted}, begun"), good=False)
        return noted

    noted = await house.room.do(begin)
    if not noted:
        return go(here)

    def work(inbox: Beside) -> Exported:
        source = inbox.copy(path, bytes.fromhex(found.key), found.size)
        return exporting.export_copy(source, found, places.expanded(typed))

    def after(desk: Desk, _: Job, done: Exported) -> None:
        desk.typed.pop(request.url.path, None)
        desk.say(custody.log(desk.vault, "exported", found.submission, noted), good=False)
        desk.say(f"{found.name} lies in {typed}, decrypted. Its SHA-256 is {done.written[0][1]}.")

    return go(await jobs.start(house, "Writing the working copy", here, work, after))


async def remove(request: Request) -> Response:
    """Remove a working copy for good."""
    house: House = request.app.state.house
    await forms.read(request, house.entrance)

    def work(desk: Desk) -> str:
        found = _copy(desk, request)
        try:
            making.remove(desk.vault, found, clock.now())
        except Refused as error:
            desk.say(str(error), good=False)
            return f"/copies/{found.id}"
        desk.checked.pop(found.id, None)
        desk.say(f"The working copy {found.id[:10]} is removed for good.")
        return f"/letters/{found.submission}" if desk.row(found.submission) else "/"

    return go(await house.room.do(work))


def _copy(desk: Desk, request: Request) -> Copy:
    name = request.path_params["copy"]
    found = next((one for one in Copies(desk.vault).all() if one.id == name), None)
    if found is None:
        raise NotAdmitted(404, "There is no such working copy here any more.")
    return found


def _with_path(desk: Desk, request: Request) -> tuple[Copy, Path]:
    found = _copy(desk, request)
    return found, Copies(desk.vault).path(found.id)


async def _walls(house: House) -> bool:
    """Whether there is a sandbox; where there is none, the next page says why."""
    if why := previews.why_not():
        await house.room.do(lambda desk: desk.say(why, good=False))
    return not why
