"""`knothole desk template`: texts of answers that are given often."""

from pathlib import Path

import click

from knothole_client import message
from knothole_client.desk.cli.common import JSON, VAULT, show, tell_damaged, unlocked
from knothole_client.desk.templates import Templates
from knothole_client.terminal import first_words, safe, safe_lines
from knothole_keys.card import MAX_TEXT


@click.command()
@VAULT
@click.argument("name", metavar="[NAME]", required=False)
@click.option("-m", "--message", "text", help="What it says from now on; - reads it from standard input.")
@click.option("--remove", is_flag=True, help="Remove it.")
@JSON
def template(path: Path, name: str | None, text: str | None, remove: bool, as_json: bool) -> None:
    """List the templates of answers, or show, write or remove the one called NAME. `reply --template NAME` uses it."""
    if (name is None and (text is not None or remove)) or (text is not None and remove):
        raise click.UsageError("Give a NAME, with -m or with --remove.")
    with unlocked(path, change=text is not None or remove) as desk:
        kept = Templates(desk.vault.records)
        if name is None:
            found = kept.all()
            lines = [f"{safe(one.name)}: {first_words(one.text)}" for one in found] or ["There is no template."]
            show({"templates": [vars(one) for one in found]}, lines, as_json=as_json)
        elif remove:
            with desk.vault.changing():
                kept.remove(name)
            show({"removed": name}, ["Removed."], as_json=as_json)
        elif text is not None:
            text = message.from_option(text, MAX_TEXT, "make it shorter")
            with desk.vault.changing():
                made = kept.put(name, text)
            show(vars(made), ["Kept."], as_json=as_json)
        else:
            one = kept.get(name)
            show(vars(one), safe_lines(one.text), as_json=as_json)
        damaged = desk.vault.records.damaged
    tell_damaged(damaged)


COMMANDS = (template,)
