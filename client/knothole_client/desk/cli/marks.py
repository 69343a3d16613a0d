"""Commands about what a newsroom keeps beside a submission: mark, note."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from knothole_client import message
from knothole_client.desk import looking
from knothole_client.desk.cli import words
from knothole_client.desk.cli.common import JSON, VAULT, inbox_of, show, unlocked
from knothole_client.desk.marks import STATES, Marks
from knothole_client.desk.notes import MAX_TEXT
from knothole_keys import clock

_NONE = "none"


class _Day(click.ParamType[str]):
    """A day, or the word that takes it away."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value == _NONE:
            return ""
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").date().isoformat()
        except ValueError:
            self.fail(f"{value!r} is no day; write YYYY-MM-DD, or {_NONE}.", param, ctx)


@click.command()
@VAULT
@click.argument("start", metavar="ID")
@click.option("--star/--no-star", default=None, help="Give it a star, or take it away.")
@click.option("--seen/--unseen", default=None, help="Count it as read, or as unread again.")
@click.option("--label", "labels", metavar="LABEL", multiple=True, help="Add a label.")
@click.option("--unlabel", "unlabels", metavar="LABEL", multiple=True, help="Take a label away.")
@click.option("--state", type=click.Choice(STATES), help="How far its review has come.")
@click.option("--embargo", type=_Day(), metavar="DAY", help="Nothing of it is published before this day; `none` lifts it.")
@click.option("--reminder", type=_Day(), metavar="DAY", help="Show it as due from this day on; `none` takes it away.")
@click.option("--assign", metavar="ROLE", help="Who works on it, by role and not by name; `none` for nobody.")
@JSON
def mark(
    path: Path,
    start: str,
    labels: tuple[str, ...],
    unlabels: tuple[str, ...],
    assign: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Mark a submission; without options, show its mark."""
    changes = {name: value for name, value in given.items() if value is not None}
    if assign is not None:
        changes["assigned"] = "" if assign == _NONE else assign
    with unlocked(path) as desk:
        submission = inbox_of(desk.vault).find(start)
        made = Marks(desk.vault.records).of(submission.id)
        wanted = replace(made, **changes).with_labels(labels, unlabels)
        if wanted != made:
            made = looking.mark(desk.vault, submission.id, wanted, clock.now())
    show({"id": submission.id, "mark": made.value()}, words.mark(made), as_json=as_json)


@click.command()
@VAULT
@click.argument("start", metavar="ID")
@click.option("-m", "--message", "text", help="The note; - reads it from standard input, where no list of processes shows it.")
@JSON
def note(path: Path, start: str, text: str | None, as_json: bool) -> None:
    """Add a note to a submission, sealed like everything in the vault. Notes are never sent, and never rewritten."""
    otherwise = "write it in several notes"
    with unlocked(path) as desk:
        submission = inbox_of(desk.vault).find(start)
        if text is None:
            text = message.asked("the note", MAX_TEXT, otherwise)
        else:
            text = message.from_option(text, MAX_TEXT, otherwise)
        made = looking.note(desk.vault, submission.id, text, clock.now())
    show({"id": submission.id, "note": vars(made)}, ["Noted."], as_json=as_json)


COMMANDS = (mark, note)
