"""A converter that has been taken over: code of a test's own in the place of a real program, behind the real walls."""

import io
import textwrap
from collections.abc import Callable
from typing import BinaryIO

import pytest

from knothole_client import sandbox
from knothole_client.sandbox import walls

_START = """
import sys, types
sys.path.insert(0, "/knothole")
from knothole_client.sandbox.inside import start
taken_over = types.ModuleType("knothole_client.sandbox.inside." + sys.argv[1])
def run(document, asked):
    import ctypes, json, os, socket, struct, subprocess, time
{body}
taken_over.run = run
sys.modules[taken_over.__name__] = taken_over
start.main(sys.argv[1])
"""


def behind(
    monkeypatch: pytest.MonkeyPatch,
    body: str,
    *,
    program: str = "preview",
    limits: sandbox.Limits | None = None,
    source: BinaryIO | None = None,
    name: str = "letter.txt",
    sink: BinaryIO | None = None,
    stop: Callable[[], None] | None = None,
) -> sandbox.Outcome:
    """Run `body` with `document` and `asked` as a program has them."""
    assert sandbox.available() is None
    monkeypatch.setattr(walls, "START", _START.format(body=textwrap.indent(textwrap.dedent(body), "    ")))
    return sandbox.run(program, source or io.BytesIO(b"hello"), name, limits, sink=sink, stop=stop)


def said(monkeypatch: pytest.MonkeyPatch, body: str, **more: object) -> str:
    """What `body` found and put into `found`, a list of strings."""
    told = "found = []\n" + textwrap.dedent(body) + '\nasked.head("text")\nasked.out.write("\\n".join(found).encode())\n'
    outcome = behind(monkeypatch, told, program="text", **more)  # type: ignore[arg-type]
    assert outcome.end == "done", outcome
    return outcome.text
