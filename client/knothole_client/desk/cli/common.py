"""What every `knothole desk` command shares: opening the vault, printing."""

import io
import json
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from knothole_client.desk import drop, enrolling
from knothole_client.desk import vault as vaults
from knothole_client.desk.keyring import Keyring
from knothole_client.desk.vault import Vault
from knothole_keys import clock, running_out
from knothole_keys.cli import passphrase
from knothole_keys.running_out import Own, Warned

VAULT = click.argument("path", metavar="VAULT", type=click.Path(path_type=Path))
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@dataclass(frozen=True, repr=False)
class Unlocked:
    """An open vault and the passphrase that opened it: the weekly secrets need it again."""

    vault: Vault
    passphrase: bytes

    def keyring(self) -> Keyring:
        """Unlock the weekly secrets."""
        return Keyring.open(self.vault.epochs, self.passphrase)


@contextmanager
def unlocked(path: Path, *, change: bool = False) -> Iterator[Unlocked]:
    """Ask for the passphrase once and open the vault; with `change`, hold it against other commands."""
    vaults.check_is_vault(path)
    _never_stumble()
    secret = passphrase.ask("the vault")
    with vaults.opened(path, secret, change=change) as vault:
        yield Unlocked(vault, secret)


def _never_stumble() -> None:
    # A terminal whose language settings lack a letter shows its number instead: one file's name must not end a command.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def warnings(desk: Unlocked, path: Path) -> list[Warned]:
    """What runs out soon, this desk's own keys first; told on stderr, and to be repeated in JSON."""
    known = drop.needed(desk.vault.records)
    name = enrolling.signer(desk.vault).public.name
    command = f"knothole desk enrol {shlex.quote(str(path))} -o {name}.enrolment"
    own = Own(name, enrolling.exported(desk.vault), command)
    found = running_out.warnings(known.chain, known.roster, clock.now(), own)
    for one in found:
        click.echo(f"Warning: {one.text}", err=True)
    return found


def show(value: Any, lines: list[str], *, as_json: bool) -> None:
    """Print data: as JSON, which shows every character beyond ASCII as an escape, or as lines."""
    if as_json:
        click.echo(json.dumps(value))
    else:
        for line in lines:
            click.echo(line)


def show_many(name: str, values: Iterable[Any], rest: dict[str, Any]) -> None:
    """Print one JSON object: a list that is never in memory as a whole under `name`, and then the `rest`."""
    click.echo(f"{{{json.dumps(name)}: [", nl=False)
    for number, value in enumerate(values):
        click.echo((", " if number else "") + json.dumps(value), nl=False)
    click.echo("], " + json.dumps(rest)[1:])
