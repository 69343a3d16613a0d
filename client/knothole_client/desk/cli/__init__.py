"""`knothole desk`: the commands of a journalist's offline machine."""

import click

from knothole_client.desk.cli import (
    answers,
    backups,
    custody,
    inbox,
    listing,
    locking,
    machine,
    marks,
    search,
    secrets,
    serving,
)


@click.group()
def desk() -> None:
    """Open and keep what sources sent, on a machine that is never online."""


for room in (secrets, locking, backups, inbox, listing, search, marks, answers, custody, serving, machine):
    for command in room.COMMANDS:
        desk.add_command(command)
