"""Start a program behind the walls, hear what it says within its limits, and end it and all that it started."""

import json
import os
import platform
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import IO, Any, BinaryIO

from knothole_client.sandbox import usage, walls
from knothole_client.sandbox.answers import answer
from knothole_client.sandbox.calls import filters
from knothole_client.sandbox.limits import LIMITS, PROGRAMS, Limits
from knothole_client.sandbox.outcome import Outcome
from knothole_client.sandbox.pixels import Lied
from knothole_client.sandbox.probing import holes, probed, without_bwrap
from knothole_client.sandbox.reader import Ended, Reader
from knothole_client.sandbox.serving import Serving

_SOUND: dict[str, str | None] = {}
# Users that exist nowhere; each run takes another, so that runs do not count each other's processes.
_NOBODIES = range(2_000_000_000, 2_100_000_000)
_COUNTS_ALONE = (5, 14)
_A_WHILE = 10


def available() -> str | None:
    """None, or one sentence why there is no sandbox here. Asked by building the walls and looking from inside for holes."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return without_bwrap()
    if bwrap not in _SOUND:
        _SOUND[bwrap] = probed(lambda: _probe(bwrap))
    return _SOUND[bwrap]


def _probe(bwrap: str) -> Outcome:
    namespaces = {name: str(Path("/proc/self/ns", name).readlink()) for name in ("net", "pid", "ipc", "uts", "mnt")}
    home, shown = str(Path.home()), walls.shown()
    asked = {"home": home, "shown": shown, "namespaces": namespaces, "name": "", "first": 1, "last": 1}
    return _run(bwrap, "probe", BytesIO(b"knothole"), LIMITS["probe"], asked, lambda out, _: holes(out))


def run(
    program: str,
    source: BinaryIO,
    name: str,
    limits: Limits | None = None,
    *,
    first: int = 1,
    last: int | None = None,
    sink: BinaryIO | None = None,
    stop: Callable[[], None] | None = None,
) -> Outcome:
    """Run one of PROGRAMS over a seekable document; `first` and `last` are pages, `sink` takes what `clean` makes.

    Whatever happens behind the walls is an Outcome. An exception is only what `source`, `sink` or `stop` raise; `stop` is
    asked ten times a second.
    """
    if program not in PROGRAMS:
        raise ValueError(program)
    missing = available()
    bwrap = shutil.which("bwrap")
    if missing is not None or bwrap is None:
        return Outcome(end="unavailable", why=missing or without_bwrap())
    limits = limits or LIMITS[program]
    asked = {"name": name, "first": first, "last": min(last or first + limits.frames - 1, first + limits.frames - 1)}
    return _run(bwrap, program, source, limits, asked, lambda out, came: answer(program, out, limits, sink, came), stop)


def _run(
    bwrap: str,
    program: str,
    source: BinaryIO,
    limits: Limits,
    asked: dict[str, Any],
    hear: Callable[[Reader, list[bytes]], Outcome],
    stop: Callable[[], None] | None = None,
) -> Outcome:
    size = source.seek(0, os.SEEK_END)
    serving = Serving(source, size, json.dumps(asked | _ask(limits, size)).encode("ascii"))
    with filters(unix_sockets=program in ("preview", "text")) as filtered:
        process = subprocess.Popen(
            walls.command(bwrap, program, limits, filtered.fileno()),
            stdin=serving.theirs.fileno(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[filtered.fileno()],
            env={},
            cwd="/",
            start_new_session=True,
        )
    serving.theirs.close()
    serving.start()
    heard: IO[bytes] = process.stdout  # type: ignore[assignment]
    out = Reader(heard, limits.seconds, limits.output, lambda: usage.over(process.pid, limits), stop)
    came: list[bytes] = []
    try:
        found = hear(out, came)
        if process.wait(_A_WHILE) != 0 and found.end == "done":
            found = Outcome(_end_of(process.returncode), pictures=tuple(came))
    except Ended as ended:
        found = Outcome(ended.end, pictures=tuple(came))
    except subprocess.TimeoutExpired:
        found = Outcome("timed_out", pictures=tuple(came))
    except Lied:
        # A program that broke off says so by how it ended; one that goes on after nonsense, or ends well, lied.
        broke_off = out.at_end and process.wait(_A_WHILE) != 0
        found = Outcome(_end_of(process.returncode), pictures=tuple(came)) if broke_off else Outcome("lied")
    finally:
        _end(process)
        serving.stop()
        out.close()
    if serving.problem is not None:
        raise serving.problem
    return found


def _end_of(code: int) -> str:
    return "timed_out" if code == 128 + signal.SIGXCPU else "failed"


def _end(process: subprocess.Popen[bytes]) -> None:
    # Whoever started the walls dies, and with it the first process behind them, and with that one all others.
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()


def _ask(limits: Limits, size: int) -> dict[str, Any]:
    uid = secrets.choice(_NOBODIES) if walls.as_root() else 0
    release = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
    others = 0 if uid or release >= _COUNTS_ALONE else usage.threads_of(os.getuid())
    return {
        "size": size,
        "uid": uid,
        "cpu": limits.cpu,
        "memory": limits.memory,
        "room": limits.room,
        "processes": limits.processes + others,
        "files": limits.files,
        "frames": limits.frames,
        "width": limits.width,
        "height": limits.height,
        "pixels": limits.pixels,
        "output": limits.output,
        "libraries": walls.libraries(),
    }
