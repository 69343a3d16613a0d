"""A hostile server: a real one behind a door at which a test changes what comes out. And auditing through it.

with altering(room.url, change) as (url, asked):
    audit(room, url)
"""

import contextlib
import gzip
import http.client
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from knothole_keys.cli import run
from tests.client.served import Asked, Reply, lie
from tests.support.newsroom import Newsroom

# What the door itself sets for its own connection.
_OWN = {"content-length", "transfer-encoding", "connection"}
Change = Callable[[Asked, int, bytes, dict[str, str]], Reply]


class Sent(bytes):
    """A body that goes out as it is, whatever its headers say of it."""


def honest(asked: Asked, status: int, body: bytes, headers: dict[str, str]) -> Reply:
    return status, body, headers


@contextlib.contextmanager
def altering(url: str, change: Change = honest) -> Iterator[tuple[str, list[Asked]]]:
    host = url.removeprefix("http://")

    def answer(asked: Asked) -> Reply:
        connection = http.client.HTTPConnection(host, timeout=20)
        passed = {name: value for name, value in asked.headers.items() if name not in ("host", "connection")}
        connection.request(asked.method, asked.path, body=asked.body or None, headers=passed)
        response = connection.getresponse()
        body = response.read()
        if response.getheader("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        headers = {name: value for name, value in response.getheaders() if name.lower() not in _OWN}
        connection.close()
        status, changed, *more = change(asked, response.status, body, headers)
        said = {name.lower(): value for name, value in (more[0] if more else {}).items()}
        # A change is made to what was packed, and packed again.
        if said.get("content-encoding") == "gzip" and not isinstance(changed, Sent):
            changed = gzip.compress(changed, mtime=0)
        return status, changed, *more

    with lie(answer) as (door, asked):
        yield door, asked


def command(*arguments: object) -> tuple[int, str, str]:
    """Run `knothole …`: exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return code, out.getvalue(), err.getvalue()


def audit(room: Newsroom, url: str, *more: object, state: Path | None = None) -> tuple[int, dict[str, Any]]:
    """`knothole courier audit … --json`: exit code, and what it printed."""
    folder = state or room.path / "state"
    code, out, err = command("courier", "audit", url, "--root", room.fingerprint, "--state", folder, "--json", *more)
    assert out, err
    return code, json.loads(out)


def codes(report: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in report["findings"]]
