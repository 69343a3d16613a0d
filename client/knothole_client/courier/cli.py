"""`knothole courier`: the commands of the newsroom's online machine."""

from pathlib import Path

import click

from knothole_client.audit.cli import audit, cover
from knothole_client.courier import posted
from knothole_client.courier.fetch import fetch as bring
from knothole_client.courier.post import cover_slots, post_next, read_slots
from knothole_client.courier.post import post as put_on_board
from knothole_client.courier.publish import publish as hand_over
from knothole_client.courier.token import near_end, read_token
from knothole_client.http import Connection
from knothole_client.terminal import counted
from knothole_client.trust import View, get_chain, get_roster
from knothole_keys import clock, running_out
from knothole_keys.board import SLOT
from knothole_keys.errors import KnotholeError, Refused

FILE = click.Path(path_type=Path, dir_okay=False)
TOKEN = click.option(
    "--token-file", type=FILE, required=True, help="The file that holds the token of `knothole server courier-token`."
)
PROXY = click.option("--proxy", help="Go through this proxy; Tor's is socks5h://127.0.0.1:9050.")


@click.group()
def courier() -> None:
    """Carry boxes and rosters between the server and the desks."""


courier.add_command(audit)
courier.add_command(cover)


@courier.command()
@click.argument("url")
@TOKEN
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to bring up to date.")
@click.option("--root", metavar="FINGERPRINT", help="The drop's printed fingerprint; needed at most the first time.")
@PROXY
def fetch(url: str, token_file: Path, out: Path, root: str | None, proxy: str | None) -> None:
    """Fetch all boxes that OUT does not have yet. Nothing is ever deleted, here or on the server."""
    with Connection(url, proxy=proxy, token=_token(token_file)) as connection:
        result = bring(connection, out, root=root, now=clock.now(), tell=_say)
    for line in [*result.changed[:20], *result.wrong[:20]]:
        _say(line)
    click.echo(f"{counted(len(result.fetched), 'box', 'boxes')} fetched into {out}, {result.listed} listed by the server.")
    if result.changed:
        raise Refused(
            f"The server now lists another box than it did under {counted(len(result.changed), 'id')}; nothing that was here "
            f"is lost. Carry all of {out} to the desk, which tries both, and ask the server's operator who changed them."
        )
    if result.missing:
        raise Refused(
            f"{counted(result.missing, 'box', 'boxes')} could not be had, the others are here. Fetch again; if it stays so, "
            "have the server's operator run `knothole server doctor`."
        )
    if result.wrong:
        raise Refused(
            f"{counted(len(result.wrong), 'list')} of a week's boxes could not be read. Fetch again; if it stays so, "
            "have the server's operator run `knothole server doctor`."
        )


@courier.command()
@click.argument("url")
@TOKEN
@click.argument("slotfile", type=FILE, required=False)
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Post the oldest file in this folder and move it into posted/ there; random slots when none waits.",
)
@PROXY
def post(url: str, token_file: Path, slotfile: Path | None, folder: Path | None, proxy: str | None) -> None:
    """Put the reply slots of SLOTFILE on the board.

    Without a file, random ones, so that a day without replies looks the same. Post once a day, and once only. With --from, what
    was posted is noted beside the token's file, too, in FILE.posted.
    """
    if slotfile and folder:
        raise click.UsageError("Give either SLOTFILE or --from.")
    slots = read_slots(slotfile) if slotfile else cover_slots()
    trouble = None
    with Connection(url, proxy=proxy, token=_token(token_file)) as connection:
        if folder:
            count, trouble = post_next(connection, folder, posted.beside(token_file), _say)
        else:
            count = len(slots) // SLOT
            put_on_board(connection, slots)
        click.echo(f"{counted(count, 'slot is', 'slots are')} on the board.")
        # The slots are posted: that the lists cannot be looked at is another matter, and no failure of this.
        try:
            chain = get_chain(connection, drop_id=None, now=None)
            _warn(View(chain, get_roster(connection, chain, now=None)))
        except KnotholeError as error:
            _say(f"Warning: {error}")
    if trouble:
        raise Refused(trouble)


@courier.command()
@click.argument("url")
@TOKEN
@click.argument("roster", metavar="ROSTER", type=FILE)
@click.option("--roots", type=FILE, help="The chain of roots, when it has grown; the server's own otherwise.")
@PROXY
def publish(url: str, token_file: Path, roster: Path, roots: Path | None, proxy: str | None) -> None:
    """Publish a signed ROSTER, after every check that sources will make of it."""
    with Connection(url, proxy=proxy, token=_token(token_file)) as connection:
        view = hand_over(connection, roster, roots, clock.now())
    click.echo(f"Roster {view.roster.version} is published; it expires on {clock.day_of(view.roster.expires)}.")
    _warn(view)


def _token(path: Path) -> str:
    # Said before anything is asked with it: a token that has ended is refused, and this says why.
    token = read_token(path)
    for line in near_end(token, clock.now()):
        _say(line)
    return token


def _warn(view: View) -> None:
    for line in running_out.lines(view.chain, view.roster, clock.now()):
        _say(line)


def _say(line: str) -> None:
    click.echo(line, err=True)
