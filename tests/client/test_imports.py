"""Who may know what: the courier cannot open, the desk does not go online, client and server do not know each other."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[2] / "client" / "knothole_client"
SERVER = Path(__file__).parents[2] / "server" / "knothole_server"
SECRET_KEEPING = {f"knothole_keys.{name}" for name in ("seal", "open", "letter", "codename", "sign", "secret")}


def imports(path: Path) -> set[str]:
    """Every module that a file names in an import, `from x import y` as both x and x.y."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def files(*folders: Path) -> list[Path]:
    found = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    assert found
    return found


@pytest.mark.parametrize("path", files(CLIENT), ids=lambda path: str(path.relative_to(CLIENT)))
def test_the_client_never_imports_the_server(path: Path):
    assert not {name for name in imports(path) if name.split(".")[0] == "knothole_server"}


@pytest.mark.parametrize("path", files(SERVER), ids=lambda path: str(path.relative_to(SERVER)))
def test_the_server_never_imports_the_client(path: Path):
    assert not {name for name in imports(path) if name.split(".")[0] == "knothole_client"}


@pytest.mark.parametrize("path", files(CLIENT / "courier"), ids=lambda path: path.name)
def test_no_file_of_the_courier_can_seal_or_open(path: Path):
    names = imports(path)
    assert not names & SECRET_KEEPING
    assert not {name for name in names if name.startswith(("knothole_client.source", "knothole_client.desk"))}


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_nothing_that_the_courier_loads_can_seal_or_open():
    loaded = loaded_by("import knothole_client.courier.cli")
    assert "knothole_client.courier.fetch" in loaded
    assert not loaded & SECRET_KEEPING
    assert "cryptography.cobblestone" not in loaded


@pytest.mark.parametrize("path", files(CLIENT / "desk", CLIENT / "review"), ids=lambda path: str(path.relative_to(CLIENT)))
def test_the_desk_has_no_way_to_the_network(path: Path):
    online = {"httpx", "httpcore", "urllib.request", "http.client", "requests", "knothole_client.http", "knothole_client.trust"}
    # Its pages are served to this machine's own loopback: one file may have a socket, and only to listen there.
    serves = path == CLIENT / "review" / "serving.py"
    talks = {"socket", "asyncio.open_connection", "uvicorn"}
    assert not imports(path) & (online if serves else online | talks)
    if serves:
        called = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
        names = [node.func.attr for node in called if isinstance(node.func, ast.Attribute)]
        assert not {"connect", "connect_ex", "create_connection", "open_connection", "sendto", "getaddrinfo"} & set(names)
        [bound] = [ast.unparse(node.args[0]) for node in called if ast.unparse(node.func).endswith(".bind")]
        assert bound == "(LOOPBACK, port)"
        from knothole_client.review import serving

        assert serving.LOOPBACK == "127.0.0.1"


def test_the_desk_knows_of_its_pages_only_where_they_are_asked_for():
    knows = [path for path in files(CLIENT / "desk") if "knothole_client.review" in path.read_text("utf-8")]
    assert knows == [CLIENT / "desk" / "cli" / "serving.py"]
    loaded = loaded_by("import knothole_client.desk.cli")
    assert "knothole_client.desk.cli.serving" in loaded
    assert not {name for name in loaded if name.startswith(("knothole_client.review", "starlette", "uvicorn"))}


@pytest.mark.parametrize("path", files(CLIENT / "sandbox"), ids=lambda path: str(path.relative_to(CLIENT)))
def test_the_sandbox_knows_no_desk(path: Path):
    assert not {name for name in imports(path) if name.startswith(("knothole_client.desk", "knothole_client.review"))}


def test_the_source_does_not_load_the_desk_or_the_courier():
    loaded = loaded_by("import knothole_client.source.cli")
    assert not {name for name in loaded if name.startswith(("knothole_client.desk", "knothole_client.courier"))}
    assert "knothole_keys.open" not in loaded
