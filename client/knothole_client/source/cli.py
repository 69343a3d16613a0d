"""`knothole source`: sending to a drop from a terminal."""

import json
import re
from contextlib import ExitStack
from pathlib import Path

import click

from knothole_client import message as messages
from knothole_client.http import Connection
from knothole_client.progress import Progress
from knothole_client.source import answers, seen, thread, words
from knothole_client.source.carrying import Carrier, last_day
from knothole_client.source.cleaning import cleaned
from knothole_client.source.reading import SourceFile, look, survey
from knothole_client.source.sending import Receipt, Sender
from knothole_client.source.submission import compose
from knothole_client.source.weeks import Week, choose
from knothole_client.terminal import counted
from knothole_client.trust import View, get_lists, get_view, read_view
from knothole_keys import clock
from knothole_keys.codename import thread_keys
from knothole_keys.errors import Refused
from knothole_keys.root import parse_fingerprint
from knothole_keys.stream import MAX_LETTER

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def source() -> None:
    """Send to a drop from the command line."""


@source.command()
@click.argument("url")
@click.option("--root", metavar="FINGERPRINT", required=True, help="The drop's fingerprint, as printed.")
@click.option("-m", "--message", help="The message; - reads it from standard input, where no list of processes shows it.")
@click.option("--language", default="", help="The language of the message, such as en, zh-Hans or pt-BR.")
@click.option("--codename-file", type=FILE, help="Read the codename from this file, or make one and keep it there.")
@click.option("--returning", is_flag=True, help="Ask for the codename of an earlier submission, at the terminal.")
@click.option("--to", multiple=True, metavar="ID", help="Seal to this recipient only; once for each. Everybody otherwise.")
@click.option("--clean", is_flag=True, help="Send copies that mat2 has cleaned; what it cannot clean is refused.")
@click.option("--out", type=FILE, metavar="F.boxes", help="Send nothing: seal into this file, for the form without scripts.")
@click.option("--split", metavar="SIZE", help="With --out: several files of at most this size, such as 512M.")
@click.option("--roots", type=FILE, help="With --out: the drop's roots, fetched before; with --roster, nothing goes online.")
@click.option("--roster", type=FILE, help="With --out: the drop's roster, fetched before.")
@click.option("--proxy", help="Go through this proxy; Tor's is socks5h://127.0.0.1:9050.")
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
def send(
    url: str,
    root: str,
    message: str | None,
    language: str,
    codename_file: Path | None,
    returning: bool,
    to: tuple[str, ...],
    clean: bool,
    out: Path | None,
    split: str | None,
    roots: Path | None,
    roster: Path | None,
    proxy: str | None,
    paths: tuple[Path, ...],
) -> None:
    """Seal a message and FILEs on this machine and leave them at the drop at URL.

    Interrupted, the same command with the same codename sends only what is missing. On another day, or under a new list of who
    reads, a new letter goes along. The files' names travel along, sealed; their dates and folders do not. A file that is
    cleaned again may come out another, and is sent in full then.

    With --out nothing is sent: everything is sealed into a file, which any browser brings to the drop by the form on its page.
    """
    if codename_file and returning:
        raise click.UsageError("Give either --codename-file or --returning.")
    if not re.fullmatch(r"[A-Za-z0-9-]{0,35}", language):
        raise Refused("This is not a language's code; write for example en, zh-Hans or pt-BR, or leave it out.")
    if bool(roots) != bool(roster) or (not out and (split or roots)):
        raise click.UsageError("--split, --roots and --roster go with --out, and the last two together.")
    drop_id = parse_fingerprint(root)
    carrier = Carrier(out, _size(split)) if out else None
    if returning:
        thread.somebody_there()
    thread.keep_out(paths, codename_file)
    text = messages.from_option(message or "", MAX_LETTER, "send it as a file")
    if not text and not paths:
        raise Refused("There is nothing to send: write a message with -m, or name a file.")
    with ExitStack() as stack:
        if clean:
            paths = stack.enter_context(cleaned(paths, lambda said: click.echo(said, err=True)))
        connection, now = stack.enter_context(Connection(url, proxy=proxy)), clock.now()
        if roots and roster:
            view = read_view(roots, roster, drop_id=drop_id, now=now)
        else:
            view = get_view(connection, drop_id=drop_id, now=now)
        week = choose(view, now, to)
        _show(view, week)
        if carrier:
            carrier.check(week.geometry.size)
        files = _survey(paths, week)
        codename = thread.from_file(codename_file) if codename_file else thread.asked() if returning else thread.fresh()
        keys = thread_keys(codename.words, drop_id)
        submission = compose(
            message=text,
            language=language,
            day=clock.today(),
            files=files,
            week=week,
            roster_hash=view.roster.hash,
            keys=keys,
            drop_id=drop_id,
            read=seen.load(codename_file, drop_id, keys.thread) if codename_file else (),
        )
        if carrier:
            with Progress("Sealing", submission.count, "boxes") as progress:
                made = carrier.write(submission, week, keys, drop_id, progress.add)
            _tell_made(made, url, week)
            return
        if submission.outside:
            click.echo("Reading again, to ask the server what it has already.", err=True)
        with Progress("Sending", submission.count, "boxes") as progress:
            sender = Sender(connection, view, keys, week, seen=now)
            receipt = sender.send(submission, returning=codename.existed, sent=progress.add)
    _tell(receipt)


