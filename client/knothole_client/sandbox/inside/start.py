"""The first thing behind the walls: becomes nobody, takes its limits on, then does what it was asked."""

import importlib
import io
import json
import os
import resource
import signal
import socket
import sys
from dataclasses import dataclass, field
from typing import Any

from knothole_client.sandbox.inside.document import Cannot, Document

KNOWN = ("preview", "text", "flags", "metadata", "clean", "probe")


class Counted(io.BufferedWriter):
    """Remembers whether anything was written."""

    begun = False

    def write(self, data: Any, /) -> int:
        """Write, and remember."""
        self.begun = True
        return super().write(data)


@dataclass
class Asked:
    """What the parent wants, and the way back to it."""

    out: "Counted"
    name: str
    size: int
    first: int
    last: int
    room: int
    frames: int
    width: int
    height: int
    pixels: int
    output: int
    kind: str = "data"
    more: dict[str, Any] = field(default_factory=dict)

    def head(self, what: str, pages: int = 0) -> None:
        """The one line before everything else."""
        self.out.write(json.dumps({"what": what, "kind": self.kind, "pages": pages}).encode("ascii") + b"\n")


def main(program: str) -> None:
    """Run one of KNOWN over the document on standard input."""
    served = socket.socket(fileno=os.dup(0))
    out = Counted(io.FileIO(os.dup(1), "wb"))
    # Whatever a library or a converter prints is not an answer, and it reads nothing of the document by accident.
    nothing = os.open("/dev/null", os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    document = Document(served)
    ask = json.loads(document.answer())
    document.size = ask["size"]
    _become_nobody(ask["uid"])
    _limit(ask)
    sys.path += ask["libraries"]
    fields = {name: ask[name] for name in Asked.__dataclass_fields__ if name in ask}
    asked = Asked(out=out, more=ask, **fields)
    if program not in KNOWN:
        raise SystemExit(2)
    why = "broken"
    try:
        importlib.import_module(f"knothole_client.sandbox.inside.{program}").run(document, asked)
        out.flush()
        os._exit(0)
    except MemoryError:
        why = "memory"
    except Cannot as cannot:
        why = cannot.why
    if out.begun:
        os._exit(1)
    out.write(json.dumps({"why": why, "kind": asked.kind}).encode("ascii") + b"\n")
    out.flush()
    os._exit(0)


def _become_nobody(uid: int) -> None:
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def _limit(ask: dict[str, Any]) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for which, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, ask["memory"]),
        # A sparse copy may be as long as the document.
        (resource.RLIMIT_FSIZE, max(ask["room"], ask["size"])),
        (resource.RLIMIT_NPROC, ask["processes"]),
        (resource.RLIMIT_NOFILE, ask["files"]),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(which, (most, most))
    # The softer limit's signal says by its number what happened; the harder one kills whoever ignores it.
    resource.setrlimit(resource.RLIMIT_CPU, (ask["cpu"], ask["cpu"] + 1))
