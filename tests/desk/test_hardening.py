"""A command that has a vault open keeps its memory to itself, and a person hears what of the machine does not."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from knothole_client.desk import hardening
from knothole_client.desk.hardening import Hardened
from tests.desk.conftest import PASSPHRASE, Desk

# Runs a command, and says what the system thinks of the process at the moment at which the vault is opened.
PROGRAM = """if True:
    import ctypes, pathlib, resource, sys
    from knothole_client.desk import vault
    from knothole_keys.cli import run
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    was = vault.opened
    def opened(*arguments, **named):
        print(pathlib.Path("/proc/self/limits").read_text(), pathlib.Path("/proc/self/status").read_text())
        print("Dumpable:", ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
        return was(*arguments, **named)
    vault.opened = opened
    sys.exit(run(["desk", *sys.argv[1:]]))
"""


def test_an_open_vaults_memory_stays_with_the_command(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_bytes(PASSPHRASE.passphrase)
    environment = {**os.environ, "KNOTHOLE_PASSPHRASE_FILE": str(tmp_path / "passphrase")}
    command = [sys.executable, "-c", PROGRAM, "log", str(desk.path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    said = " ".join(said.split())
    assert "Max core file size 0 0 bytes" in said
    assert "Dumpable: 0" in said
    unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] == resource.RLIM_INFINITY
    assert ("VmLck: 0 kB" not in said) == (unlimited or os.geteuid() == 0)


# What the kernel shows of a machine, and what a person is told of it.
ROUTE = "Iface Destination Gateway Flags\n{} 00000000 010200C0 {}\n"
ROUTE6 = "{} 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000400 1 0 {} {}\n"
DEVICES = "Inter-| Receive\n face |bytes\n    lo: 1 2\n  eth0: 0 0\n"
SWAPS = "Filename\tType\tSize\tUsed\tPriority\n"
GLOBAL, LINK_LOCAL, MULTICAST = "20010db8" + "0" * 24, "fe80" + "0" * 28, "ff00" + "0" * 28
MACHINES = {
    "none": ({}, ""),
    "a cable": ({"proc/net/route": ROUTE.format("eth0", "0003")}, "is on a network (eth0)"),
    "a route that refuses": ({"proc/net/route": ROUTE.format("eth0", "0201")}, ""),
    "itself": ({"proc/net/route": ROUTE.format("lo", "0001")}, ""),
    "itself by version 6": ({"proc/net/ipv6_route": ROUTE6.format(GLOBAL, "00000001", "lo")}, ""),
    "only version 6": ({"proc/net/ipv6_route": ROUTE6.format(GLOBAL, "00000001", "wlan0")}, "is on a network (wlan0)"),
    "a link alone": ({"proc/net/ipv6_route": ROUTE6.format(LINK_LOCAL, "00000001", "eth0")}, ""),
    "everybody alone": ({"proc/net/ipv6_route": ROUTE6.format(MULTICAST, "00000001", "eth0")}, ""),
    "switched on": ({"proc/net/dev": DEVICES, "sys/class/net/eth0/flags": "0x1003\n"}, "switched on (eth0)"),
    "switched off": ({"proc/net/dev": DEVICES, "sys/class/net/eth0/flags": "0x1002\n"}, ""),
    "swap on a disk": ({"proc/swaps": f"{SWAPS}/dev/sda2 partition 1 0 -2\n"}, "/dev/sda2"),
    "swap in memory": ({"proc/swaps": f"{SWAPS}/dev/zram0 partition 1 0 100\n"}, ""),
    "swap in memory and on a disk": (
        {"proc/swaps": f"{SWAPS}/dev/zram0 partition 1 0 100\n", "sys/block/zram0/backing_dev": "/dev/sda3\n"}, "/dev/zram0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MACHINES)
def test_what_a_machine_does_behind_a_desks_back_is_said(name: str, tmp_path: Path) -> None:
    files, told = MACHINES[name]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    places = tmp_path / "proc", tmp_path / "sys"
    amiss = [one.sentence for one in hardening.checks(Hardened(True, True, True), *places) if not one.good]
    assert len(amiss) == bool(told)
    assert told in " ".join(amiss)
    assert bool(hardening.routes(*places)) == (bool(told) and "swap" not in name)


def test_what_could_not_be_reached_is_amiss(tmp_path: Path) -> None:
    (tmp_path / "swaps").write_text(f"{SWAPS}/swapfile file 1 0 -2\n")
    amiss = [one.name for one in hardening.checks(Hardened(False, False, False), tmp_path, tmp_path) if not one.good]
    assert amiss == ["core dumps", "other programs", "locked memory", "swap"]
    # Without swap there is nothing that memory would have to be locked against.
    amiss = [one.name for one in hardening.checks(Hardened(True, True, False), tmp_path / "none", tmp_path) if not one.good]
    assert amiss == []


def test_check_says_all_of_it_and_exits_with_1_when_something_is_amiss() -> None:
    program = "import sys; from knothole_keys.cli import run; sys.exit(run(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", program, "desk", "check", "--json"], capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout)["checks"]
    assert [one["name"] for one in found] == ["core dumps", "other programs", "locked memory", "swap", "network"]
    assert done.returncode == int(not all(one["good"] for one in found))
    assert "Traceback" not in done.stderr
