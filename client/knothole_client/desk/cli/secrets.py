"""Commands about the desk's keys: the vault, enrolment, the roster, destroying weekly secrets."""

import sys
from pathlib import Path
from typing import Any

import click

from knothole_client.desk import drop, enrolling, expiry, hardening
from knothole_client.desk import vault as vaults
from knothole_client.desk.cli.common import BARE_VAULT, FILE, JSON, VAULT, Unlocked, show, unlocked, warnings
from knothole_client.desk.keyring import Keyring
from knothole_client.desk.locks import Holding
from knothole_client.terminal import counted
from knothole_keys import clock, files, note
from knothole_keys.cli import passphrase
from knothole_keys.epoch import days
from knothole_keys.errors import Refused
from knothole_keys.root import fingerprint


@click.command()
@BARE_VAULT
@click.option("--name", required=True, help="Your name, as sources will see it.")
def init(path: Path, name: str) -> None:
    """Make a vault in the new folder VAULT."""
    vaults.check_name(name)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise Refused(f"{path} exists and is not an empty folder; choose another one.")
    hardening.harden()
    vaults.create(path, name, Holding(passphrase.ask("the vault", new=True)))
    click.echo(f"Made the vault {path}. A forgotten passphrase cannot be recovered: keep it where only you find it.")


@click.command()
@VAULT
@click.option("--root", type=FILE, help="The drop's root.note; needed the first time.")
@click.option("--weeks", type=click.IntRange(1, 52), default=8, show_default=True, help="For how many weeks to make keys.")
@click.option("--note", "text", help="A line about you that sources see, at most 500 bytes.")
@click.option("-o", "output", type=FILE, required=True, help="Where to write the enrolment.")
@JSON
def enrol(path: Path, root: Path | None, weeks: int, text: str | None, output: Path, as_json: bool) -> None:
    """Write your public keys for an administrator.

    Running it again adds weeks and never changes a key.
    """
    roots = files.read(root, note.MAX_BYTES) if root else None
    with unlocked(path, change=True) as desk:
        now = clock.now()
        made = enrolling.enrol(desk.vault, desk.keyring(), roots=roots, weeks=weeks, note=text, now=now)
        warned = warnings(desk, path)
    files.write_whole(output, made.data, mode=0o644)
    epochs = sorted(made.recipient.epochs)
    print_of = fingerprint(made.known.drop_id)
    value: dict[str, Any] = {"id": made.recipient.id, "fingerprint": print_of, "epochs": epochs, "left_out": made.lost}
    value["date"] = clock.day_of(now)
    value["warnings"] = [one.value() for one in warned]
    lines = [
        f"Wrote {output} with keys from {days(epochs[0])[:10]} to {days(epochs[-1])[-10:]}.",
        # No network tells a desk that its clock is ahead, and keys of a new vault would begin late.
        f"The first week is {days(epochs[0])}; this machine's date is {clock.day_of(now)}. If that date is wrong, set "
        "the clock (UTC) and enrol again.",
        f"This desk's id is {made.recipient.id}: read it to the administrator by telephone or in person.",
        f"The drop's fingerprint is {print_of}",
        "Compare it with the printed one: this vault belongs to that drop from now on.",
    ]
    lines += [
        f"Left out: {days(epoch)}. Its secret was destroyed or is not in this restored vault, and a key is never replaced."
        for epoch in made.lost
    ]
    show(value, lines, as_json=as_json)


@click.command()
@VAULT
@click.argument("file", metavar="ROSTER", type=FILE)
@click.option("--roots", type=FILE, help="The chain of roots, when it has grown; a file `roots` beside ROSTER otherwise.")
def roster(path: Path, file: Path, roots: Path | None) -> None:
    """Take in a newer ROSTER. `import` does the same with the one that the courier brings."""
    data, now = files.read(file, note.MAX_BYTES), clock.now()
    beside = roots or file.with_name("roots")
    chain = files.read(beside, note.MAX_BYTES) if roots or beside.is_file() else None
    with unlocked(path, change=True) as desk:
        known, remarks = drop.needed(desk.vault.records), list[str]()
        if chain is not None:
            known, remarks = drop.meet_roots(known, chain, now)
        known, more = drop.meet_roster(known, data, now)
        with desk.vault.records.transaction():
            drop.save(desk.vault.records, known)
        warnings(desk, path)
    for line in [*remarks, *more]:
        click.echo(f"Note: {line}", err=True)
    if known.roster:
        click.echo(f"The newest roster here is number {known.roster.version}, issued on {clock.day_of(known.roster.issued)}.")
        for one in known.roster.recipients:
            click.echo(f"  {one.id}  {one.name}")


@click.command("destroy-expired")
@VAULT
@click.option("--epoch", "named", type=int, multiple=True, help="Destroy this week's secret now, whether expired or not.")
@click.option("--yes", is_flag=True, help="Do not ask, with --epoch.")
@JSON
def destroy_expired(path: Path, named: tuple[int, ...], yes: bool, as_json: bool) -> None:
    """Destroy the secrets of weeks that are over.

    What was imported stays readable; what was not, nobody can make you open any more. A week is over when this machine's
    clock and the date signed into the newest roster are both past it, the server's retention and a fortnight.
    """
    with unlocked(path, change=True) as desk:
        known, keyring = drop.needed(desk.vault.records), desk.keyring()
        verdicts = expiry.judge(keyring.epochs, known, clock.now())
        if named:
            doomed = sorted(set(named))
            _confirm(desk, keyring, doomed, yes=yes)
        else:
            doomed = [verdict.epoch for verdict in verdicts if verdict.expired]
        if doomed:
            keyring.destroy(doomed)
    kept = [(verdict.epoch, verdict.why or "destroy-expired without --epoch takes it") for verdict in verdicts]
    kept = [(epoch, why) for epoch, why in kept if epoch not in doomed]
    value: dict[str, Any] = {"destroyed": doomed, "kept": [{"epoch": epoch, "why": why} for epoch, why in kept]}
    lines = [f"Destroyed the secret of epoch {epoch} ({days(epoch)})." for epoch in doomed]
    lines = lines or ["No secret was destroyed."]
    lines += [f"Kept that of epoch {epoch} ({days(epoch)}): {why}." for epoch, why in kept]
    show(value, lines, as_json=as_json)


def _confirm(desk: Unlocked, keyring: Keyring, doomed: list[int], *, yes: bool) -> None:
    missing = [str(epoch) for epoch in doomed if epoch not in keyring.epochs]
    if missing:
        raise Refused(f"There is no secret for epoch {', '.join(missing)} here; nothing was destroyed.")
    for epoch in doomed:
        imported = sum(1 for _ in (desk.vault.boxes / str(epoch)).glob("*.box"))
        click.echo(
            f"Epoch {epoch} ({days(epoch)}): boxes of this week that were not imported yet, or still come, will never open "
            f"on this desk. {counted(imported, 'imported box', 'imported boxes')} stay readable.",
            err=True,
        )
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("Nothing was destroyed; say --yes if that is what you want.")
    click.confirm("Destroy?", abort=True, err=True)


COMMANDS = (init, enrol, roster, destroy_expired)
