"""`knothole desk shred`: a submission goes for good, and it is said where copies of it may be."""

import sys
from pathlib import Path

import click

from knothole_client.desk import relocking, shredding
from knothole_client.desk.cli.common import JSON, VAULT, Unlocked, inbox_of, show, tell, unlocked
from knothole_client.desk.cli.words import SHORT
from knothole_client.desk.shredding import Doomed
from knothole_client.terminal import counted, first_words
from knothole_keys import clock
from knothole_keys.errors import Refused


@click.command()
@VAULT
@click.argument("start", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@JSON
def shred(path: Path, start: str, yes: bool, as_json: bool) -> None:
    """Destroy a submission in this vault for good, with its files, working copies, notes and marks.

    The vault gets fresh keys, so that what its disk may still hold of it opens with nothing. Copies elsewhere are named, and
    not touched. An import does not bring it back by itself.
    """
    with unlocked(path, change=True) as desk:
        shredding.finish(desk.vault)
        doomed = shredding.plan(desk.vault, inbox_of(desk.vault), start)
        places = shredding.places(desk.vault, doomed, desk.keyring().epochs)
        _confirm(doomed, yes=yes)
        boxes = shredding.shred(desk.vault, doomed, clock.now())
    unkeyed = _fresh_keys(path, desk)
    tell(unkeyed)
    value = {
        "id": doomed.id,
        "boxes": boxes,
        "answers": len(doomed.answers),
        "copies": doomed.copies,
        "shared": doomed.shared,
        "fresh_keys": not unkeyed,
        "remains": [vars(one) for one in places],
    }
    lines = [f"Shredded {doomed.id[:SHORT]}: {counted(boxes, 'box', 'boxes')} destroyed here. Copies may remain:"]
    lines += [f"  {one.sentence}" for one in places]
    if doomed.shared:
        lines.append(f"{counted(doomed.shared, 'file')} stayed here, as another submission names the same.")
    show(value, lines, as_json=as_json)


def _fresh_keys(path: Path, desk: Unlocked) -> str:
    # What the database's journal held went into free blocks of the disk, sealed under the key that is spent now.
    try:
        relocking.relock(path, desk.holding, relocking.keep_all)
    except Refused as error:
        return f"It is shredded, but the vault's keys are still the old ones: run `knothole desk re-key`. {error}"
    return ""


def _confirm(doomed: Doomed, *, yes: bool) -> None:
    one = doomed.summary
    about = (
        f"of {one.day}, {counted(one.file_count, 'file')}: {first_words(one.start) or 'no message'}" if one.read else "not read"
    )
    click.echo(f"Submission {one.id[:SHORT]}, {about}", err=True)
    if doomed.answers:
        unread = f", {doomed.unread} of which the source has not said to have read" if doomed.unread else ""
        click.echo(
            f"It is the last of its thread: its {counted(len(doomed.answers), 'answer')} will be destroyed, too{unread}, and "
            "nobody here can answer this source any more.",
            err=True,
        )
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("Nothing was shredded; say --yes if that is what you want.")
    click.confirm("Shred it for good?", abort=True, err=True)


COMMANDS = (shred,)
