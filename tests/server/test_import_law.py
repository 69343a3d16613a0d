"""The server imports the verifying half of keys alone, nothing of the client, and has no code that seals, opens or signs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOM = Path(__file__).parents[2] / "server" / "knothole_server"
MODULES = sorted(ROOM.glob("*.py"))
ALLOWED = {
    "knothole_keys", "knothole_keys.board", "knothole_keys.box", "knothole_keys.boxes_file", "knothole_keys.clock",
    "knothole_keys.epoch", "knothole_keys.errors", "knothole_keys.files", "knothole_keys.languages",
    "knothole_keys.page", "knothole_keys.proof", "knothole_keys.root",
    "knothole_keys.roster", "knothole_keys.running_out", "knothole_keys.trial",
}  # fmt: skip
# Whatever could seal, open or sign a box, a letter or a note; PyNaCl is reached through keys' verification alone.
BANNED = (
    "knothole_keys.seal", "knothole_keys.open", "knothole_keys.letter", "knothole_keys.codename", "knothole_keys.sign",
    "knothole_keys.stream", "knothole_keys.card", "knothole_keys.secret", "knothole_keys.xwing", "knothole_keys.admin",
    "knothole_keys.enrolment", "knothole_client", "cryptography.cobblestone", "multipart",
)  # fmt: skip
WORDS = ("SigningKey", "SecretBox", "SealedBox", "PrivateKey", "Cobblestone", "encrypt", "decrypt", "AESGCM", "HPKE", "hpke")


def imported(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert node.module
            from_package = node.module == "knothole_keys"
            found |= {f"knothole_keys.{alias.name}" for alias in node.names} if from_package else {node.module}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_imports_only_what_it_may(path: Path) -> None:
    names = imported(path)
    assert {name for name in names if name.split(".")[0] == "knothole_keys"} <= ALLOWED
    assert not {
        name for name in names if name.split(".")[0] in {"nacl", "cryptography", "knothole_client", "importlib", "pickle"}
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_names_nothing_that_seals_opens_or_signs(path: Path) -> None:
    names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    assert not {name for name in names for word in WORDS if word in name}
    assert not {"eval", "exec", "__import__"} & names
    # Bodies are read as streams: forms and whole bodies would spool or pile up what somebody sent.
    assert not {"form", "UploadFile", "FileResponse", "StaticFiles"} & names


def test_of_the_form_parser_only_what_hands_out_slices_is_named() -> None:
    """The rest of python-multipart writes what was sent to temporary files."""
    named = {name for path in MODULES for name in imported(path) if "multipart" in name}
    assert named == {"python_multipart.multipart", "python_multipart.exceptions"}
    nodes = [node for path in MODULES for node in ast.walk(ast.parse(path.read_text()))]
    taken = [node for node in nodes if isinstance(node, ast.ImportFrom) and "multipart" in str(node.module)]
    assert {alias.name for node in taken for alias in node.names} == {"MultipartParser", "MultipartParseError"}


def test_loading_everything_loads_no_sealing() -> None:
    loads = "\n".join(f"import knothole_server.{path.stem}" for path in MODULES if path.stem != "__init__")
    script = f"import sys\nsys.path[:0] = {sys.path!r}\n{loads}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "knothole_keys.roster" in loaded
    assert not {name for name in loaded for banned in BANNED if name == banned or name.startswith(f"{banned}.")}


def test_time_is_asked_of_one_clock() -> None:
    for path in MODULES:
        text = path.read_text()
        assert "time.time(" not in text
        assert "datetime" not in text


def test_files_stay_small() -> None:
    for path in MODULES:
        assert len(path.read_text().splitlines()) <= 250, path.name
