"""Commands about what sources sent: import, show."""

from pathlib import Path

import click

from knothole_client.desk import custody, drop, expiry, looking
from knothole_client.desk.cli import words
from knothole_client.desk.cli.common import FOLDER, JSON, VAULT, inbox_of, show, tell, unlocked, warnings
from knothole_client.desk.intake import take_in
from knothole_client.terminal import counted
from knothole_keys import clock
from knothole_keys.errors import Refused


@click.command("import")
@VAULT
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--read-again", "again", metavar="ID", multiple=True, help="Try once more to read a letter that was cut off.")
@click.option("--take-back", "back", metavar="ID", multiple=True, help="Take in again what was shredded; `log` shows its ID.")
@JSON
def import_(path: Path, folder: Path, again: tuple[str, ...], back: tuple[str, ...], as_json: bool) -> None:
    """Take in what the courier carried here in DIR.

    Boxes that this desk can open are kept as they came, sealed. Importing the same folder again is harmless.
    """
    with unlocked(path, change=True) as desk:
        keyring, now = desk.keyring(), clock.now()
        report = take_in(desk.vault, keyring, folder, now, again, back)
        came = f"{counted(report.kept, 'box', 'boxes')}, {counted(len(report.letters), 'new submission')}"
        tell(custody.log(desk.vault, "imported", "", came, now))
        warned = warnings(desk, path)
        verdicts = expiry.judge(keyring.epochs, drop.needed(desk.vault.records), now)
        if any(verdict.expired for verdict in verdicts):
            report.remarks.append("Secrets of past weeks have done their work: run `knothole desk destroy-expired`.")
    value = {**words.report_value(report), "warnings": [one.value() for one in warned]}
    show(value, words.report(report), as_json=as_json)
    if report.unreadable_folders or report.unreadable or report.partial:
        raise Refused(f"Not all of {folder} could be read; copy what is named above again, and import again.")


@click.command("show")
@VAULT
@click.argument("start", metavar="ID")
@JSON
def show_(path: Path, start: str, as_json: bool) -> None:
    """Show one submission in full.

    That is the whole message and the table of files, and what the desk keeps beside them. The beginning of its ID is enough.
    """
    with unlocked(path) as desk:
        inbox = inbox_of(desk.vault)
        submission = inbox.find(start)
        looked = looking.look(desk.vault, inbox, submission)
        unlogged = looking.opened(desk.vault, submission.id, clock.now())
    tell(unlogged)
    show({**looked.value(), "logged": not unlogged}, words.looked(looked), as_json=as_json)


COMMANDS = (import_, show_)
