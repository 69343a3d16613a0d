"""Commands about what sources sent: import, list, show, export."""

from pathlib import Path
from typing import Any

import click

from knothole_client.desk import drop, expiry, exporting
from knothole_client.desk.cli import words
from knothole_client.desk.cli.common import FOLDER, JSON, VAULT, inbox_of, show, show_many, unlocked, warnings
from knothole_client.desk.intake import take_in
from knothole_client.terminal import counted, safe_name
from knothole_keys import clock
from knothole_keys.errors import Refused


@click.command("import")
@VAULT
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--read-again", "again", metavar="ID", multiple=True, help="Try once more to read a letter that was cut off.")
@JSON
def import_(path: Path, folder: Path, again: tuple[str, ...], as_json: bool) -> None:
    """Take in what the courier carried here in DIR.

    Boxes that this desk can open are kept as they came, sealed. Importing the same folder again is harmless.
    """
    with unlocked(path, change=True) as desk:
        keyring, now = desk.keyring(), clock.now()
        report = take_in(desk.vault, keyring, folder, now, again)
        warned = warnings(desk, path)
        verdicts = expiry.judge(keyring.epochs, drop.needed(desk.vault.records), now)
        if any(verdict.expired for verdict in verdicts):
            report.remarks.append("Secrets of past weeks have done their work: run `knothole desk destroy-expired`.")
    value = {**words.report_value(report), "warnings": [one.value() for one in warned]}
    show(value, words.report(report), as_json=as_json)
    if report.unreadable_folders or report.unreadable or report.partial:
        raise Refused(f"Not all of {folder} could be read; copy what is named above again, and import again.")


@click.command("list")
@VAULT
@JSON
def list_(path: Path, as_json: bool) -> None:
    """List all submissions."""
    with unlocked(path) as desk:
        inbox = inbox_of(desk.vault)
        rest: dict[str, Any] = {"refused": inbox.refused(), "unclaimed": inbox.unclaimed(), "damaged": inbox.damaged()}
        warned = [one.value() for one in warnings(desk, path)]
        if as_json:
            show_many("submissions", (one.value() for one in inbox.submissions()), {**rest, "warnings": warned})
        else:
            show(None, words.table(inbox.summaries(), **rest), as_json=False)


@click.command("show")
@VAULT
@click.argument("start", metavar="ID")
@JSON
def show_(path: Path, start: str, as_json: bool) -> None:
    """Show one submission in full.

    That is the whole message and the table of files. The beginning of its ID is enough.
    """
    with unlocked(path) as desk:
        submission = inbox_of(desk.vault).find(start)
    show(submission.value(), words.whole(submission), as_json=as_json)


@click.command()
@VAULT
@click.argument("start", metavar="ID")
@click.option("--out", type=FOLDER, required=True, help="A new or empty folder, outside the vault.")
@JSON
def export(path: Path, start: str, out: Path, as_json: bool) -> None:
    """Write a submission to disk, decrypted.

    This is the only command that does. A file whose boxes have not all come is left out and named, and the exit code is 1.
    """
    if out.resolve().is_relative_to(path.resolve()):
        raise Refused("Choose a folder outside the vault: what is exported is not sealed any more.")
    with unlocked(path) as desk:
        inbox = inbox_of(desk.vault)
        submission = inbox.find(start)
        done = exporting.export(inbox, submission, out)
    value = {
        "id": submission.id,
        "written": [{"path": name, "sha256": digest, "size": size} for name, digest, size in done.written],
        "incomplete": [{"name": name, "why": why} for name, why in done.incomplete],
    }
    lines = [f"{digest}  {safe_name(name)}" for name, digest, _ in done.written]
    lines += [f"Not exported: {safe_name(name)}: {why}" for name, why in done.incomplete]
    show(value, lines, as_json=as_json)
    if done.incomplete:
        raise Refused(
            f"{counted(len(done.incomplete), 'file')} of {len(submission.files)} could not be exported whole; "
            f"{out / 'INCOMPLETE.txt'} says which and why."
        )


COMMANDS = (import_, list_, show_, export)
