"""`knothole demo`: a whole drop on this machine, with keys that are thrown away."""

import contextlib
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click

from knothole_client.demo.commands import Commands
from knothole_client.demo.stage import Stage
from knothole_keys import files
from knothole_keys.cli.passphrase import VARIABLE

_EVERY = 5.0


@click.command()
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path, file_okay=False), help="Keep everything in this new or empty folder."
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The server's port; a free one otherwise.")
@click.option(
    "--desk-port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The review desk's port; a free one otherwise.",
)
def demo(directory: Path | None, port: int, desk_port: int) -> None:
    """Try everything on this machine, with throwaway keys.

    A sample message and photo go the whole way first: sealed by a source, kept by a blind server, fetched by a courier,
    opened by a desk. Then the source's page is yours to send from and the review desk yours to read at, until Ctrl-C. Without a
    terminal it ends after the sample.
    """
    with _until_signalled(), _folder(directory) as folder:
        passphrase = folder / "passphrase"
        files.write_whole(passphrase, f"{secrets.token_hex(16)}\n".encode())
        commands = Commands(passphrase)
        stage = Stage(folder, commands, click.echo)
        click.echo("Knothole, all of it on this machine. Every line below is a real command at work.\n")
        fingerprint = stage.make_drop()
        stage.make_server()
        with commands.serving("server", "run", folder / "server", "--host", "127.0.0.1", "--port", str(port)) as url:
            stage.serving(url)
            photo = stage.send(url, fingerprint)
            carried = stage.carry(url)
            stage.read(photo)
            stage.answer(url, fingerprint)
            click.echo("\nAll went the whole way and back, and came out bit for bit as it went in.")
            if sys.stdin.isatty():
                desk = ("desk", "serve", folder / "vault", "--no-open", "--port", str(desk_port))
                with commands.serving(*desk) as link:
                    _invite(folder, url, fingerprint, link)
                    with contextlib.suppress(KeyboardInterrupt):
                        _watch(stage, url, carried)


def _invite(folder: Path, url: str, fingerprint: str, link: str) -> None:
    click.echo(f"\nNow send something yourself. The source's page:  {url}")
    click.echo(f"Or from another terminal:  knothole source send {url} --root {fingerprint} -m 'hello' photo.jpg")
    click.echo(f"The review desk, where a journalist reads it:  {link}")
    click.echo(
        f"That link lets one browser in, once. After five idle minutes it locks; the passphrase is in {folder}/passphrase."
    )
    click.echo(f"The desk as a command line:  {VARIABLE}={folder}/passphrase knothole desk list {folder}/vault")
    click.echo(f"Every {_EVERY:.0f} seconds the courier fetches, and what came is opened and shown here. Ctrl-C ends it.\n")


def _watch(stage: Stage, url: str, known: int) -> None:
    while True:
        time.sleep(_EVERY)
        count = stage.fetch(url)
        # The desk is asked only when there is something new: unlocking its vault is meant to cost time.
        if count == known:
            continue
        known = count
        for submission in stage.open():
            click.echo(f"{time.strftime('%H:%M:%S')}  A submission arrived and was opened:")
            stage.show(submission)


@contextlib.contextmanager
def _folder(directory: Path | None) -> Iterator[Path]:
    if directory is not None:
        files.make_directory(directory)
        yield directory.resolve()
        return
    made = Path(tempfile.mkdtemp(prefix="knothole-demo-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        left = f"Remove {made} yourself: it holds the throwaway keys." if made.exists() else "The throwaway keys are gone."
        click.echo(left)


@contextlib.contextmanager
def _until_signalled() -> Iterator[None]:
    # A closed terminal or a plain `kill` must stop the server and remove the keys, too, and a second Ctrl-C must not
    # interrupt that.
    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
