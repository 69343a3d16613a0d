"""`knothole keys`: what administrators do. Making the drop, rotating who reads, looking before signing."""

import os
import sys
from pathlib import Path

import click

from knothole_keys import clock, fields, files, note, root
from knothole_keys.admin import ROOT, AdminFolder, cosign_root, missing_weeks, new_admin
from knothole_keys.cli import describe, passphrase
from knothole_keys.epoch import DAY, epoch_of
from knothole_keys.errors import Refused
from knothole_keys.note import NoteKey
from knothole_keys.roster import check_time
from knothole_keys.sign import Signer, new_note

PATH = click.Path(path_type=Path)
FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def keys() -> None:
    """Make and rotate the drop's keys, as an administrator."""


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
@click.option("--name", "drop", required=True, help="The drop's name, as sources will see it.")
@click.option("--admin-key", "public_keys", type=FILE, multiple=True, help="An administrator's .pub file; once for each.")
@click.option("--admins", type=click.IntRange(1, root.MAX_ADMINS), help="Make this many keys here, one folder each.")
@click.option("--threshold", type=click.IntRange(1, root.MAX_ADMINS), required=True, help="How many of them must agree.")
@click.option("--box-size", default=2**20, show_default=True, help="Bytes of a box: a power of two, 262144 to 16777216.")
@click.option("--slots", default=4, show_default=True, help="Most recipients at one time, 1 to 16.")
@click.option("--retention", default=28, show_default=True, help="Days that the server keeps a week's boxes.")
@click.option("--days", default=365, show_default=True, help="Days until the root must be renewed.")
def init(
    directory: Path,
    drop: str,
    public_keys: tuple[Path, ...],
    admins: int | None,
    threshold: int,
    box_size: int,
    slots: int,
    retention: int,
    days: int,
) -> None:
    """Make a drop: DIR/root.note, to be signed by all of its administrators."""
    folder = AdminFolder(directory)
    if (directory / ROOT).exists():
        raise Refused(f"{directory} holds a drop already; it was left as it is.")
    if bool(public_keys) == bool(admins):
        raise click.UsageError("Give either --admin-key, once for each administrator, or --admins.")
    publics = [NoteKey.parse(files.read(path, 4096).decode("utf-8", "replace")) for path in public_keys]
    seeds = {f"admin-{i + 1}": os.urandom(32) for i in range(admins or 0)}
    publics += [Signer(name, seed).public for name, seed in seeds.items()]
    now = clock.now()
    value = {
        "type": root.TYPE,
        "drop": drop,
        "version": 1,
        "threshold": threshold,
        "admins": [{"key": key.key.hex(), "name": key.name} for key in sorted(publics, key=lambda key: key.name)],
        "issued": now,
        "expires": now + days * DAY,
        "retention_days": retention,
        # One week back, so that a source whose clock is a day behind has boxes too.
        "boxes": [{"from_epoch": epoch_of(now) - 1, "size": box_size, "slots": slots}],
    }
    unsigned = new_note(value, [])
    root.read_root(unsigned)
    here = [name.stem for name in directory.glob("*.key") if name.stem in {key.name for key in publics}]
    secret = passphrase.ask("the administrators' keys", new=True) if seeds else None
    secret = passphrase.ask("the keys in this folder") if here and secret is None else secret
    signers = [Signer(name, seed) for name, seed in seeds.items()]
    signers += [folder.signer(name, secret) for name in here if secret is not None]
    if not signers:
        raise Refused(
            "None of these administrators' secret keys is in this folder, so nobody could sign; run `keys admin` first."
        )
    signed = new_note(value, signers)
    for name, seed in seeds.items():
        new_admin(directory / name, name, secret or b"", seed)
    files.write_whole(directory / ROOT, signed.data, mode=0o644, replace=False)
    _tell_root(directory / ROOT, len(publics) - len(signers))


