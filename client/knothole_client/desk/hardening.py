"""What this process and this machine can do so that an open vault stays in memory, and what of it they cannot.

`harden` comes before a passphrase is asked for: no core dump, no look into the memory by another program of the same account,
and, where the account may lock memory, no page of it in swap. What a machine does with all of its memory, hibernating or in a
virtual machine's snapshot, no program can prevent; and a sandbox's memory is not locked.

`checks` is for a person: what was reached, whether there is swap on a disk, and whether this machine, which should be on no
network, has one.
"""

import ctypes
import resource
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SET_DUMPABLE = 4
# Lock what is there and what comes, but only pages that were ever touched: a whole address space may be gigabytes.
_LOCK = 1 | 2 | 4
_MAY_LOCK = 14
_UP, _REJECT = 0x0001, 0x0200
_PROC, _SYS = Path("/proc"), Path("/sys")


@dataclass(frozen=True)
class Hardened:
    """What `harden` reached: no core dumps, closed to other programs of the account, locked into memory."""

    no_core: bool
    closed: bool
    locked: bool


@dataclass(frozen=True)
class Check:
    """One thing looked at: its name, whether it is as it should be, and a sentence that says so or what to do."""

    name: str
    good: bool
    sentence: str


def harden() -> Hardened:
    """Keep this process's memory to itself, as far as this machine lets it; asking again changes nothing. Never raises."""
    libc = ctypes.CDLL(None, use_errno=True)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    no_core = resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    closed = locked = False
    # Not every system that has a desk's Python has these.
    with suppress(AttributeError):
        closed = libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0) == 0
    if _may_lock():
        with suppress(AttributeError):
            locked = libc.mlockall(_LOCK) == 0
    return Hardened(no_core, closed, locked)


def checks(done: Hardened, proc: Path = _PROC, system: Path = _SYS) -> list[Check]:
    """What was reached, and what of this machine a person should know."""
    network, swaps = routes(proc, system), swap(proc, system)
    core = "No core dump of it is written.", "Core dumps cannot be switched off here: run `ulimit -c 0` before it."
    closed = (
        "No other program of this account can look into its memory.",
        "Other programs of this account may look into its memory: use an account for the desk alone.",
    )
    on = (
        "No swap is on a disk.",
        f"Swap is on ({', '.join(swaps)}), so memory may be written to that disk: switch it off with `sudo swapoff -a`.",
    )
    return [
        _check("core dumps", done.no_core, *core),
        _check("other programs", done.closed, *closed),
        Check("locked memory", done.locked or not swaps, _locked(done, swaps)),
        _check("swap", not swaps, *on),
        _check("network", not network, "This machine is on no network.", network),
    ]


def routes(proc: Path = _PROC, system: Path = _SYS) -> str:
    """A sentence when this machine has a route to a network, or an interface up besides the one to itself; else ""."""
    routed = sorted({*_routes4(proc), *_routes6(proc)} - {"lo"})
    up = [name for name in _interfaces(proc) if name != "lo" and _is_up(system, name)]
    if routed:
        return f"This machine is on a network ({', '.join(routed)}): pull its cable and switch its radio off."
    if up:
        return f"A network interface is switched on ({', '.join(up)}): switch it off, or take it out."
    return ""


def swap(proc: Path = _PROC, system: Path = _SYS) -> list[str]:
    """What swap there is on disks: files and devices. Memory that is compressed within memory (zram) is none."""
    found = [line.split()[0] for line in _lines(proc / "swaps")[1:] if line.split()]
    return [name for name in found if not _is_memory(system, name)]


def _check(name: str, good: bool, if_good: str, otherwise: str) -> Check:
    return Check(name, good, if_good if good else otherwise)


def _locked(done: Hardened, swaps: list[str]) -> str:
    if done.locked:
        return "Its memory is locked, and never swapped out."
    if swaps:
        return "Its memory cannot be locked by this account, and may be swapped out: switch swap off."
    return "Its memory is not locked, as this account may not; there is no swap on a disk that it could go to."


def _may_lock() -> bool:
    # Locking what comes, under a limit, would have a later allocation fail: so only where there is none.
    with suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (hard, hard))
        if hard == resource.RLIM_INFINITY:
            return True
    for line in _lines(_PROC / "self/status"):
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _MAY_LOCK & 1)
    return False


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []


def _routes4(proc: Path) -> list[str]:
    rows = [line.split() for line in _lines(proc / "net/route")[1:]]
    return [row[0] for row in rows if len(row) > 3 and int(row[3], 16) & (_UP | _REJECT) == _UP]


def _routes6(proc: Path) -> list[str]:
    rows = [line.split() for line in _lines(proc / "net/ipv6_route")]
    # A link's own addresses and multicast are there for any interface that is up: `_interfaces` has those.
    return [
        row[9]
        for row in rows
        if len(row) > 9 and not row[0].startswith(("fe8", "ff")) and int(row[8], 16) & (_UP | _REJECT) == _UP
    ]


def _interfaces(proc: Path) -> list[str]:
    return sorted(line.partition(":")[0].strip() for line in _lines(proc / "net/dev")[2:])


def _is_up(system: Path, name: str) -> bool:
    found = _lines(system / "class/net" / name / "flags")
    return bool(found) and bool(int(found[0], 16) & _UP)


def _is_memory(system: Path, name: str) -> bool:
    device = Path(name).name
    backing = _lines(system / "block" / device / "backing_dev")
    return device.startswith("zram") and (not backing or backing[0].strip() == "none")
