"""The walls: a bubblewrap with nothing in it but the system's programs, this folder, and a file system in memory."""

import importlib.util
import os
import sys
from pathlib import Path

from knothole_client.sandbox.limits import Limits

HOUSE = "/knothole/knothole_client"
TMP = "/tmp"  # noqa: S108  (a file system in memory, not the machine's)
START = "import sys; sys.path.insert(0, '/knothole'); from knothole_client.sandbox.inside.start import main; main(sys.argv[1])"
# What programs want to read beside /usr: where libraries and fonts are, and how LibreOffice was set up.
_SETTINGS = (
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/fonts", "/etc/libreoffice",
    "/etc/mime.types", "/etc/mat2", "/var/cache/fontconfig", "/var/lib/libreoffice",
)  # fmt: skip


def libraries() -> list[str]:
    """The folders that hold Pillow, PyAV and chardet, wherever this Python has them."""
    found = []
    for name in ("PIL", "av", "chardet"):
        spec = importlib.util.find_spec(name)
        if spec and spec.origin:
            found.append(str(Path(spec.origin).resolve().parents[1]))
    return sorted(set(found))


def python() -> str:
    """The interpreter itself, not the link in a virtual environment."""
    return str(Path(getattr(sys, "_base_executable", sys.executable) or sys.executable).resolve())


def shown() -> list[str]:
    """Every folder that can be read behind the walls beside the system's; for the probe, which finds anything else."""
    return [one for one in (str(Path(sys.base_prefix).resolve()), *libraries()) if not one.startswith("/usr/")]


def as_root() -> bool:
    """Whether the walls are built by root itself; the program then becomes a user that nobody is."""
    return os.geteuid() == 0


def _way(path: str) -> list[str]:
    """The folders above, for everybody to pass: left to itself bubblewrap makes them root's."""
    above = [str(one) for one in reversed(Path(path).parents) if one != Path("/")]
    return [part for one in above for part in ("--perms", "0755", "--dir", one)]


def command(bwrap: str, program: str, limits: Limits, filter_descriptor: int) -> list[str]:
    """The command line; it names nothing of the document."""
    apart = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    # Root drops to a user of its own (inside/start.py), because limits on processes are not kept for root.
    rights = (
        ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        if as_root()
        else ["--unshare-user", "--cap-drop", "ALL"]
    )
    system: list[str] = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        folder = Path("/", name)
        if folder.is_symlink():
            system += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.is_dir():
            system += ["--ro-bind", str(folder), str(folder)]
    for path in (*_SETTINGS, *shown()):
        system += [*_way(path), "--ro-bind-try", path, path]
    ours = Path(__file__).resolve().parent
    words = {"PATH": "/usr/bin:/bin", "HOME": TMP, "LANG": "C.UTF-8", "TZ": "UTC"}
    return [
        bwrap, *apart, *rights, "--die-with-parent", "--new-session", "--clearenv", "--hostname", "desk",
        *(part for name, value in words.items() for part in ("--setenv", name, value)),
        "--perms", "1777", "--size", str(limits.room), "--tmpfs", TMP, *system,
        *_way(f"{HOUSE}/sandbox"), "--ro-bind", str(ours.parent / "__init__.py"), f"{HOUSE}/__init__.py",
        "--ro-bind", str(ours), f"{HOUSE}/sandbox",
        "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--chdir", TMP, "--remount-ro", "/",
        "--seccomp", str(filter_descriptor), "--", python(), "-I", "-S", "-B", "-c", START, program,
    ]  # fmt: skip
