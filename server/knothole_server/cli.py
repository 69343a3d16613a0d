"""`knothole server`: make, run and look after a drop's server."""

import json
import sys
from pathlib import Path

import click

from knothole_keys import clock, files
from knothole_keys.errors import Refused
from knothole_keys.proof import MAX_DIFFICULTY
from knothole_keys.root import fingerprint, read_chain
from knothole_server import tokens
from knothole_server.config import ROSTER_BYTES, Config
from knothole_server.doctor import examine
from knothole_server.doctor import status as read_status
from knothole_server.page import render
from knothole_server.published import Published
from knothole_server.state import COURIER, PERMIT, State
from knothole_server.tokens import MAX_DAYS

_folder = click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def server() -> None:
    """Run the blind server: it keeps what sources seal, and can open none of it."""


@server.command()
@_folder
@click.option("--root", type=_file, required=True, help="The drop's roots, as `knothole keys init` wrote them.")
def init(directory: Path, root: Path) -> None:
    """Make the directory of a new drop."""
    published = Published(read_chain(files.read(root, ROSTER_BYTES), now=clock.now()), None)
    config = Config(directory)
    rendered = render(config.built, published.chain)
    files.make_directory(directory)
    State.create(config.state, published)
    for language, page in rendered.items():
        files.write_whole(config.page_in(language), page)
    files.sync_directory(directory)
    click.echo(f"Made the drop {published.chain.current.drop} in {directory}. Its fingerprint:")
    click.echo(fingerprint(published.chain.drop_id))


@server.command()
@_folder
@click.argument("roster", type=_file)
@click.option("--roots", type=_file, help="The newest chain of roots, when it has changed.")
def publish(directory: Path, roster: Path, roots: Path | None) -> None:
    """Put a signed roster into force; a running server switches to it within a second or two."""
    chain = None if roots is None else files.read(roots, ROSTER_BYTES)
    fresh = _state(directory).publish(files.read(roster, ROSTER_BYTES), chain, clock.now()).roster
    if fresh is not None:
        count, day = len(fresh.recipients), clock.day_of(fresh.expires)
        click.echo(f"Roster {fresh.version} is in force until {day}, with {count} recipient{'s' * (count != 1)}.")


@server.command()
@_folder
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--uds", type=click.Path(dir_okay=False, path_type=Path), help="A Unix socket instead, for Tor.")
def run(directory: Path, host: str, port: int, uds: Path | None) -> None:
    """Serve the drop until Ctrl-C or a signal. It writes no log."""
    # Only this command needs the web libraries; the others answer at once.
    from knothole_server.drop import Drop
    from knothole_server.serve import be_silent, bind_tcp, bind_unix, make_server

    be_silent()
    drop = Drop(Config(directory))
    try:
        listening = bind_tcp(host, port) if uds is None else bind_unix(uds)
    except BaseException:
        drop.close()
        raise
    # IPv6 addresses are written in brackets.
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listening.getsockname()[1]}" if uds is None else f"the socket {uds}"
    off = drop.published.sealing_off(clock.now())
    click.echo(f"Serving {drop.published.chain.current.drop} at {address} (Ctrl-C stops it).")
    if off is not None:
        click.echo(f"Sealing is off. {off}", err=True)
    try:
        make_server(drop).run(sockets=[listening])
    except KeyboardInterrupt:
        click.echo("Stopped.")
    finally:
        if uds is not None:
            uds.unlink(missing_ok=True)


@server.command("courier-token")
@_folder
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, MAX_DAYS), help="How long it is good for.")
@click.option("--list", "show", is_flag=True, help="Show the tokens in force instead: ids and days, never a token.")
@click.option("--revoke", "lost", metavar="ID", multiple=True, help="Make the token of this id void instead, at once.")
def courier_token(directory: Path, days: int, show: bool, lost: tuple[str, ...]) -> None:
    """Print a token for the newsroom's courier, and nothing else.

    Its first eight characters are its id. When one was lost, ask the couriers for the ids of those they still have, and
    revoke the one of --list that nobody has.
    """
    if show and lost:
        raise click.UsageError("Give either --list or --revoke.")
    state = _state(directory)
    if lost:
        tokens.revoke(state, lost)
        click.echo(f"Void from now on: {', '.join(lost)}.")
    elif show:
        found = tokens.listed(state)
        for line in [("ID", "MADE", "GOOD UNTIL"), *found] if found else []:
            click.echo("{:8}  {:10}  {}".format(*line))
        if not found:
            click.echo("No courier token is in force.")
    else:
        click.echo(tokens.make(state, days))


@server.command("rotate-secret")
@_folder
@click.option("--revoke-all", is_flag=True, help="Make every courier token void at once.")
@click.option("--yes", is_flag=True, help="Do not ask; without a terminal nobody is asked.")
def rotate_secret(directory: Path, revoke_all: bool, yes: bool) -> None:
    """Sign permits and courier tokens with fresh secrets; a running server takes them up by itself.

    Permits that sources hold stay good for their own twenty minutes. Tokens of the secret before stay good until the next
    rotation; a revoked one stays void. The ids of both kinds are printed.
    """
    state = _state(directory)
    before, keep = tokens.listed(state), 0 if revoke_all else 1
    if sys.stdin.isatty() and not yes:
        for line in tokens.at_stake(state, keep):
            click.echo(line)
        click.confirm("Make fresh secrets?", abort=True)
    state.rotate({PERMIT: 1, COURIER: keep})
    click.echo("All tokens are void; make new ones." if revoke_all else "Fresh secrets sign from now on.")
    for line in tokens.rotated(state, before):
        click.echo(line)


@server.command()
@_folder
@click.argument("bits", type=click.IntRange(0, MAX_DIFFICULTY))
def difficulty(directory: Path, bits: int) -> None:
    """Set how much work each box costs its sender: 0 in quiet times, about 20 in a flood."""
    _state(directory).set_difficulty(bits)
    click.echo(f"A box now takes about {2**bits:,} hashes.")


@server.command()
@_folder
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(directory: Path, as_json: bool) -> None:
    """Show what the drop has published and how many boxes it keeps."""
    found = read_status(Config(directory))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    click.echo(f"{found['drop']}  {found['fingerprint']}")
    click.echo(f"root {found['root']['version']}, expires {found['root']['expires']}")
    roster = found["roster"]
    click.echo(f"roster {roster['version']}, expires {roster['expires']}" if roster else "no roster published")
    click.echo("sealing is on" if found["sealing"] else f"sealing is off: {found['why']}")
    for warned in found["warnings"]:
        click.echo(f"Warning: {warned['text']}", err=True)
    click.echo(f"{found['slots']} slots on the board; difficulty {found['difficulty']}")
    for slab in found["epochs"]:
        counts = f"{slab['boxes']} boxes, {slab['damaged']} damaged" if slab["readable"] else "cannot be read"
        cut = "; ends within an extent, see `doctor`" if slab.get("surplus") else ""
        click.echo(f"epoch {slab['epoch']} ({slab['days']}): {counts}{cut}")


@server.command()
@_folder
def doctor(directory: Path) -> None:
    """Read every box and check it against its entry; exit 1 when anything is wrong."""
    _state(directory).close()
    wrong = 0
    for sentence in examine(Config(directory)):
        click.echo(sentence)
        wrong += 1
    if wrong:
        raise Refused(f"The doctor found {wrong} thing{'s' * (wrong != 1)} to see to.")
    click.echo("All is well: every box matches its entry.")


def _state(directory: Path) -> State:
    return State(Config(directory).state)
