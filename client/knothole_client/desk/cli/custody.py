"""`knothole desk log`: the custody log, its head for paper, and whether it is whole."""

from pathlib import Path
from typing import Any

import click

from knothole_client.desk import qr
from knothole_client.desk.cli.common import FILE, JSON, VAULT, show, tell_damaged, unlocked
from knothole_client.desk.cli.words import SHORT
from knothole_client.desk.custody import Custody, Entry, anchor_text, read_anchor
from knothole_client.terminal import safe
from knothole_keys import files


@click.command()
@VAULT
@click.option("--about", default="", metavar="ID", help="Only what was done with this submission; the beginning is enough.")
@click.option("--qr", "as_qr", is_flag=True, help="Show the head alone, as a QR code to be copied on paper.")
@click.option("--svg", type=FILE, metavar="FILE", help="Write that code to a new file, to be printed.")
@click.option("--check", is_flag=True, help="Follow the chain from its first entry to its head.")
@click.option("--anchor", metavar="HEAD", help="With --check: a head that you copied earlier, as it stands on the paper.")
@JSON
def log(path: Path, about: str, as_qr: bool, svg: Path | None, check: bool, anchor: str | None, as_json: bool) -> None:
    """Show what was done in this vault, by whom and when.

    Its head stands for the whole log: copy it on paper now and then, and --check --anchor tells later whether the log still
    has all that it had.
    """
    if anchor is not None and not check:
        raise click.UsageError("--anchor is for --check.")
    copied = read_anchor(anchor) if anchor is not None else None
    with unlocked(path) as desk:
        custody = Custody(desk.vault.records)
        if check:
            custody.check(copied)
        count, head = custody.head()
        entries = [] if as_qr or check else [one for one in custody.entries() if one.about.startswith(about.lower())]
        damaged = desk.vault.records.damaged
    text = anchor_text(count, head)
    if svg is not None:
        files.write_whole(svg, qr.svg(text).encode(), replace=False)
    value: dict[str, Any] = {"count": count, "head": head, "anchor": text}
    if check:
        value["checked"] = True
        lines = [f"The log is whole from its first entry to its {count}th." if count else "The log has no entry yet."]
        lines += ["It has all that it had when you copied that head."] if copied else []
    elif as_qr:
        lines = qr.terminal(text)
    else:
        value["entries"] = [{**one.said, "hash": one.hash} for one in entries]
        lines = [_line(one) for one in entries] or ["There is no entry."]
    show(value, [*lines, f"Head: {text}"], as_json=as_json)
    tell_damaged(damaged)


def _line(one: Entry) -> str:
    what = f"{one.what:<9}  {one.about[:SHORT]:<{SHORT}}  {safe(one.detail)}"
    return f"{one.number:>5}  {one.when}  {safe(one.by)}  {what}".rstrip()


COMMANDS = (log,)
