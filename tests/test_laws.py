"""The laws of the house, kept over every file: who imports whom, who may touch which primitive, and how files look."""

import ast
import builtins
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from knothole_keys.board import BOARD_LIMIT, SLOT

HOUSE = Path(__file__).parents[1]
ROOMS = {name: HOUSE / room / name for room in ("keys", "server", "client") for name in [f"knothole_{room}"]}
MODULES = {path: name for name, folder in ROOMS.items() for path in sorted(folder.rglob("*.py"))}

# The verifying half of keys, and what it stands on: all that a server may have in memory.
VERIFYING = {
    "board", "box", "boxes_file", "canonical", "clock", "epoch", "errors", "fields", "files", "languages", "names", "note",
    "page", "proof",
    "recipient", "root", "roster", "running_out", "trial",
}  # fmt: skip
MAY_IMPORT = {
    "knothole_keys": {"knothole_keys"},
    "knothole_server": {"knothole_server", *(f"knothole_keys.{name}" for name in VERIFYING)},
    "knothole_client": {"knothole_client", "knothole_keys"},
}
# Outside of keys nobody names a primitive but these, each where it is: the vault's records are secret boxes, and its key
# slots sealed ones.
PRIMITIVES = {
    "knothole_client/desk": {
        "nacl.secret", "nacl.secret.SecretBox", "nacl.exceptions", "nacl.exceptions.CryptoError",
        "nacl.public", "nacl.public.SealedBox", "nacl.public.PrivateKey", "nacl.public.PublicKey",
    },
}  # fmt: skip
SANDBOX = "knothole_client.sandbox"
HASHES = {"sha256", "file_digest", "shake_256"}
CAN_SEAL_OPEN_OR_SIGN = (
    "knothole_keys.seal", "knothole_keys.open", "knothole_keys.sign", "knothole_keys.letter", "knothole_keys.codename",
    "knothole_keys.stream", "knothole_keys.merkle", "knothole_keys.kdf", "knothole_keys.xwing", "knothole_keys.secret",
    "knothole_keys.enrolment", "knothole_keys.admin", "knothole_keys.cli", "knothole_client", "cryptography.cobblestone",
    "cryptography.hazmat.primitives.hpke", "cryptography.hazmat.primitives.ciphers.aead", "cryptography.hazmat.primitives.kdf",
    "knothole_keys.card", "nacl.secret", "nacl.pwhash", "nacl.hash", "nacl.hashlib",
)  # fmt: skip


def module(path: Path) -> str:
    return str(path.relative_to(HOUSE))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imports(path: Path) -> set[str]:
    """Every module that a file names; of `from x import y` both x (but for the bare packages) and x.y."""
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module(path)} imports relatively."
            assert node.module
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
            found |= set() if node.module in ROOMS else {node.module}
    return found


def within(name: str, allowed: set[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in allowed)


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_rooms_import_only_their_neighbours(path: Path) -> None:
    room = MODULES[path]
    ours = {name for name in imports(path) if name.split(".")[0] in ROOMS}
    foreign = {name for name in ours if not within(name, MAY_IMPORT[room])}
    if room == "knothole_server":
        foreign -= {"knothole_keys.__version__"}
    assert not foreign


def test_the_sandbox_knows_nothing_of_the_desk_and_one_command_of_the_review_desk() -> None:
    for path in MODULES:
        inside, ours = module(path).removeprefix("client/knothole_client/"), imports(path)
        if inside.startswith("sandbox/"):
            assert not {name for name in ours if name.startswith("knothole_") and not within(name, {SANDBOX})}
        if not inside.startswith("review/") and inside != "desk/cli/serving.py":
            assert not {name for name in ours if within(name, {"knothole_client.review"})}


@pytest.mark.parametrize("path", [path for path, room in MODULES.items() if room != "knothole_keys"], ids=module)
def test_primitives_are_named_in_keys_and_where_the_law_says(path: Path) -> None:
    allowed = {name for folder, names in PRIMITIVES.items() if f"/{folder}/" in f"/{module(path)}" for name in names}
    assert {name for name in imports(path) if name.split(".")[0] in ("nacl", "cryptography", "Crypto", "ssl")} <= allowed


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_hashes_and_randomness_are_the_strong_ones(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert node.value.id != "hashlib" or node.attr in HASHES
            # Waiting a random while is all that the other generator is good for.
            assert node.value.id != "random" or node.attr == "uniform"
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "hmac.digest":
            assert ast.literal_eval(node.args[2]) == "sha256"
    weak = {"random", "uuid", "hashlib", "hmac"}
    assert not {name for name in imports(path) if "." in name and name.split(".")[0] in weak}


def loaded_by(*modules: str) -> set[str]:
    script = "import sys\n" + "\n".join(f"import {name}" for name in modules) + "\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_running_server_has_no_code_that_seals_opens_or_signs() -> None:
    loaded = loaded_by("knothole_server.app", "knothole_server.serve")
    assert {"knothole_keys.roster", "knothole_keys.note", "uvicorn"} <= loaded
    assert not {name for name in loaded if within(name, set(CAN_SEAL_OPEN_OR_SIGN))}


def test_the_servers_commands_load_no_more_than_the_server() -> None:
    loaded = loaded_by("knothole_server.cli")
    assert "knothole_keys.root" in loaded
    assert not {name for name in loaded if within(name, set(CAN_SEAL_OPEN_OR_SIGN))}


def test_the_server_verifies_and_never_names_a_signing_key() -> None:
    """PyNaCl has signing beside verifying in one module, so that much is loaded; that it is unused shows in the text alone."""
    for path, room in MODULES.items():
        named = {node.attr for node in ast.walk(parsed(path)) if isinstance(node, ast.Attribute)} | {
            node.id for node in ast.walk(parsed(path)) if isinstance(node, ast.Name)
        }
        if room == "knothole_server" or (room == "knothole_keys" and path.parent == ROOMS[room] and path.stem in VERIFYING):
            assert not named & {"SigningKey", "sign", "SecretBox", "SealedBox", "decrypt", "encrypt", "decapsulate"}, module(
                path
            )


def test_a_desk_and_a_source_load_neither_server_nor_each_other() -> None:
    desk, source = loaded_by("knothole_client.desk.cli"), loaded_by("knothole_client.source.cli")
    assert not {name for name in desk | source if within(name, {"knothole_server", "starlette", "uvicorn.server"})} - {
        "starlette"
    }
    assert not {name for name in desk if within(name, {"knothole_client.source", "httpx"})}
    assert not {name for name in source if within(name, {"knothole_client.desk", "knothole_keys.open"})}


def public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                inner = [one for one in node.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))]
                yield from (one for one in inner if not one.name.startswith("_"))


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_what_is_public_says_what_it_is(path: Path) -> None:
    tree = parsed(path)
    assert ast.get_docstring(tree), "The module has no docstring."
    assert not [node.name for node in public(tree) if not ast.get_docstring(node)]


