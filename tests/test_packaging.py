"""What people install carries all that it needs: the built page, the words, the licences; and nothing that it must not."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
PAGE = {
    "page.html",
    "form.html",
    "texts.json",
    "page.js",
    "page.de.js",
    "worker.js",
    "examiner.js",
    "page.css",
    "icon.svg",
    "licenses.txt",
}

RELEASE = {"manifest.json", "page.html", "texts.json"}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=HOUSE, check=True, capture_output=True)
    return folder


def test_the_wheel_needs_no_node(dist: Path) -> None:
    names = set(zipfile.ZipFile(next(dist.glob("*.whl"))).namelist())
    assert {f"knothole_server/built/{name}" for name in PAGE} <= names
    assert "knothole_keys/words.txt" in names
    # By these, and nothing of the server's, an audit compares.
    assert {f"knothole_keys/release/{name}" for name in RELEASE} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {
        "knothole_keys",
        "knothole_server",
        "knothole_client",
    }


def test_the_source_distribution_has_the_built_page_and_no_node_modules(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"server/knothole_server/built/{name}" for name in PAGE} <= names
    assert {f"keys/knothole_keys/release/{name}" for name in RELEASE} <= names
    assert {"LICENSE", "SECURITY.md", "keys/SPEC.md", "server/web/package-lock.json"} <= names
    assert not [name for name in names if "node_modules" in name or name.startswith(".venv")]


# What a machine that is never online gets: scripts/bundle makes it, install.sh in it installs it. docs/install.md.


def install(folder: Path, *words: str | Path, **environment: str) -> tuple[int, str]:
    """Run the install.sh of a folder that was carried over; where this system lets us, in a network of nothing."""
    alone = ["unshare", "--map-root-user", "--net"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True).returncode:
        alone = []
    nowhere = {"PATH": os.environ["PATH"], "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    done = subprocess.run(
        [*alone, "sh", folder / "install.sh", *words], env=nowhere | environment, cwd="/", capture_output=True, text=True
    )
    return done.returncode, done.stderr if done.returncode else done.stdout


def sums(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(lines))


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A stick with everything but the wheels."""
    folder = tmp_path / "stick"
    (folder / "wheels").mkdir(parents=True)
    shutil.copy(HOUSE / "scripts" / "install-offline", folder / "install.sh")
    (folder / "requirements.lock").write_text("knothole==0.1.0 --hash=sha256:" + "0" * 64 + "\n")
    (folder / "MADE-FOR").write_text("Linux on x86_64, Python 3.11\n")
    sums(folder)
    return folder


def test_a_stick_that_was_altered_or_copied_in_part_installs_nothing(stick: Path) -> None:
    sound = (stick / "SHA256SUMS").read_text()
    for spoil in (
        lambda: (stick / "requirements.lock").write_text("knothole==0.1.0\n"),
        lambda: (stick / "MADE-FOR").unlink(),
        lambda: (stick / "SHA256SUMS").write_text(sound[:-20]),
        lambda: (stick / "SHA256SUMS").unlink(),
    ):
        spoil()
        code, said = install(stick, stick.parent / "knothole")
        assert (code, said.count("\n")) == (1, 1), said
        assert "not as it was made" in said
        (stick / "requirements.lock").write_text("knothole==0.1.0 --hash=sha256:" + "0" * 64 + "\n")
        (stick / "MADE-FOR").write_text("Linux on x86_64, Python 3.11\n")
        (stick / "SHA256SUMS").write_text(sound)
    assert not (stick.parent / "knothole").exists()


def test_installing_says_what_to_do_and_touches_nothing_that_is_there(stick: Path) -> None:
    there = stick.parent / "there"
    there.mkdir()
    assert install(stick, there)[0] == 1
    assert "is there already" in install(stick, there)[1]
    assert "Say where" in install(stick)[1]
    assert "Python is not on this machine" in install(stick, stick.parent / "new", PYTHON="no-such-python")[1]
    assert list(there.iterdir()) == []


@pytest.mark.whole
def test_a_machine_without_a_network_installs_the_desk_from_a_stick(dist: Path, tmp_path: Path) -> None:
    stick, target, vault = tmp_path / "stick", tmp_path / "my machine" / "knothole", tmp_path / "vault"
    made = [sys.executable, HOUSE / "scripts" / "bundle", stick, next(dist.glob("*.whl"))]
    done = subprocess.run(made, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert hashlib.sha256((stick / "SHA256SUMS").read_bytes()).hexdigest() == done.stdout.split()[-1]
    target.parent.mkdir()
    code, said = install(stick, target)
    assert code == 0, said
    (tmp_path / "passphrase").write_text("six random words\n")
    alone = {"PATH": "/usr/bin:/bin", "KNOTHOLE_PASSPHRASE_FILE": str(tmp_path / "passphrase")}
    for words in (["--help"], ["desk", "init", vault, "--name", "Dana"], ["desk", "key", "list", vault]):
        assert subprocess.run([target / "bin" / "knothole", *words], env=alone, capture_output=True).returncode == 0
    # Wheels of another Python, and one that is none of the locked ones: nothing stays behind.
    (wheel,) = stick.glob(f"wheels/cffi-*-cp3{sys.version_info.minor}-*.whl")
    wheel.unlink()
    shutil.copy(HOUSE / "LICENSE", stick / "wheels" / wheel.name)
    sums(stick)
    code, said = install(stick, tmp_path / "second")
    assert code == 1
    assert "was made for Linux on x86_64, Python 3.11, 3.12" in said
    assert not (tmp_path / "second").exists()
