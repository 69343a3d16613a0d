"""What people install carries all that it needs: the built page, the words, the licences; and nothing that it must not."""

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
