"""How much memory a process and all its children hold, looked at from outside."""

import os
from pathlib import Path

from knothole_client.sandbox.limits import Limits

_PAGE = os.sysconf("SC_PAGE_SIZE")


def family(pid: int) -> list[int]:
    """The process and all that descend from it, at this moment."""
    found, new = [], [pid]
    while new:
        one = new.pop()
        found.append(one)
        for task in _listed(Path("/proc", str(one), "task")):
            text = _read(task / "children")
            new += [int(child) for child in text.split() if int(child) not in found]
    return found


def over(pid: int, limits: Limits) -> bool:
    """Whether they hold more memory, or are more, than they may."""
    everybody = family(pid)
    if len(everybody) > limits.processes + 8:
        return True
    pages = 0
    for one in everybody:
        fields = _read(Path("/proc", str(one), "statm")).split()
        pages += int(fields[1]) if len(fields) > 1 else 0
    return pages * _PAGE > limits.memory


def threads_of(uid: int) -> int:
    """All threads of a user: before Linux 5.14 the limit on processes counts them, in the sandbox or not."""
    count = 0
    for process in _listed(Path("/proc")):
        if process.name.isdigit():
            try:
                count += len(_listed(process / "task")) if process.stat().st_uid == uid else 0
            except OSError:
                continue
    return count


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError:
        return ""
