"""Looks for holes in the walls, from inside: what is found is a reason to show nothing at all."""

import ctypes
import json
import os
import resource
import socket
from pathlib import Path

from knothole_client.sandbox.inside.document import Document, buffered
from knothole_client.sandbox.inside.start import Asked

_CLONE_NEWUSER = 0x10000000


def run(document: Document, asked: Asked) -> None:
    """Write a list of words of HOLES; an empty one is a sound sandbox."""
    checks = {
        "network": _network(asked.more["namespaces"]),
        "home": _home(Path(asked.more["home"]), asked.more["shown"]),
        "write": _write(),
        "rights": _rights(asked.more["namespaces"]),
        "calls": _calls(),
        "limits": resource.getrlimit(resource.RLIMIT_AS)[1] != asked.more["memory"],
        "document": buffered(document).read() != b"knothole",
    }
    asked.out.write(json.dumps([name for name, hole in checks.items() if hole]).encode("ascii"))


def _apart(outside: dict[str, str], name: str) -> bool:
    return str(Path("/proc/self/ns", name).readlink()) != outside[name]


def _network(outside: dict[str, str]) -> bool:
    """The very network of the machine, or one that leads somewhere."""
    routes = Path("/proc/net/route").read_text("ascii").splitlines()
    return not _apart(outside, "net") or len(routes) > 1


def _home(home: Path, shown: list[str]) -> bool:
    """Nothing of the home but the way to the interpreter, when it lies there."""
    for folder in {home, Path("/home"), Path("/root"), Path("/run"), Path("/mnt"), Path("/media"), Path("/var/lib")}:
        if folder == Path("/") or not folder.is_dir():
            continue
        for entry in os.scandir(folder):
            known = [*shown, "/var/lib/libreoffice"]
            if not any(
                one == entry.path or one.startswith(f"{entry.path}/") or entry.path.startswith(f"{one}/") for one in known
            ):
                return True
    return False


def _write() -> bool:
    for folder in ("/", "/usr", "/usr/bin", "/etc", "/dev", "/dev/shm", "/knothole", "/var/tmp", "/run"):  # noqa: S108
        try:
            descriptor = os.open(Path(folder, "hole"), os.O_CREAT | os.O_WRONLY, 0o600)
        except OSError:
            continue
        os.close(descriptor)
        return True
    return False


def _status() -> dict[str, str]:
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _rights(outside: dict[str, str]) -> bool:
    status = _status()
    # What could be inherited from root counts for nothing where no new privileges are given.
    held = any(int(status[name], 16) for name in ("CapPrm", "CapEff", "CapAmb"))
    return held or status.get("NoNewPrivs") != "1" or not all(_apart(outside, one) for one in outside)


def _calls() -> bool:
    """A filter is on, and it does what it is for: no new namespaces, no reading of other processes' memory."""
    system = ctypes.CDLL(None)
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK):
        try:
            socket.socket(family, socket.SOCK_RAW if family == socket.AF_NETLINK else socket.SOCK_STREAM).close()
        except OSError:
            continue
        return True
    return _status().get("Seccomp") != "2" or system.unshare(_CLONE_NEWUSER) == 0 or system.ptrace(0, 0, 0, 0) == 0
