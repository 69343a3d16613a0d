"""`knothole keys`: what administrators do. Making the drop, rotating who reads, looking before signing."""

import os
from pathlib import Path

import click

from knothole_keys import clock, fields, files, note, promised, root
from knothole_keys.admin import AdminFolder, missing_weeks, new_admin
from knothole_keys.cli import describe, passphrase
from knothole_keys.cli.asking import FILE, PATH, confirm
from knothole_keys.cli.roots import cosign_roots, init, rotate_root
from knothole_keys.errors import Refused
from knothole_keys.roster import check_time


@click.group()
def keys() -> None:
    """Make and rotate the drop's keys, as an administrator."""


keys.add_command(init)
keys.add_command(rotate_root)


@keys.command()
@click.argument("directory", metavar="DIR", type=PATH)
@click.option("--name", required=True, help="Your name in signatures: letters, digits, dots, dashes.")
@click.option("-o", "output", type=FILE, help="Also write the public half to this file.")
def admin(directory: Path, name: str, output: Path | None) -> None:
    """Make an administrator's key pair in DIR."""
    fields.key_name(name, Refused, "The administrator's name")
    if (directory / f"{name}.key").exists():
        raise Refused(f"{directory} holds a key of {name} already; it was left as it is.")
    secret = passphrase.ask(f"the key of {name}", new=True)
    public = new_admin(directory, name, secret, os.urandom(32))
    if output:
        files.write_whole(output, f"{public}\n".encode(), mode=0o644)
    click.echo(f"Made {directory / name}.key (keep it offline) and the public key {public}")


@keys.command()
@click.argument("directory", metavar="DIR", type=PATH)
@click.argument("enrolment", type=FILE)
@click.option("--again", is_flag=True, help="Let somebody who was revoked come back.")
def add(directory: Path, enrolment: Path, again: bool) -> None:
    """Take a journalist's ENROLMENT in; the next roster has them."""
    folder = AdminFolder(directory)
    before = folder.recipients()
    recipient = folder.add(files.read(enrolment, note.MAX_BYTES), again=again)
    weeks = sorted(recipient.epochs)
    # The id stands alone, before anything that its owner chose: a name could look like an id.
    click.echo(f"Added {recipient.id}")
    click.echo(f"named {describe.quoted(recipient.name)}, with keys for epochs {weeks[0]} to {weeks[-1]}.")
    for other in before:
        if other.id != recipient.id and other.name.casefold() == recipient.name.casefold():
            click.echo(f"Careful: {other.id} has the same name.")
    click.echo("Compare the id with what the journalist's desk shows, by telephone or in person, before you sign a roster.")


@keys.command()
@click.argument("directory", metavar="DIR", type=PATH)
@click.argument("recipient_id", metavar="ID")
def revoke(directory: Path, recipient_id: str) -> None:
    """Leave a journalist out of all rosters to come."""
    recipient = AdminFolder(directory).revoke(recipient_id)
    click.echo(f"Revoked {recipient.id}, named {describe.quoted(recipient.name)}.")
    click.echo("Sources stop sealing to them when the next roster is published: make it now.")


@keys.command()
@click.argument("directory", metavar="DIR", type=PATH)
@click.option("--admin", "name", help="Whose key signs; needed only when there are several.")
@click.option("--days", type=click.IntRange(1, 35), default=14, show_default=True, help="Days until it expires.")
@click.option("-o", "output", type=FILE, required=True, help="Where to write the roster.")
def roster(directory: Path, name: str | None, days: int, output: Path) -> None:
    """Issue the next roster, signed by one administrator."""
    folder = AdminFolder(directory)
    path = folder.key_file(name)
    made = folder.issue(folder.signer(path.stem, passphrase.ask(f"the key of {path.stem}")), days)
    promised.check_output(output, path.stem, [one.note for one in folder.rosters()])
    lines = _in_words(folder, made)
    files.write_whole(output, made.note.data, mode=0o644)
    folder.keep(made)
    for line in [*lines, *describe.next_step(made, folder.chain, output)]:
        click.echo(line)


@keys.command()
@click.argument("directory", metavar="DIR", type=PATH)
@click.argument("file", metavar="NOTE", type=FILE)
@click.option("--admin", "name", help="Whose key signs; needed only when there are several.")
@click.option("-o", "output", type=FILE, help="Where to write it; the same file otherwise.")
@click.option("--instead", is_flag=True, help="Take this root in the place of the newest one here, which the server never had.")
def cosign(directory: Path, file: Path, name: str | None, output: Path | None, instead: bool) -> None:
    """Look at a roster or at roots, then add a signature; take finished roots into the folder."""
    folder = AdminFolder(directory)
    data = files.read(file, note.MAX_BYTES)
    if describe.kind(data) == root.TYPE:
        cosign_roots(folder, data, name, output or file, instead=instead)
        return
    chain, offered = folder.chain, _parsed(folder, data)
    count = describe.tally(offered, chain)
    words = _in_words(folder, offered)
    if not count.lacks:
        # Whoever comes late, or is new, knows by it what the next one continues.
        confirm(words, "Take this roster into this folder?")
        folder.keep(offered)
        click.echo(f"Roster {offered.version} has all signatures that it needs; {directory} knows it now.")
        return
    path = folder.key_file(name)
    if path.stem in {key.name for key in count.signed}:
        raise Refused(f"{path.stem} has signed this already; {describe.still_missing(count, 'nothing is missing')}.")
    confirm(words, "Sign this?")
    made = folder.cosign_roster(data, folder.signer(path.stem, passphrase.ask(f"the key of {path.stem}")))
    files.write_whole(output or file, made.note.data, mode=0o644)
    folder.keep(made)
    for line in describe.next_step(made, chain, output or file):
        click.echo(line)


def _in_words(folder: AdminFolder, made: describe.Roster) -> list[str]:
    before, between = folder.before(made.version)
    lines = [*describe.roster(made, before, folder.chain, folder.recipients()), *between]
    return lines + [f"Note: {line}" for line in missing_weeks(made, clock.now())]


def _parsed(folder: AdminFolder, data: bytes) -> "describe.Roster":
    made = describe.parse_roster(note.parse(data), folder.chain)
    check_time(made, clock.now())
    return made


@keys.command()
@click.argument("file", metavar="NOTE", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--root", "roots", type=FILE, help="The drop's roots: then a roster's signatures are checked and counted.")
def show(file: Path, as_json: bool, roots: Path | None) -> None:
    """Show what a root, roster or enrolment says and who signed it; without --root, trusts nothing."""
    data = files.read(file, note.MAX_BYTES)
    chain = root.read_chain(files.read(roots, note.MAX_BYTES)) if roots else None
    for line in describe.anything(data, as_json=as_json, chain=chain):
        click.echo(line)


@keys.command()
@click.argument("file", metavar="ROOT", type=FILE)
def fingerprint(file: Path) -> None:
    """Print the drop's fingerprint, to be compared and published."""
    chain = root.read_chain(files.read(file, note.MAX_BYTES))
    click.echo(root.fingerprint(chain.drop_id))