def _tell_root(path: Path, missing: int) -> None:
    if missing:
        click.echo(f"Wrote {path}; {missing} more must sign it: knothole keys cosign DIR {path.name} --admin NAME")
        return
    drop_id = root.read_chain(files.read(path, note.MAX_BYTES)).drop_id
    click.echo(f"Wrote {path}, signed by all administrators. The drop's fingerprint, to be printed wherever you can:")
    click.echo(root.fingerprint(drop_id))


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
    known = folder.rosters()
    files.write_whole(output, made.note.data, mode=0o644)
    folder.keep(made)
    for line in _in_words(folder, made, known[-1] if known else None):
        click.echo(line)


@keys.command()
@click.argument("directory", metavar="DIR", type=PATH)
@click.argument("file", metavar="NOTE", type=FILE)
@click.option("--admin", "name", help="Whose key signs; needed only when there are several.")
@click.option("-o", "output", type=FILE, help="Where to write it; the same file otherwise.")
def cosign(directory: Path, file: Path, name: str | None, output: Path | None) -> None:
    """Look at a roster or a first root, then add a signature to it."""
    folder = AdminFolder(directory)
    data = files.read(file, note.MAX_BYTES)
    path = folder.key_file(name)
    if note.parse(data).value.get("type") == root.TYPE:
        _cosign_root(folder, data, path, output or file)
        return
    chain, known = folder.chain, folder.rosters()
    before = [one for one in known if one.version < _version(data)]
    _confirm(_in_words(folder, _parsed(folder, data), before[-1] if before else None))
    made = folder.cosign_roster(data, folder.signer(path.stem, passphrase.ask(f"the key of {path.stem}")))
    files.write_whole(output or file, made.note.data, mode=0o644)
    folder.keep(made)
    count = len({key.key for key in note.signers(made.note, chain.current.admins)})
    click.echo(f"Signed by {count} of the {chain.current.threshold} administrators that it needs.")


def _in_words(folder: AdminFolder, made: describe.Roster, before: describe.Roster | None) -> list[str]:
    lines = describe.roster(made, before, folder.chain, folder.recipients())
    return lines + [f"Note: {line}" for line in missing_weeks(made, clock.now())]


def _cosign_root(folder: AdminFolder, data: bytes, key: Path, output: Path) -> None:
    _confirm(describe.roots(root.split(data)))
    parsed = note.parse(data)
    newest = root.read_root(parsed)
    signed_by = {one.name for one in note.signers(parsed, newest.admins)}
    if len(signed_by) < len(newest.admins) or key.stem not in signed_by:
        parsed = cosign_root(data, folder.signer(key.stem, passphrase.ask(f"the key of {key.stem}")))
        files.write_whole(output, parsed.data, mode=0o644)
    # With all signatures there is nothing to add; the folder only takes the finished root in.
    own = folder.path / ROOT
    kept = root.split(files.read(own, note.MAX_BYTES)) if own.exists() else []
    # A copy with fewer signatures must not take the place of the finished root, nor one first root that of a chain.
    if not kept or (
        len(kept) == 1
        and kept[0].note.hash == parsed.hash
        and len(note.signers(kept[0].note, newest.admins)) <= len(note.signers(parsed, newest.admins))
    ):
        files.write_whole(own, parsed.data, mode=0o644)
    _tell_root(output, len(newest.admins) - len(note.signers(parsed, newest.admins)))


def _version(data: bytes) -> int:
    return fields.integer(note.parse(data).value.get("version"), 1, 2**53, Refused, "The note's version")


def _parsed(folder: AdminFolder, data: bytes) -> "describe.Roster":
    made = describe.parse_roster(note.parse(data), folder.chain)
    check_time(made, clock.now())
    return made


def _confirm(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
    if sys.stdin.isatty():
        click.confirm("Sign this?", abort=True)


@keys.command()
@click.argument("file", metavar="NOTE", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(file: Path, as_json: bool) -> None:
    """Show what a root, roster or enrolment says and who signed it; trusts nothing."""
    for line in describe.anything(files.read(file, note.MAX_BYTES), as_json=as_json):
        click.echo(line)


@keys.command()
@click.argument("file", metavar="ROOT", type=FILE)
def fingerprint(file: Path) -> None:
    """Print the drop's fingerprint, to be compared and published."""
    chain = root.read_chain(files.read(file, note.MAX_BYTES))
    click.echo(root.fingerprint(chain.drop_id))
