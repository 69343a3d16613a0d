"""`knothole desk export`: what leaves the vault, decrypted, because a person asked for it."""

import shlex
from pathlib import Path
from typing import Any

import click

from knothole_client.desk import custody, exporting, exposure
from knothole_client.desk.cli import words
from knothole_client.desk.cli.common import FILE, FOLDER, JSON, VAULT, Unlocked, inbox_of, show, tell, unlocked
from knothole_client.desk.copies import Copies
from knothole_client.terminal import counted, safe_name, size
from knothole_keys.cli import passphrase
from knothole_keys.errors import Refused

_ORIGINALS = (
    "These are the originals, with all that could name the source: before anything is shown to others, look with "
    "`knothole desk exposure`, and pass on a working copy (`knothole desk copy`)."
)


@click.command()
@VAULT
@click.argument("start", metavar="[ID]", required=False)
@click.option("--out", type=FOLDER, help="A new or empty folder, outside the vault.")
@click.option("--copy", metavar="COPY", help="Export this working copy, instead of a submission; `copies` shows them.")
@click.option("--anyway", is_flag=True, help="Export a working copy though the exposure check found something in it.")
@click.option("--age", "keys", metavar="KEY", multiple=True, help="Encrypt it for a colleague's age key, into the file -o.")
@click.option("--passphrase", "locked", is_flag=True, help="Encrypt it with a passphrase of its own, into the file -o.")
@click.option("-o", "output", type=FILE, metavar="FILE", help="The new encrypted archive, such as letter.tar.age.")
@JSON
def export(
    path: Path,
    start: str | None,
    out: Path | None,
    copy: str | None,
    anyway: bool,
    keys: tuple[str, ...],
    locked: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Write a submission to disk, decrypted, or a working copy with --copy.

    This is the only command that does. With --age or --passphrase it writes an encrypted archive instead, which `age -d` opens.
    A file whose boxes have not all come is left out and named, and the exit code is 1.
    """
    if (start is None) == (copy is None) or (anyway and copy is None):
        raise click.UsageError("Give an ID, or --copy COPY (with --anyway, if you must).")
    if (out is None) == (output is None) or (output is not None) != (bool(keys) != locked) or (copy and output):
        raise click.UsageError("Give a folder with --out; or a file with -o, and either --age or --passphrase.")
    if output is not None:
        _archive(path, start or "", output, keys, as_json=as_json)
        return
    if out is None:
        return
    if out.resolve().is_relative_to(path.resolve()):
        raise Refused("Choose a folder outside the vault: what is exported is not sealed any more.")
    with unlocked(path) as desk:
        if copy is not None:
            _copy(desk, copy, out, anyway=anyway, as_json=as_json)
        else:
            _submission(desk, start or "", out, as_json=as_json)


def _archive(path: Path, start: str, output: Path, keys: tuple[str, ...], *, as_json: bool) -> None:
    # Only who makes one waits for the library.
    from knothole_client.desk import archive

    if output.resolve().is_relative_to(path.resolve()):
        raise Refused("Choose a file outside the vault.")
    recipients = [archive.recipient(key) for key in keys]
    with unlocked(path) as desk:
        inbox = inbox_of(desk.vault)
        submission = inbox.find(start)
        word = "" if keys else passphrase.ask("the archive", new=True, variable=passphrase.NEW_VARIABLE).decode()
        how = archive.encrypted(len(keys))
        tell(custody.log(desk.vault, "exported", submission.id, f"{how}, begun"))
        if keys:
            done = archive.for_keys(inbox, submission, output, recipients)
        else:
            done = archive.for_passphrase(inbox, submission, output, word)
        unlogged = custody.log(desk.vault, "exported", submission.id, f"{how}, {done.summary()}")
    tell(unlogged)
    value = {"id": submission.id, "path": str(output), "files": done.files, "size": done.size, "logged": not unlogged}
    value["incomplete"] = [{"name": name, "why": why} for name, why in done.incomplete]
    lines = [
        f"Wrote {output} ({size(done.size)}, {done.summary()}), {how}; `age -d {shlex.quote(output.name)} | tar x` opens it."
    ]
    lines += [f"Not in it: {safe_name(name)}: {why}" for name, why in done.incomplete]
    show(value, lines, as_json=as_json)
    if done.incomplete:
        raise Refused(f"{counted(len(done.incomplete), 'file')} of {len(submission.files)} could not be put into the archive.")


def _copy(desk: Unlocked, start: str, out: Path, *, anyway: bool, as_json: bool) -> None:
    copies = Copies(desk.vault)
    copy = copies.find(start)
    found = exposure.of_copy(desk.vault, copy)
    if found.findings and not anyway:
        for line in words.exposure(found):
            click.echo(line, err=True)
        raise Refused(
            f"Nothing was exported: {counted(len(found.findings), 'thing')} in it could name the source; make another copy, or "
            "say --anyway when you know that none of it matters."
        )
    detail = exposure.noted(copy, found)
    tell(custody.log(desk.vault, "exported", copy.submission, f"{detail}, begun"))
    done = exporting.export_copy(copies.open(copy), copy, out)
    unlogged = custody.log(desk.vault, "exported", copy.submission, detail)
    tell(unlogged)
    name, digest, length = done.written[0]
    value = {"copy": copy.value(), "logged": not unlogged, "exposure": found.value()}
    value["written"] = [{"path": name, "sha256": digest, "size": length}]
    show(value, [f"{digest}  {safe_name(name)}", *words.exposure(found)], as_json=as_json)


def _submission(desk: Unlocked, start: str, out: Path, *, as_json: bool) -> None:
    inbox = inbox_of(desk.vault)
    submission = inbox.find(start)
    # Before the first byte leaves the vault, and again when it is known what did.
    tell(custody.log(desk.vault, "exported", submission.id, "begun"))
    done = exporting.export(inbox, submission, out)
    unlogged = custody.log(desk.vault, "exported", submission.id, done.summary())
    tell(unlogged)
    value: dict[str, Any] = {
        "id": submission.id,
        "logged": not unlogged,
        "written": [{"path": name, "sha256": digest, "size": length} for name, digest, length in done.written],
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
    if submission.files:
        click.echo(f"Note: {_ORIGINALS}", err=True)


COMMANDS = (export,)
