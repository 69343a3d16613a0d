"""The codename: made and kept for the source, or read again when she returns."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from knothole_client.source import seen
from knothole_client.source.reading import look
from knothole_keys import codename, files
from knothole_keys.errors import BadCodename, Refused

# A file of eight words, with room for a person's white space.
_MOST = 1024


@dataclass(frozen=True, repr=False)
class Codename:
    """Eight words; `existed` when parts may have been sent under them before."""

    words: str
    existed: bool


def keep_out(paths: Sequence[Path], kept: Path | None) -> None:
    """Refuse to send a codename: `kept`, where it is or will be, or any file that holds one. Raises Refused.

    `*` names the codename's file, too, when a sending is begun again. Files that cannot be sent at all are refused as well.
    """
    for path in paths:
        if kept and _same(path, kept):
            raise Refused(
                f"{path} is the file of the codename, which the newsroom must not have: leave it out, or keep it elsewhere."
            )
        if kept and _same(path, seen.beside(kept)):
            raise Refused(f"{path} is Knothole's own list of the answers that were read, and no file to send: leave it out.")
        if look(path) <= _MOST and _holds_one(path):
            raise Refused(f"{path} holds a codename, which the newsroom must not have: leave it out.")


def _same(one: Path, other: Path) -> bool:
    try:
        if one.samefile(other):
            return True
    except OSError:
        # One of them is not there yet.
        pass
    return Path(os.path.realpath(one)) == Path(os.path.realpath(other))


def _holds_one(path: Path) -> bool:
    try:
        codename.parse(files.read(path, _MOST).decode("utf-8"))
    except (UnicodeDecodeError, BadCodename):
        return False
    return True


def from_file(path: Path) -> Codename:
    """The codename that a file holds, or a new one written to it (0600) before it is used. Raises Refused, BadCodename."""
    if path.exists():
        text = files.read(path, _MOST)
        try:
            return Codename(codename.parse(text.decode("utf-8")), existed=True)
        except UnicodeDecodeError:
            raise Refused(f"{path} does not hold a codename: those are eight words.") from None
    words = codename.generate()
    # Before there is a new one: what another codename read must not be said by this one.
    seen.forget(path)
    files.write_whole(path, f"{words}\n".encode(), replace=False)
    click.echo(f"Your new codename is in {path}. It is the only way to go on, and to read replies: keep it safe.", err=True)
    return Codename(words, existed=False)


def returning(path: Path | None) -> Codename:
    """The codename of a source who returns, from this file, or asked for. Raises Refused, BadCodename."""
    if path is None:
        return asked()
    if not path.exists():
        raise Refused(f"{path} is not there: name the file of the codename with which you sent.")
    return from_file(path)


def somebody_there() -> None:
    """Refuse when nobody could be asked: before a message or a file is read. Raises Refused."""
    if sys.stdin.isatty():
        return
    try:
        # Where getpass asks, too, so that a message may come on standard input.
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        raise Refused("There is nobody to ask for the codename; name a file that holds it with --codename-file.") from None


def asked() -> Codename:
    """The codename of a source who returns, typed at the terminal and not shown. Raises Refused, BadCodename."""
    somebody_there()
    return Codename(codename.parse(click.prompt("Your codename", hide_input=True, err=True)), existed=True)


def fresh() -> Codename:
    """A new codename, shown on stdout; on a terminal the source is asked whether she has it before anything is sent."""
    words = codename.generate()
    click.echo("Your codename. It is shown once, nobody else has it, and it is the only way to read replies:", err=True)
    click.echo(words)
    if sys.stdin.isatty():
        click.confirm("Have you written it down", abort=True, err=True)
    return Codename(words, existed=False)
