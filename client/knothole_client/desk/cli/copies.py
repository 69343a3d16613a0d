"""Commands about what is passed on: copy, copies, exposure."""

from pathlib import Path

import click

from knothole_client.desk import copies as making
from knothole_client.desk import custody, exposure
from knothole_client.desk.cli import words
from knothole_client.desk.cli.common import JSON, VAULT, inbox_of, show, tell, tell_damaged, unlocked
from knothole_client.desk.copies import Copies, file_of
from knothole_client.terminal import safe_name, size
from knothole_keys import clock


@click.command()
@VAULT
@click.argument("start", metavar="ID")
@click.argument("file", metavar="FILE")
@click.option("--name", default="", help="What the copy is called; without it, it gets a name that says nothing.")
@JSON
def copy(path: Path, start: str, file: str, name: str, as_json: bool) -> None:
    """Make a working copy of a submission's FILE, without its metadata (mat2, in the sandbox).

    FILE is its name, or its number in the list that `show` prints. The original is not touched. The copy lies in the vault,
    sealed, until it is exported.
    """
    with unlocked(path) as desk:
        inbox = inbox_of(desk.vault)
        submission = inbox.find(start)
        made = making.clean(desk.vault, inbox, submission, file_of(submission, file), clock.now(), name)
        found = exposure.of_copy(desk.vault, made)
    lines = [f"Made the working copy {made.id[: words.SHORT]}, {safe_name(made.name)} ({size(made.size)})."]
    if made.lacks:
        lines.append("Parts that could not be cleaned were left out, comments for example: compare it with the original.")
    show({"copy": made.value(), "exposure": found.value()}, [*lines, *words.exposure(found)], as_json=as_json)


@click.command("copies")
@VAULT
@click.argument("start", metavar="[ID]", required=False)
@click.option("--remove", metavar="COPY", help="Remove this working copy for good.")
@JSON
def copies_(path: Path, start: str | None, remove: str | None, as_json: bool) -> None:
    """List working copies: all of them, or those of one submission."""
    if start and remove:
        raise click.UsageError("Give an ID to list, or --remove COPY.")
    with unlocked(path, change=bool(remove)) as desk:
        kept = Copies(desk.vault)
        if remove:
            gone = kept.find(remove)
            making.remove(desk.vault, gone, clock.now())
            show({"removed": gone.value()}, [f"Removed the working copy {gone.id[: words.SHORT]}."], as_json=as_json)
            return
        found = kept.of(inbox_of(desk.vault).find(start).id) if start else kept.all()
        damaged = desk.vault.records.damaged
    rows = [
        f"{one.id[: words.SHORT]}  {one.day}  {safe_name(one.name)}  {size(one.size)}  {one.how} from "
        f"{one.submission[: words.SHORT]} {safe_name(one.of)}"
        for one in found
    ]
    show({"copies": [one.value() for one in found]}, rows or ["There is no working copy."], as_json=as_json)
    tell_damaged(damaged)


@click.command("exposure")
@VAULT
@click.argument("start", metavar="[ID]", required=False)
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--copy", "chosen", metavar="COPY", help="Look at this working copy, instead of a submission's file.")
@JSON
def exposure_(path: Path, start: str | None, file: str | None, chosen: str | None, as_json: bool) -> None:
    """Say what in a FILE of a submission, or in a working copy, could name its source.

    It looks in the sandbox at metadata and what is hidden, and cannot see what a reader sees.
    """
    if (file is None) == (chosen is None) or (chosen and start):
        raise click.UsageError("Give an ID and a FILE, or --copy COPY.")
    with unlocked(path) as desk:
        if chosen is not None:
            copy = Copies(desk.vault).find(chosen)
            about, found = copy.submission, exposure.of_copy(desk.vault, copy)
        else:
            inbox = inbox_of(desk.vault)
            submission = inbox.find(start or "")
            about, found = submission.id, exposure.of_file(inbox, submission, file_of(submission, file or ""))
        unlogged = custody.log(desk.vault, "previewed", about, "exposure check")
    tell(unlogged)
    show({**found.value(), "logged": not unlogged}, words.exposure(found), as_json=as_json)


COMMANDS = (copy, copies_, exposure_)
