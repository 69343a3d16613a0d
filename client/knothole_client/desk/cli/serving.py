"""`knothole desk serve`: the review desk. The only place where the desk knows of it, and only when it is asked for."""

from pathlib import Path

import click

from knothole_client.desk.cli import common
from knothole_client.desk.cli.common import VAULT
from knothole_client.desk.forgetting import forget


@click.command()
@VAULT
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="A port of this machine's loopback; a free one otherwise."
)
@click.option(
    "--open/--no-open", "open_browser", default=True, help="Open a browser whose profile lies in memory, or only show the link."
)
def serve(path: Path, port: int, open_browser: bool) -> None:
    """Open the review desk: the vault as pages, in a browser on this machine.

    It listens on 127.0.0.1 alone, lets in the one browser that has the link, runs no scripts, and locks after five minutes
    without you.
    """
    held = common.holding(path)
    # Only here: no other command waits for what serves pages.
    from knothole_client.review.room import Room
    from knothole_client.review.serving import serve as serve_room

    room = Room(path, click.get_current_context().meta.get(common.KEY_FILE))
    room.open(held)
    forget(held.passphrase, held.key_file)
    serve_room(room, port, click.echo, open_browser=open_browser)


COMMANDS = (serve,)
