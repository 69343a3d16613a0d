"""The codename: made and kept for the source, or read again when she returns."""

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from knothole_keys import codename, files
from knothole_keys.errors import Refused


@dataclass(frozen=True, repr=False)
class Codename:
    """Eight words; `existed` when parts may have been sent under them before."""

    words: str
    existed: bool


def from_file(path: Path) -> Codename:
    """The codename that a file holds, or a new one written to it (0600) before it is used. Raises Refused, BadCodename."""
    if path.exists():
        text = files.read(path, 1024)
        try:
            return Codename(codename.parse(text.decode("utf-8")), existed=True)
        except UnicodeDecodeError:
            raise Refused(f"{path} does not hold a codename: those are eight words.") from None
    words = codename.generate()
    files.write_whole(path, f"{words}\n".encode(), replace=False)
    click.echo(f"Your new codename is in {path}. It is the only way to go on, and to read replies: keep it safe.", err=True)
    return Codename(words, existed=False)


def asked() -> Codename:
    """The codename of a source who returns, typed and not shown. Raises Refused, BadCodename."""
    if not sys.stdin.isatty():
        raise Refused("There is nobody to ask for the codename; name a file that holds it with --codename-file.")
    return Codename(codename.parse(click.prompt("Your codename", hide_input=True, err=True)), existed=True)


def fresh() -> Codename:
    """A new codename, shown on stdout; on a terminal the source is asked whether she has it before anything is sent."""
    words = codename.generate()
    click.echo("Your codename. It is shown once, nobody else has it, and it is the only way to read replies:", err=True)
    click.echo(words)
    if sys.stdin.isatty():
        click.confirm("Have you written it down", abort=True, err=True)
    return Codename(words, existed=False)
