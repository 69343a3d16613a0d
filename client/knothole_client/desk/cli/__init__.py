"""`knothole desk`: the commands of a journalist's offline machine."""

import click

from knothole_client.desk.cli import answers, backups, inbox, locking, secrets


@click.group()
def desk() -> None:
    """Open and keep what sources sent, on a machine that is never online."""


for command in (*secrets.COMMANDS, *locking.COMMANDS, *backups.COMMANDS, *inbox.COMMANDS, *answers.COMMANDS):
    desk.add_command(command)
