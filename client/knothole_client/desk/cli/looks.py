"""Commands that look into a file behind the sandbox's walls: look, extract."""

import os
from pathlib import Path
from typing import Any, BinaryIO, cast

import click

from knothole_client import sandbox
from knothole_client.desk import custody, extracts
from knothole_client.desk.cli.common import FOLDER, JSON, VAULT, inbox_of, show, tell, unlocked
from knothole_client.desk.copies import file_of
from knothole_client.desk.view import View
from knothole_client.sandbox import Outcome
from knothole_client.sandbox.vocabulary import FLAGS, KINDS
from knothole_client.terminal import counted, safe
from knothole_keys.errors import Refused


@click.command()
@VAULT
@click.argument("start", metavar="ID")
@click.argument("file", metavar="FILE")
@click.option("--first", type=click.IntRange(1), default=1, help="The page to begin with.")
@click.option("--pictures", type=FOLDER, help="Write its pages as PNG into this new folder, for anybody to see.")
@JSON
def look(path: Path, start: str, file: str, first: int, pictures: Path | None, as_json: bool) -> None:
    """Say what a submission's FILE is, what in it is dangerous, and what it tells of itself, by programs in the sandbox.

    FILE is its name, or its number in the list that `show` prints. It is never opened outside of the sandbox.
    """
    if why := sandbox.available():
        raise Refused(why)
    with unlocked(path) as desk:
        inbox = inbox_of(desk.vault)
        submission = inbox.find(start)
        found = file_of(submission, file)

        def out(program: str) -> Outcome:
            with View(inbox, submission, found) as source:
                return sandbox.run(program, cast(BinaryIO, source), found.entry.name, first=first)

        flags, told, shown = out("flags"), out("metadata"), out("preview")
        number = submission.files.index(found) + 1
        unlogged = custody.log(desk.vault, "previewed", submission.id, f"file {number}, from page {first}")
    tell(unlogged)
    written = _write(pictures, shown, first) if pictures else []
    value: dict[str, Any] = {
        "kind": flags.kind or shown.kind,
        "flags": list(flags.flags),
        "flags_end": flags.end,
        "pages": shown.pages,
        "preview_end": shown.end,
        "listing": [[one.name, one.size] for one in shown.listing],
        "metadata": [list(one) for one in told.metadata],
        "written": [str(one) for one in written],
        "logged": not unlogged,
    }
    show(value, _lines(flags, told, shown, written), as_json=as_json)


@click.command()
@VAULT
@click.argument("start", metavar="ID", required=False)
@JSON
def extract(path: Path, start: str | None, as_json: bool) -> None:
    """Take the text out of files, in the sandbox, for `search`: of one submission, or of all.

    It is kept sealed in the vault. Files that were tried before are left out.
    """
    if why := sandbox.available():
        raise Refused(why)
    tried = 0
    with unlocked(path) as desk:
        inbox = inbox_of(desk.vault)
        chosen = [inbox.find(start)] if start else [inbox.submission(one) for one in inbox.summaries(sound=True)]
        for submission in chosen:
            tried += extracts.fill(desk.vault, inbox, submission, _text)
    show({"tried": tried}, [f"Looked for text in {counted(tried, 'file')}."], as_json=as_json)


def _text(source: BinaryIO, name: str) -> str:
    outcome = sandbox.run("text", source, name)
    if outcome.end != "done":
        raise Refused(outcome.sentence)
    return outcome.text


def _lines(flags: Outcome, told: Outcome, shown: Outcome, written: list[Path]) -> list[str]:
    pages = f", {counted(shown.pages, 'page')}" if shown.pages else ""
    lines = [f"It is {KINDS.get(flags.kind or shown.kind, 'of no kind that is known here')}{pages}."]
    lines += [f"! {FLAGS[one]}" for one in flags.flags]
    if flags.end != "done":
        lines.append(f"! Dangers were not looked for to the end. {flags.sentence}")
    elif not flags.flags:
        lines.append("None of the known dangers was found, which proves nothing.")
    if shown.end != "done":
        lines.append(shown.sentence)
    lines += [f"  {one.size:>14,}  {safe(one.name)}" for one in shown.listing]
    lines += [f"  {safe(name)}: {safe(value)}" for name, value in told.metadata]
    return lines + [f"Wrote {one}." for one in written]


def _write(folder: Path, shown: Outcome, first: int) -> list[Path]:
    try:
        folder.mkdir(mode=0o700)
        written = []
        for number, picture in enumerate(shown.pictures, first):
            name = folder / f"page-{number:04}.png"
            with os.fdopen(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(picture)
            written.append(name)
        return written
    except OSError as error:
        raise Refused(f"{folder} cannot be written: {(error.strerror or 'it failed').lower()}.") from None


COMMANDS = (look, extract)
