"""No preview without a working sandbox: none at all, one that cannot be built, one with a hole."""

# ruff: noqa: E501  (tables)

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from knothole_client import sandbox

HOLED = """#!{python}
import os, sys
arguments = sys.argv[1:]
{change}
os.execv({bwrap!r}, ["bwrap", *arguments])
"""
WITHOUT_FILTER = "at = arguments.index('--seccomp'); del arguments[at:at + 2]"
HOLES = {
    "the network can be reached": f"{WITHOUT_FILTER}; arguments.remove('--unshare-net')",
    "does not limit what programs ask of the system": WITHOUT_FILTER,
    "files outside it can be written": "at = arguments.index('--proc'); arguments[at:at] = ['--perms', '0777', '--tmpfs', '/run']",
    "your own files can be read": (
        "at = arguments.index('--proc'); arguments[at:at] = ['--tmpfs', '/home', '--perms', '0755', '--dir', '/home/jo/letters']"
    ),
}


def put(folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "bwrap").write_text(text)
    (folder / "bwrap").chmod(0o755)


def refused(monkeypatch: pytest.MonkeyPatch, path: Path) -> str:
    monkeypatch.setenv("PATH", str(path))
    why = sandbox.available()
    assert why is not None
    assert why.count(". ") == 0
    for program in ("preview", "text", "metadata", "flags", "clean"):
        outcome = sandbox.run(program, io.BytesIO(b"hello"), "letter.txt", sink=io.BytesIO())
        assert (outcome.end, outcome.sentence) == ("unavailable", why)
        assert not outcome.pictures
        assert not outcome.text
    return why


def test_there_is_no_preview_without_bubblewrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "bubblewrap is not installed" in refused(monkeypatch, tmp_path)


def test_there_is_no_preview_with_a_bubblewrap_that_builds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "bin", "#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    assert "does not let bubblewrap build a sandbox" in refused(monkeypatch, tmp_path / "bin")


def test_there_is_no_preview_with_what_is_no_bubblewrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that runs the program without any walls at all, and one that cannot even be started."""
    put(tmp_path / "none", '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n')
    assert "no preview" in refused(monkeypatch, tmp_path / "none")
    put(tmp_path / "broken", "#!/nowhere\n")
    assert "cannot be started" in refused(monkeypatch, tmp_path / "broken")


@pytest.mark.tool("bwrap")
@pytest.mark.parametrize("hole", HOLES)
def test_there_is_no_preview_in_a_sandbox_with_a_hole(hole: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "bin", HOLED.format(python=sys.executable, bwrap=shutil.which("bwrap"), change=HOLES[hole]))
    assert hole in refused(monkeypatch, tmp_path / "bin")


def test_there_is_no_preview_without_seccomp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put(tmp_path / "bin", "#!/bin/sh\nexit 0\n")
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    assert "libseccomp is not installed" in refused(monkeypatch, tmp_path / "bin")


@pytest.mark.tool("bwrap")
def test_an_ordinary_user_has_a_sandbox_too() -> None:
    """By the system's Python, because the one that runs this may lie in root's home."""
    site = next(Path(one) for one in sys.path if Path(one, "pyseccomp.py").exists())
    client, keys = Path(sandbox.__file__).parents[2], Path(sandbox.__file__).parents[3] / "keys"
    script = (
        "import io\nfrom knothole_client import sandbox\nprint(sandbox.available())\n"
        "print(sandbox.run('text', io.BytesIO('läuft'.encode()), 'a.txt').text)"
    )
    somebody = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
    command = [*somebody, "env", f"PYTHONPATH={client}:{keys}:{site}", "/usr/bin/python3", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    assert done.stdout.split("\n") == ["None", "läuft", ""], done.stderr