def sentence(node: ast.expr) -> str | None:
    """The text of a message, its variable parts as x; None for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    return None


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_refusals_are_one_sentence(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        raised = node.exc if isinstance(node, ast.Raise) else None
        if not isinstance(raised, ast.Call) or not raised.args or hasattr(builtins, ast.unparse(raised.func)):
            continue
        text = sentence(raised.args[0])
        if text is not None:
            assert re.fullmatch(r"[^\n]+([^.][.?]|x)", text), f"{module(path)}:{raised.lineno}: {text}"


SOURCES = [
    path
    for folder in ("keys", "server", "client", "tests", "bench", "scripts")
    for path in sorted((HOUSE / folder).rglob("*"))
    if path.suffix in {".py", ".js", ".mjs", ".css", ".html", ".sh"} and not {"node_modules", "built"} & set(path.parts)
]


def test_no_file_is_longer_than_a_person_reads() -> None:
    assert len(SOURCES) > 100
    assert not [module(path) for path in SOURCES if len(path.read_text("utf-8").splitlines()) > 400]


def test_nothing_is_put_off() -> None:
    """No note to oneself, no test that is switched off, no debugging left behind."""
    put_off = re.compile(
        r"\b(TODO|FIXME|XXX|HACK)\b|pytest\.(skip|xfail)|mark\.(skip|xfail)|\b(test|describe)\.(skip|only|todo)\("
    )
    left = [module(path) for path in SOURCES if path != Path(__file__) and put_off.search(path.read_text("utf-8"))]
    assert not left
    for path in MODULES:
        calls = {ast.unparse(node.func) for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)}
        assert not calls & {"breakpoint", "pdb.set_trace", "eval", "exec", "pickle.loads", "os.system"}, module(path)
        assert not [node for node in ast.walk(parsed(path)) if isinstance(node, ast.Assert)], (
            f"{module(path)} guards by assert."
        )


@pytest.mark.parametrize(
    "page", [*sorted(HOUSE.glob("*.md")), *sorted((HOUSE / "docs").rglob("*.md"))], ids=lambda page: page.name
)
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    """What SECURITY.md says to show a promise, above all."""
    named = re.findall(r"`((?:tests|server|keys|client|scripts|docs|bench)/[A-Za-z0-9_./-]+)`", page.read_text("utf-8"))
    assert not [path for path in named if not (HOUSE / path).exists()]


def test_every_promise_names_its_tests() -> None:
    text = (HOUSE / "SECURITY.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d) \| (.*) \|$", text, re.MULTILINE)
    assert [number for number, _ in rows] == [str(number) for number in range(1, 9)]
    assert all(re.search(r"`[a-z_/]+test[A-Za-z0-9_./-]*`", tests) for _, tests in rows)


def test_page_and_server_agree_on_the_longest_board():
    found = re.search(r"MAX_BOARD = (\d+) \* (\d+) \* SLOT", (HOUSE / "server" / "web" / "api.js").read_text("utf-8"))
    assert found
    assert int(found[1]) * int(found[2]) * SLOT == BOARD_LIMIT
