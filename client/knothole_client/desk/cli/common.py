"""What every `knothole desk` command shares: opening the vault, printing."""

import io
import json
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from knothole_client.desk import drop, enrolling, hardening, keyfile
from knothole_client.desk import vault as vaults
from knothole_client.desk.boxes import Boxes
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.keyring import Keyring
from knothole_client.desk.locks import Holding
from knothole_client.desk.vault import Vault
from knothole_client.terminal import counted
from knothole_keys import clock, running_out
from knothole_keys.cli import passphrase
from knothole_keys.errors import Refused
from knothole_keys.running_out import Own, Warned

Command = TypeVar("Command", bound=Callable[..., Any])
KEY_FILE = "KNOTHOLE_KEY_FILE"
FILE = click.Path(path_type=Path, dir_okay=False)
# A vault that is not opened by its passphrase here: it is made, or the command has its own word about the key file.
BARE_VAULT = click.argument("path", metavar="VAULT", type=click.Path(path_type=Path))
FOLDER = click.Path(path_type=Path, file_okay=False)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def VAULT(command: Command) -> Command:  # noqa: N802 - stands among the other parts of a command
    """The vault that a command opens, and where its key file is, if it has one."""
    option = click.option(
        "--key-file",
        type=FILE,
        envvar=KEY_FILE,
        show_envvar=True,
        expose_value=False,
        callback=lambda context, _, value: context.meta.update({KEY_FILE: value}),
        help="The vault's key file, on its stick.",
    )
    return BARE_VAULT(option(command))


@dataclass(frozen=True, repr=False)
class Unlocked:
    """An open vault and what opened it: the weekly secrets need it again."""

    vault: Vault
    holding: Holding

    def keyring(self) -> Keyring:
        """Unlock the weekly secrets."""
        return self.vault.keyring(self.holding)


@contextmanager
def unlocked(path: Path, *, change: bool = False) -> Iterator[Unlocked]:
    """Ask for the passphrase once and open the vault; with `change`, hold it against other commands."""
    held = holding(path)
    with vaults.opened(path, held, change=change) as vault:
        if vault.cut_short:
            again = f"knothole desk re-key {shlex.quote(str(path))}"
            click.echo(
                "Warning: a change of keys was cut short, and what it took away still opens the weekly secrets; finish it "
                f"with `{again}`.",
                err=True,
            )
        yield Unlocked(vault, held)


def inbox_of(vault: Vault) -> Inbox:
    """Everything that has come to an open vault. Raises Refused before the first enrolment."""
    return Inbox(vault.records, Boxes(vault.boxes, drop.needed(vault.records).chain))


def holding(path: Path) -> Holding:
    """Take the key file that the command names, if the vault has a use for it, and ask for the passphrase. Raises Refused."""
    return holding_for(vaults.slot_kinds(path), click.get_current_context().meta.get(KEY_FILE))


def holding_for(kinds: set[str], file: Path | None) -> Holding:
    """What opens a vault or a backup with these kinds of key slots, `file` being the key file or None. Raises Refused."""
    _never_stumble()
    hardening.harden()
    missing = (
        f"This opens only with its key file as well: put the stick in, and name the file with --key-file or in {KEY_FILE}."
    )
    key = keyfile.for_slots(kinds, file, missing)
    return Holding(passphrase.ask("the vault"), key)


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


def tell(sentence: str) -> None:
    """Say on stderr what went less well than it should, if anything."""
    if sentence:
        click.echo(f"Warning: {sentence}", err=True)


def tell_damaged(count: int) -> None:
    """Refuse, after everything else has been done and shown, when records of the vault had to be left out."""
    if count:
        raise Refused(
            f"{counted(count, 'record')} of the vault could not be read, and what it says was left out: the vault is damaged, "
            "so use a copy of it, and look for why this disk fails."
        )


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
