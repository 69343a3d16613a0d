"""What every test shares: which real tools it needs, and what is said when a machine has not got them."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from knothole_keys import secret
from tests.support.soak import SOAK

# No test says how fast a machine is, nor how busy.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")
# For scripts/break-promises, which wants to know whether a test fails and not by what least example.
settings.register_profile("first-failure", parent=settings.get_profile("calm"), phases=[Phase.explicit, Phase.generate])


def _has_terminals() -> bool:
    try:
        for descriptor in os.openpty():
            os.close(descriptor)
    except OSError:
        return False
    return True


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


# A tool, whether it is here, and what is tested with it. `make test-all` installs the programs and does not go on without one.
TOOLS: dict[str, tuple[Callable[[], bool], str]] = {
    "chromium": (_program("chromium"), "the source's page in a real browser, in all its states"),
    "firefox-esr": (_program("firefox-esr"), "the source's page in Firefox, with and without what Tor Browser takes away"),
    "ffmpeg": (_program("ffmpeg"), "a real video through a real browser"),
    "exiftool": (_program("exiftool"), "traces in real pictures, and cleaned copies looked through by exiftool"),
    "heif-enc": (_program("heif-enc"), "traces in a real HEIC picture"),
    "soffice": (_program("soffice"), "traces in real documents of LibreOffice's"),
    "pdfattach": (_program("pdfattach"), "an attachment in a real PDF"),
    "mat2": (_program("mat2"), "files cleaned by mat2 before they are sealed"),
    "bwrap": (_program("bwrap"), "hostile documents and programs behind the desk's walls"),
    "pdftoppm": (_program("pdftoppm"), "pages of a PDF as pixels"),
    "heif-convert": (_program("heif-convert"), "a HEIC picture as pixels"),
    "strace": (_program("strace"), "every byte that a server reads and writes, looked through for plaintext"),
    "/dev/pts": (_has_terminals, "what commands ask a person at a terminal"),
    "/proc": (Path("/proc/self/status").exists, "how much memory a server and a sender take"),
}


def missing_tools() -> list[str]:
    return [tool for tool, (is_here, _) in TOOLS.items() if not is_here()]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--require-tools", action="store_true", help="Fail when a real tool is missing.")


def pytest_configure(config: pytest.Config) -> None:
    # Whoever starts the tests in the background has commands ignore Ctrl-C; a person's shell does not.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "tool(name): needs this one of TOOLS")
    config.addinivalue_line("markers", "alone: measures memory; beside other work a browser collects its garbage late")
    config.addinivalue_line("markers", "kinds(*names): in no other browser than these of tests/support/browsers.py")
    config.addinivalue_line("markers", "each: in every browser; other tests take turns in the two Firefoxes")
    config.addinivalue_line("markers", "soak: run by `make soak` only")
    config.addinivalue_line("markers", "whole: takes minutes; run by `make test-all` only")
    missing = missing_tools()
    if config.getoption("--require-tools") and missing:
        raise pytest.UsageError(f"Missing here: {', '.join(missing)}. Run scripts/install-tools.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    missing = set(missing_tools())
    kept, left_out = [], []
    for item in items:
        needs = {name for marker in item.iter_markers("tool") for name in marker.args}
        assert needs <= set(TOOLS), f"{item.nodeid} names a tool that nobody knows"
        too_long = item.get_closest_marker("whole") is not None and not config.getoption("--require-tools")
        too_long |= item.get_closest_marker("soak") is not None and not SOAK
        (left_out if needs & missing or too_long else kept).append(item)
    if left_out:
        items[:] = kept
        config.hook.pytest_deselected(items=left_out)


def pytest_unconfigure(config: pytest.Config) -> None:
    # The very last lines, after pytest's own; once, not in each of xdist's workers.
    missing = [] if hasattr(config, "workerinput") else missing_tools()
    for tool in missing:
        print(f"NOT RUN: {TOOLS[tool][1]} ({tool} is not on this machine).")
    if missing or not config.getoption("--require-tools"):
        print(
            "NOT RUN: what takes minutes: a gibibyte through each browser, dozens of kills, broken and slow lines, the page in"
        )
        print("every state and in all browsers but one.")
        print("`make test-all` installs programs that are missing, as root or with sudo, and runs everything.")


@pytest.fixture
def moments(request: pytest.FixtureRequest) -> int:
    """At how many moments a test kills what it kills: a few in `make test`, 50 in `make test-all`, 1000 in `make soak`."""
    if SOAK:
        return 1000
    return 50 if request.config.getoption("--require-tools") else 4


@pytest.fixture(autouse=True)
def light_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passphrases at the least cost, or a test of thirty commands would stretch thirty of them. Subprocesses pay in full."""
    monkeypatch.setattr(secret, "DESK_COST", secret.Cost(1, 8192))


@pytest.fixture
def passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file from which every command, in this process or started by it, takes its passphrase."""
    path = tmp_path / "passphrase"
    path.write_text("orbit walnut gravel ferry tulip canyon\n")
    monkeypatch.setenv("KNOTHOLE_PASSPHRASE_FILE", str(path))
    return path
