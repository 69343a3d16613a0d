"""Programs that have been taken over: nothing that they try leaves the walls, and each ends in a clear word."""

# ruff: noqa: E501, S108  (tables, and paths that are tried behind the walls)

import io
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from knothole_client import sandbox
from knothole_client.sandbox import Limits
from knothole_client.sandbox.limits import MIB
from tests.sandbox.behind import behind, said

pytestmark = pytest.mark.tool("bwrap")

MARK = "98765.4321"
FOREVER = f'subprocess.Popen(["sleep", "{MARK}"], start_new_session=True)\n'
CALLS = (
    "ptrace", "mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "clone3", "keyctl", "add_key", "request_key",
    "bpf", "userfaultfd", "perf_event_open", "io_uring_setup", "kexec_load", "memfd_create", "shmget", "process_vm_readv",
    "init_module", "name_to_handle_at", "open_by_handle_at", "mbind", "personality", "syslog", "swapon", "reboot", "fsopen",
    "quotactl", "acct", "settimeofday", "pidfd_getfd", "landlock_create_ruleset", "seccomp", "mknod", "mknodat",
)  # fmt: skip


def left_running() -> list[str]:
    found = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [str(one)] if MARK.encode() in one.read_bytes() and b"sleep" in one.read_bytes() else []
        except OSError:
            continue
    return found


def gone() -> bool:
    """The kernel takes a moment to end a whole namespace; what hangs for good would be there much later."""
    until = time.monotonic() + 60
    while left_running() and time.monotonic() < until:
        time.sleep(0.05)
    return not left_running()