def _size(text: str | None) -> int | None:
    """Bytes out of a number with K, M or G behind it. Raises Refused."""
    if text is None:
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,11})([KMG]?)", text)
    if found is None:
        raise Refused("--split wants a size, such as 512M or 2G.")
    unit: int = 1024 ** " KMG".index(found[2] or " ")
    return int(found[1]) * unit


@source.command()
@click.argument("url")
@click.option("--root", metavar="FINGERPRINT", required=True, help="The drop's fingerprint, as printed.")
@click.option("--codename-file", type=FILE, help="Read the codename from this file; it is asked for otherwise.")
@click.option("--proxy", help="Go through this proxy; Tor's is socks5h://127.0.0.1:9050.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replies(url: str, root: str, codename_file: Path | None, proxy: str | None, as_json: bool) -> None:
    """Read what the newsroom answered, and how far what you sent has come.

    All answers to everybody are fetched, always in the same way, and tried on this machine: the server cannot tell whether
    there was one for you. Answers that were shown are named in your next letter with the same --codename-file.
    """
    drop_id = parse_fingerprint(root)
    codename = thread.returning(codename_file)
    with Connection(url, proxy=proxy) as connection:
        now = clock.now()
        view = get_lists(connection, drop_id=drop_id, now=now)
        keys = thread_keys(codename.words, drop_id)
        found = answers.fetch(connection, view, keys)
    if now >= view.roster.expires:
        click.echo(f"Warning: {words.ran_out(view.roster, now)}", err=True)
    if as_json:
        click.echo(json.dumps(words.value(found)))
    else:
        for line in words.lines(found):
            click.echo(line)
    if codename_file:
        # Only now: what was not shown was not read.
        seen.add(codename_file, drop_id, keys.thread, [(card.sender, card.sequence) for card in found.replies])


def _show(view: View, week: Week) -> None:
    click.echo(f"The drop is {view.chain.current.drop}; its fingerprint is the one you gave. Who can read this:", err=True)
    for reader in week.readers:
        click.echo(f"  {reader.id}  {reader.name}{f' ({reader.note})' if reader.note else ''}", err=True)
    for other in view.roster.recipients:
        if week.epoch not in other.epochs:
            click.echo(f"  {other.name} does not receive this week.", err=True)


def _survey(paths: tuple[Path, ...], week: Week) -> list[SourceFile]:
    sizes = sum(look(path) for path in paths)
    with Progress("Reading", sizes, "bytes") as progress:
        return [survey(path, week.geometry.capacity, progress.add) for path in paths]


def _tell(receipt: Receipt) -> None:
    more = counted(receipt.already, "more was", "more were")
    there = f", and that {more} there already" if receipt.already else ""
    click.echo(f"The server says that it has stored {counted(receipt.stored, 'box', 'boxes')}{there}.", err=True)
    click.echo("The newsroom has it only when a journalist has fetched and opened it. Keep the codename.", err=True)


def _tell_made(made: list[Path], url: str, week: Week) -> None:
    for path in made:
        click.echo(f"Made {path} ({look(path)} bytes).", err=True)
    several = "each of these files, in this order," if len(made) > 1 else "this file"
    click.echo(
        f"Nothing was sent. Open {url} in a browser, scripts switched off, and send {several} by the form there, until "
        f"{last_day(week.epoch)} (UTC) at the latest; afterwards seal again with the same codename.",
        err=True,
    )
    click.echo(
        "The file's name reaches the server, so it must not say anything. Delete the file afterwards. Keep the codename: "
        "it is the way to send more and to read replies.",
        err=True,
    )
