"""An encrypted archive of a letter for a colleague: for keys of age, or with a passphrase of its own."""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from knothole_client.desk import custody
from knothole_client.desk.submission import Submission
from knothole_client.review import forms, jobs, places
from knothole_client.review.beside import Beside
from knothole_client.review.desk import Desk, Job
from knothole_client.review.entering import NotAdmitted
from knothole_client.review.forms import Form
from knothole_client.review.house import House
from knothole_client.review.pages import go, show
from knothole_client.terminal import size
from knothole_keys.cli.passphrase import LEAST
from knothole_keys.errors import Refused

if TYPE_CHECKING:
    from knothole_client.desk.archive import Archived


def _letter(desk: Desk, name: str) -> Submission:
    row = desk.row(name)
    if row is None or not row.summary.read:
        raise NotAdmitted(404, "There is no such letter here any more.")
    return desk.inbox.submission(row.summary)


async def page(request: Request) -> Response:
    """The form for one."""
    name = request.path_params["id"]

    def work(desk: Desk) -> dict[str, Any]:
        submission, path = _letter(desk, name), request.url.path
        missing = sum(not file.whole for file in submission.files)
        return {
            "row": desk.row(name),
            "letter": submission,
            "missing": missing,
            "file": desk.typed.get(path, ""),
            "keys": desk.typed.get(f"{path}#keys", ""),
            "LEAST": LEAST,
        }

    return await show(request, "archive.html", work)


async def write(request: Request) -> Response:
    """Write one."""
    # Only who makes one waits for the library.
    from knothole_client.desk import archive

    house: House = request.app.state.house
    form = await forms.read(request, house.entrance)
    name, here = request.path_params["id"], request.url.path
    typed = form.get("file").strip()
    keys, word = form.get("keys").split(), form.get("passphrase")
    recipients: list[object] = []

    def begin(desk: Desk) -> Submission | None:
        submission = _letter(desk, name)
        # The keys are public; a passphrase is typed again.
        desk.typed.update({here: typed, f"{here}#keys": form.get("keys").strip()})
        try:
            places.new_file(typed, desk.vault.path)
            _check(keys, form)
            recipients.extend(archive.recipient(key) for key in keys)
        except Refused as error:
            desk.say(str(error), good=False)
            return None
        desk.say(custody.log(desk.vault, "exported", name, f"{how}, begun"), good=False)
        return submission

    how = archive.encrypted(len(keys))
    submission = await house.room.do(begin)
    if submission is None:
        return go(here)

    def work(inbox: Beside) -> "Archived":
        output = places.expanded(typed)
        if keys:
            return archive.for_keys(inbox, submission, output, recipients)
        return archive.for_passphrase(inbox, submission, output, word)

    def after(desk: Desk, job: Job, done: "Archived") -> None:
        for gone in (here, f"{here}#keys"):
            desk.typed.pop(gone, None)
        desk.say(custody.log(desk.vault, "exported", name, f"{how}, {done.summary()}"), good=False)
        desk.say(f"{typed} is written ({size(done.size)}, {done.summary()}), {how}. `age -d` opens it, and `tar x` unpacks it.")
        for file, why in done.incomplete[:20]:
            desk.say(f"Not in it: {file}: {why}", good=False)
        job.then = f"/letters/{name}#export"

    return go(await jobs.start(house, "Writing the encrypted archive", here, work, after))


def _check(keys: list[str], form: Form) -> None:
    word = form.get("passphrase")
    if bool(keys) == bool(word):
        raise Refused(
            "Give your colleague's age key or a passphrase, and not both: each opens the whole archive."
            if keys
            else "Give your colleague's age key, or a passphrase for the archive."
        )
    if word and len(word) < LEAST:
        raise Refused(f"This passphrase is too short: use at least {LEAST} characters, better six random words.")
    if word != form.get("again"):
        raise Refused("The two passphrases differ; type the same one twice.")
