"""`knothole desk shred`: a submission goes for good, and it is said where copies of it may be."""

import sys
from functools import partial
from pathlib import Path

import click

from knothole_client.desk import destroying
from knothole_client.desk.cli.common import JSON, VAULT, show, tell, unlocked
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
        done = destroying.destroy(desk.vault, desk.holding, start, clock.now(), partial(_confirm, yes=yes))
    doomed, unkeyed = done.doomed, destroying.fresh_keys(path, desk.holding)
    tell(unkeyed)
    value = {
        "id": doomed.id,
        "boxes": done.boxes,
        "answers": len(doomed.answers),
        "copies": doomed.copies,
        "shared": doomed.shared,
        "fresh_keys": not unkeyed,
        "remains": [vars(one) for one in done.places],
    }
    lines = [f"Shredded {doomed.id[:SHORT]}: {counted(done.boxes, 'box', 'boxes')} destroyed here. Copies may remain:"]
    lines += [f"  {one.sentence}" for one in done.places]
    lines += [left] if (left := destroying.stayed(doomed)) else []
    show(value, lines, as_json=as_json)


def _confirm(doomed: Doomed, *, yes: bool) -> None:
    one = doomed.summary
    about = (
        f"of {one.day}, {counted(one.file_count, 'file')}: {first_words(one.start) or 'no message'}" if one.read else "not read"
    )
    click.echo(f"Submission {one.id[:SHORT]}, {about}", err=True)
    if last := destroying.last_of_thread(doomed):
        click.echo(last, err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("Nothing was shredded; say --yes if that is what you want.")
    click.confirm("Shred it for good?", abort=True, err=True)


COMMANDS = (shred,)
