"""`knothole courier audit` and `knothole courier cover`: what watches a drop from outside, and what sources hide among."""

import contextlib
import json
import threading
from pathlib import Path

import click

from knothole_client.audit.asking import PATIENCE, Report
from knothole_client.audit.browser import Browser
from knothole_client.audit.findings import EXITS, WELL
from knothole_client.audit.running import Audit
from knothole_client.audit.state import EVIDENCE, State, held
from knothole_client.courier.token import read_token
from knothole_client.http import Connection, Patience
from knothole_client.terminal import counted
from knothole_keys import __version__, clock, files, note, release
from knothole_keys.errors import KnotholeError
from knothole_keys.languages import SOURCE
from knothole_keys.root import parse_fingerprint, read_chain

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
ROOT = click.option("--root", required=True, help="The drop's printed fingerprint, or a file of its roots.")
PROXY = click.option("--proxy", help="Go through this proxy; Tor's is socks5h://127.0.0.1:9050.")


@click.command()
@click.argument("url")
@ROOT
@click.option("--state", type=FOLDER, required=True, help="This machine's own folder of what it has seen.")
@click.option("--token-file", type=FILE, help="A courier's token: compare cover boxes byte by byte, too, and the board.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@PROXY
def audit(url: str, root: str, state: Path, token_file: Path | None, as_json: bool, proxy: str | None) -> int:
    """Compare what the server at URL shows with the release that is installed here, and with what it showed before.

    Exit codes: 0 all well, 1 an alarm (or refused), 2 wrong usage, 3 warnings only, 4 the server, or a part
    of it, could not be reached.
    """
    drop_id = _drop_id(root)
    token = read_token(token_file) if token_file else None
    installed, now = release.installed(), clock.now()
    with held(state, "audit"):
        known = State.read(state, drop_id)
        with Browser(url, proxy=proxy, patience=_fresh(PATIENCE)) as browser:

            def second() -> Connection:
                return Connection(url, proxy=proxy, token=token, patience=_fresh(PATIENCE))

            running = Audit(browser, second, known, installed, now)
            try:
                report = running.run(drop_id, has_token=token is not None)
            finally:
                running.close()
    click.echo(json.dumps(_object(report), indent=2) if as_json else "\n".join(_lines(report, known)))
    return EXITS[report.result]


@click.command()
@click.argument("url")
@ROOT
@click.option("--per-day", type=click.IntRange(1, 1000), help="Boxes a day, on average.  [required without --once]")
@click.option("--state", type=FOLDER, help="The folder of `courier audit`, which then asks for these boxes again.")
@click.option("--once", is_flag=True, help="Upload one box now, and end.")
@PROXY
def cover(url: str, root: str, per_day: int | None, state: Path | None, once: bool, proxy: str | None) -> None:
    """Upload boxes that nobody can open, at random moments, until Ctrl-C.

    On the server they look like sources' boxes. STATE names which are cover: keep it where only the newsroom can read it.
    """
    if per_day is None and not once:
        raise click.UsageError("Give --per-day, how many boxes a day on average, or --once.")
    # What seals is loaded for this alone: an audit, and all else that couriers do, has no use for it.
    from knothole_client.audit.cover import keep_uploading, upload

    drop_id, installed = _drop_id(root), release.installed()

    def one() -> None:
        with Browser(url, proxy=proxy, patience=_fresh(PATIENCE)) as browser:
            upload(browser, drop_id, state, installed)

    with held(state, "cover") if state else contextlib.nullcontext():
        if per_day is None or once:
            one()
            click.echo("1 cover box is acknowledged.")
        else:
            keep_uploading(one, per_day, threading.Event().wait, lambda line: click.echo(line, err=True))


def _object(report: Report) -> dict[str, object]:
    """The report as `--json` prints it; members are added, never taken away or changed."""
    findings = [{"code": one.code, "severity": one.severity, "sentence": one.sentence} for one in report.findings]
    version, digest = report.roster or (None, None)
    return {
        "format": "knothole-audit/1",
        "day": report.day,
        "url": report.url,
        "drop": report.drop,
        "knothole": __version__,
        "manifest": report.manifest,
        "result": report.result,
        "first": report.first,
        "findings": findings,
        "seen": {
            "page": report.pages.get(SOURCE.address),
            "pages": dict(sorted(report.pages.items())),
            "assets": dict(sorted(report.assets.items())),
            "roots": report.roots,
            "roster": {"version": version, "hash": digest},
            "cover": report.cover,
        },
    }


def _lines(report: Report, known: State) -> list[str]:
    # What a server or a broken proxy says must not write to this terminal.
    said = [f"{one.severity} {one.code}: {one.sentence}" for one in report.findings]
    lines = ["".join(c if c.isprintable() else "?" for c in line) for line in said]
    if report.result == WELL:
        lines.append("All is well: page, scripts, headers, roots and roster are as they should be.")
    if report.first:
        lines.append("This was the first audit in this folder: what changed before it cannot be told.")
    if report.cover:
        lines.append(f"{counted(report.cover, 'cover box', 'cover boxes')} asked for.")
    if report.roster:
        lines.append(f"Roster {report.roster[0]}, SHA-256 {report.roster[1]}")
    lines.append(f"Compared with the release of Knothole {__version__}, manifest SHA-256 {report.manifest}")
    if known.kept:
        lines.append(f"What alarms were about is kept in {known.folder / EVIDENCE}.")
    if any(one.code != "unreachable" for one in report.findings):
        lines.append("What each finding means is in docs/courier.md.")
    return lines


def _drop_id(root: str) -> bytes:
    try:
        return parse_fingerprint(root)
    except KnotholeError:
        if not Path(root).is_file():
            raise
    return read_chain(files.read(Path(root), note.MAX_BYTES)).drop_id


def _fresh(patience: Patience) -> Patience:
    return Patience(patience.tries, patience.first, patience.most)
