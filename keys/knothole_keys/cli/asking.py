"""What the commands of administrators share: how paths are named, and the question before a signature."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

PATH = click.Path(path_type=Path)
FILE = click.Path(path_type=Path, dir_okay=False)


def confirm(lines: Iterable[str], question: str) -> None:
    """Show what is about to be signed; at a terminal, ask, and stop unless the answer is yes."""
    for line in lines:
        click.echo(line)
    if sys.stdin.isatty():
        click.confirm(question, abort=True)