HOSTILE = {
    "hangs": ("time.sleep(10_000)", Limits(seconds=1), {"timed_out"}),
    "hangs with its output closed": ("os.close(asked.out.fileno()); time.sleep(10_000)", Limits(seconds=1), {"timed_out"}),
    "works for ever": ("while True: pass", Limits(seconds=30, cpu=1), {"timed_out"}),
    "takes no notice of signals": (
        "import signal\nfor one in (1, 2, 15): signal.signal(one, signal.SIG_IGN)\ntime.sleep(10_000)", Limits(seconds=1), {"timed_out"},
    ),
    "leaves children": (FOREVER + "raise SystemExit(0)", Limits(seconds=2), {"lied"}),
    "forks for ever": (
        "while True:\n    try:\n        os.fork()\n    except OSError:\n        time.sleep(0.01)",
        Limits(seconds=3, processes=20), {"timed_out", "too_much_memory", "failed"},
    ),
    "wants all memory": ("bytearray(1 << 36)", Limits(memory=512 * MIB), {"too_much_memory"}),
    "wants all memory by many": (
        "for _ in range(16):\n    if not os.fork():\n        kept = bytearray(b'x') * (100 << 20)\n        time.sleep(10_000)\ntime.sleep(10_000)",
        Limits(seconds=60, memory=400 * MIB), {"too_much_memory"},
    ),
    "fills its disk": (
        "with open('/tmp/full', 'wb') as file:\n    while True: file.write(bytes(1 << 20))", Limits(room=16 * MIB), {"failed"},
    ),
    "crashes": ("os.kill(os.getpid(), 11)", Limits(), {"failed"}),
    "crashes in its third page": (
        "asked.head('pixels', 9)\nfor _ in range(2): asked.out.write(b'P6\\n1 1\\n255\\n123')\nasked.out.write(b'P6\\n1');"
        "asked.out.flush()\nos.kill(os.getpid(), 11)", Limits(), {"failed"},
    ),
    "says nothing": ("os._exit(0)", Limits(), {"lied"}),
    "prints for ever": ("while True: os.write(asked.out.fileno(), b'x' * 65536)", Limits(), {"lied"}),
    "prints pages for ever": (
        "asked.head('pixels', 1)\nwhile True: asked.out.write(b'P6\\n1 1\\n255\\n123')", Limits(), {"lied"},
    ),
    "announces pixels that never come": (
        "asked.head('pixels', 1); asked.out.write(b'P6\\n1000 1000\\n255\\n'); asked.out.flush(); time.sleep(10_000)",
        Limits(seconds=1), {"timed_out"},
    ),
    "sends false pixels": ("asked.head('pixels', 1); asked.out.write(b'P6\\n99999 99999\\n255\\n')", Limits(), {"lied"}),
    "sends a web page": ("asked.out.write(b'<script>alert(1)</script>\\n')", Limits(), {"lied"}),
    "opens thousands of files": ("kept = [open('/dev/null') for _ in range(5000)]", Limits(files=64), {"failed"}),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_program_that_has_been_taken_over_ends_in_a_clear_word(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body, limits, ends = HOSTILE[what]
    outcome = behind(monkeypatch, body, limits=limits)
    assert outcome.end in ends
    assert outcome.sentence.endswith(".")
    assert "\n" not in outcome.sentence
    assert len(outcome.pictures) == (2 if what == "crashes in its third page" else 0)
    assert gone()


def test_nothing_goes_to_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as canary:
        port = canary.getsockname()[1]
        body = f"""
        for family in range(64):
            for kind in (1, 2, 3, 5):
                try:
                    one = socket.socket(family, kind)
                    found.append(str((family, kind)))
                    one.connect(("127.0.0.1", {port}))
                except (OSError, ValueError, TypeError):
                    pass
        for program in ("curl", "wget -t 1", "nc", "ping", "python3"):
            subprocess.run(["/bin/sh", "-c", program + " http://127.0.0.1:{port}/"], stderr=subprocess.DEVNULL)
        """
        # LibreOffice's sockets have names, lead nowhere but to /tmp, and are all that there is.
        assert {line.split(",")[0] for line in said(monkeypatch, body).split("\n")} == {"(1"}
        outcome = behind(monkeypatch, "socket.socket(socket.AF_UNIX)", program="flags")
        assert outcome.end == "failed"
        canary.setblocking(False)
        with pytest.raises(BlockingIOError):
            canary.accept()


def test_calls_of_the_system_that_nobody_needs_do_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    import pyseccomp

    numbers = {}
    for name in CALLS:
        try:
            numbers[name] = pyseccomp.resolve_syscall(pyseccomp.system_arch(), name)
        except ValueError:
            continue
    assert len(numbers) > 25
    body = f"""
    system = ctypes.CDLL(None, use_errno=True)
    for name, number in {numbers!r}.items():
        if system.syscall(number, 0, 0, 0, 0, 0) >= 0 or ctypes.get_errno() != 38:
            found.append(name + str(ctypes.get_errno()))
    if system.syscall({pyseccomp.resolve_syscall(pyseccomp.system_arch(), "clone")}, 0x10000011, 0, 0, 0, 0) >= 0:
        found.append("clone")
    """
    assert said(monkeypatch, body) == ""


def test_nothing_is_written_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    places = ["/", "/usr", "/etc", "/dev", "/dev/shm", "/var", "/knothole", "/run", "/proc", str(tmp_path), str(Path.home())]
    name = "knothole-canary-of-a-test"
    body = f"""
    for place in {[*places, "/tmp", "/var/tmp"]!r}:
        try:
            open(place + "/{name}", "w").close()
            found.append(place)
        except OSError:
            pass
        try:
            os.chmod(place, 0o777)
            found.append("chmod " + place)
        except OSError:
            pass
    """
    assert set(said(monkeypatch, body).split("\n")) <= {"/tmp", "chmod /tmp"}
    assert not [place for place in [*places, "/tmp", "/var/tmp"] if Path(place, name).exists()]


def test_nothing_of_the_desk_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No home, no files, no environment, no other process, no open file, no name of the document on a command line."""
    secret = tmp_path / "secret"
    secret.write_text("canary")
    monkeypatch.setenv("KNOTHOLE_PASSPHRASE_FILE", str(secret))
    body = f"""
    for path in ({str(secret)!r}, "/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/machine-id", {str(Path.home() / ".bashrc")!r},
                 {str(Path(__file__))!r}, "/var/log", "/home", "/sys", "/boot"):
        if os.path.exists(path):
            found.append(path)
    found += [name for name in os.environ if name not in ("PATH", "HOME", "LANG", "LC_CTYPE", "TZ", "PWD")]
    for one in os.listdir("/proc"):
        if one.isdigit():
            line = open("/proc/" + one + "/cmdline").read()
            if "secret" + " name" in line or not any(word in line for word in ("bwrap", "knothole")):
                found.append(line)
    kinds = [os.readlink("/proc/self/fd/" + one) for one in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + one)]
    found += [one for one in kinds if not one.startswith(("socket:", "pipe:", "/dev/null", "/proc/", "/dev/pts"))]
    if os.getuid() == 0 and {os.geteuid() == 0}:
        found.append("root")
    """
    assert said(monkeypatch, body, name="secret name.txt") == ""


def test_a_program_that_asks_for_the_document_in_false_ways_gets_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    body = """
    served = document._served
    for offset, length in ((0, 5), (3, 100), (5, 1), (2 ** 64 - 1, 2 ** 32 - 1), (2 ** 63, 1), (0, 0), (4, 2 ** 32 - 1)):
        served.sendall(struct.pack(">QI", offset, length))
        found.append(document.answer().decode())
    """
    assert said(monkeypatch, body).split("\n") == ["hello", "lo", "", "", "", "", "o"]
    unread = "while True: document._served.sendall(struct.pack('>QI', 0, 1 << 20))"
    large = io.BytesIO(bytes(4 << 20))
    assert behind(monkeypatch, unread, source=large, limits=Limits(seconds=1)).end == "timed_out"
    assert behind(monkeypatch, "document._served.sendall(b'123'); document._served.close(); os._exit(3)").end == "failed"


def test_a_document_that_cannot_be_read_is_told_to_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Torn(io.BytesIO):
        def read(self, count: int | None = -1, /) -> bytes:
            raise RuntimeError("a box does not open")

    with pytest.raises(RuntimeError, match="a box does not open"):
        sandbox.run("text", Torn(b"hello"), "letter.txt")


def test_a_full_disk_under_a_cleaned_copy_is_told_to_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, data: object, /) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        behind(monkeypatch, "asked.head('clean'); asked.out.write(b'x')", program="clean", sink=Full())
    assert gone()


def test_a_desk_that_locks_ends_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def locked() -> None:
        asked.append(True)
        if len(asked) == 3:
            raise RuntimeError("locked")

    with pytest.raises(RuntimeError, match="locked"):
        behind(monkeypatch, "time.sleep(200)", stop=locked)
    assert gone()


def whole(lines: list[str]) -> Iterator[str]:
    """Each call in a line of its own: strace breaks a line where another process comes in between."""
    begun: dict[str, str] = {}
    for line in lines:
        pid, said = line.split(maxsplit=1)
        if said.endswith("<unfinished ...>"):
            begun[pid] = said.removesuffix("<unfinished ...>")
        else:
            yield begun.pop(pid, "") + said.rpartition(" resumed>")[2]


@pytest.mark.whole
@pytest.mark.tool("strace", "ffmpeg")
def test_seen_from_outside_no_socket_is_opened_and_nothing_is_written(tmp_path: Path) -> None:
    """A picture, a page of text and a film, with every program behind the walls watched by strace."""
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:d=1", tmp_path / "film.mp4"], check=True)
    script = (
        "import dataclasses, io, sys\nfrom knothole_client import sandbox\nfrom knothole_client.sandbox.limits import LIMITS\n"
        # Whoever is watched is slow.
        "limits = dataclasses.replace(LIMITS['preview'], seconds=240, cpu=240)\n"
        "page = b'<html><img src=\"http://127.0.0.1:9/x\"><script>1</script>'\n"
        "for document, name in ((io.BytesIO(page), 'a.html'), (open(sys.argv[1], 'rb'), 'a.mp4')):\n"
        "    print(sandbox.run('preview', document, name, limits))"
    )
    log = tmp_path / "log"
    watched = ["strace", "-f", "-qq", "-e", "trace=socket,connect,bind,sendto,openat,open,creat,mkdir,rename,unlink,execve"]
    done = subprocess.run(
        [*watched, "-o", log, sys.executable, "-c", script, tmp_path / "film.mp4"], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.stdout.count("end='done'") == 2, done.stdout
    lines = list(whole(log.read_text(errors="replace").splitlines()))
    assert any("execve" in line and "bwrap" in line for line in lines)
    went_well = [line for line in lines if not re.search(r" = -1 [A-Z]", line)]
    # Bubblewrap itself asks the kernel to bring `lo` up.
    assert not [line for line in went_well if "socket(" in line and "AF_UNIX" not in line and "AF_NETLINK" not in line]
    assert not [line for line in went_well if "connect(" in line]
    written = [line for line in went_well if "O_WRONLY" in line or "O_RDWR" in line or "O_CREAT" in line or "mkdir(" in line]
    ours = (
        "/dev/null",
        '"/proc/',
        "/newroot",
        "/oldroot",
        '"self/',
        '"/tmp/',
        '"newroot',
        '"oldroot',
        "uid_map",
        "gid_map",
        "setgroups",
    )
    assert not [line for line in written if not any(one in line for one in ours)]
