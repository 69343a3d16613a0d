"""`knothole desk`: the commands of a journalist's offline machine."""

import click

from knothole_client.desk.cli import (
    answers,
    backups,
    copies,
    custody,
    exports,
    inbox,
    listing,
    locking,
    looks,
    machine,
    marks,
    search,
    secrets,
    serving,
    shred,
    templates,
)

_ROOMS = (
    secrets,
    locking,
    backups,
    inbox,
    listing,
    search,
    marks,
    looks,
    copies,
    exports,
    shred,
    answers,
    templates,
    custody,
    serving,
    machine,
)


@click.group()
def desk() -> None:
    """Open and keep what sources sent, on a machine that is never online."""


for room in _ROOMS:
    for command in room.COMMANDS:
        desk.add_command(command)
