"""`knothole server`: what an operator types, and the one sentence that comes back when it cannot be."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from knothole_keys import clock
from knothole_keys.errors import KnotholeError
from knothole_keys.languages import LANGUAGES
from knothole_keys.page import PADDED
from knothole_keys.root import Chain, fingerprint
from knothole_server import cli, page
from knothole_server.config import BUILT, Config
from knothole_server.page import read_assets, render
from tests.server.serving import Served, copy_drop, fake_built, serving, wait_for
from tests.support.drop import Drop


@pytest.fixture
def root_file(tmp_path: Path, small_drop: Drop) -> Path:
    (tmp_path / "root.note").write_bytes(small_drop.chain_bytes)
    return tmp_path / "root.note"


@pytest.fixture
def made(tmp_path: Path, root_file: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A directory made by `init`, on a page that the test made."""
    built = fake_built(tmp_path / "built")
    monkeypatch.setattr(cli, "Config", lambda directory: Config(directory, built))
    assert call("init", str(tmp_path / "drop"), "--root", str(root_file)).exit_code == 0
    return Config(tmp_path / "drop", built)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli.server, list(arguments))


def refusal(*arguments: str) -> str:
    result = call(*arguments)
    assert isinstance(result.exception, KnotholeError), result.output
    sentence = str(result.exception)
    assert "\n" not in sentence
    assert sentence.endswith((".", "?"))
    return sentence


def test_init_makes_a_private_directory(made: Config, small_drop: Drop) -> None:
    assert stat.S_IMODE(made.directory.stat().st_mode) == 0o700
    for path in made.directory.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    assert small_drop.drop_id.hex() in made.page.read_text()


def test_init_prints_the_fingerprint(
    tmp_path: Path, root_file: Path, small_drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = fake_built(tmp_path / "built")
    monkeypatch.setattr(cli, "Config", lambda directory: Config(directory, built))
    result = call("init", str(tmp_path / "drop"), "--root", str(root_file))
    assert fingerprint(small_drop.drop_id) in result.output


def test_init_leaves_a_directory_that_has_something_in_it(made: Config, root_file: Path) -> None:
    before = made.state.read_bytes()
    assert "not empty" in refusal("init", str(made.directory), "--root", str(root_file))
    assert made.state.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"hello", b"{}\n\n"])
def test_init_refuses_what_is_no_root(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "root.note").write_bytes(content)
    refusal("init", str(tmp_path / "drop"), "--root", str(tmp_path / "root.note"))
    assert not (tmp_path / "drop").exists()


def test_init_refuses_an_expired_root(
    tmp_path: Path, root_file: Path, small_drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: small_drop.chain.current.expires)
    assert "expired" in refusal("init", str(tmp_path / "drop"), "--root", str(root_file))


def test_init_without_a_built_page_says_how_to_build_it(
    tmp_path: Path, root_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "Config", lambda directory: Config(directory, tmp_path / "nowhere"))
    assert "make page" in refusal("init", str(tmp_path / "drop"), "--root", str(root_file))
    assert not (tmp_path / "drop").exists()


@pytest.mark.parametrize(
    "command",
    [
        ["run", "DIR"],
        ["status", "DIR"],
        ["doctor", "DIR"],
        ["courier-token", "DIR"],
        ["rotate-secret", "DIR"],
        ["difficulty", "DIR", "3"],
    ],
)
def test_commands_on_no_drop_say_how_to_make_one(tmp_path: Path, command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    # `run` in this process must not change the test run's own limits.
    monkeypatch.setattr("knothole_server.serve.be_silent", lambda: None)
    command = [str(tmp_path / "nowhere") if word == "DIR" else word for word in command]
    assert "knothole server init" in refusal(*command)
    assert not (tmp_path / "nowhere").exists()


def test_status_counts(made: Config, small_drop: Drop, tmp_path: Path) -> None:
    found = json.loads(call("status", str(made.directory), "--json").output)
    assert (found["roster"], found["sealing"], found["epochs"]) == (None, False, [])
    (tmp_path / "roster.note").write_bytes(small_drop.roster_bytes)
    told = call("publish", str(made.directory), str(tmp_path / "roster.note"))
    assert "Roster 1" in told.output
    assert "2 recipients" in told.output
    found = json.loads(call("status", str(made.directory), "--json").output)
    assert found["fingerprint"] == fingerprint(small_drop.drop_id)
    assert found["roster"]["version"] == 1
    assert found["sealing"] is True
    assert "sealing is on" in call("status", str(made.directory)).output


def test_status_and_doctor_work_beside_a_running_server(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "Config", lambda directory: served.config)
    for _ in range(3):
        served.put(os.urandom(16), served.fake_box())
    served.http.post("/courier/slots", content=bytes(2048), headers=served.bearer)
    found = json.loads(call("status", str(served.config.directory), "--json").output)
    assert found["slots"] == 1
    week = next(one for one in found["epochs"] if one["epoch"] == served.drop.epoch)
    assert (week["boxes"], week["damaged"], week["free"]) == (3, 0, 13)
    assert "All is well" in call("doctor", str(served.config.directory)).output


def test_doctor_names_what_is_damaged(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "Config", lambda directory: served.config)
    ids = [os.urandom(16) for _ in range(3)]
    for box_id in ids:
        served.put(box_id, served.fake_box())
    slab = served.opened.store.slabs[served.drop.epoch]
    with slab.path.open("r+b") as file:
        file.seek(slab.shape.place_offset(slab.index[ids[0]][0]) + 200_000)
        file.write(b"flipped")
        file.seek(slab.shape.entry_offset(slab.index[ids[1]][0]) + 20)
        file.write(b"flipped")
    result = call("doctor", str(served.config.directory))
    assert isinstance(result.exception, KnotholeError)
    assert ids[0].hex() in result.output
    assert f"damaged entry at place {slab.index[ids[1]][0]}" in result.output
    assert ids[2].hex() not in result.output
    assert str(result.exception) == "The doctor found 2 things to see to."


def test_doctor_sees_an_open_door_a_foreign_page_and_a_broken_slab(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "Config", lambda directory: served.config)
    served.config.directory.chmod(0o755)
    served.config.page.write_text("<html>another page</html>")
    (served.config.slabs / "1.slab").write_bytes(b"nothing")
    output = call("doctor", str(served.config.directory)).output
    assert "chmod 700" in output
    assert "not the page" in output
    assert "1.slab cannot be read" in output


def test_the_real_template_renders_in_every_language_to_one_length(small_drop: Drop) -> None:
    rendered = render(BUILT, small_drop.chain)
    assert list(rendered) == list(LANGUAGES)
    assert {len(body) % PADDED for body in rendered.values()} == {0}
    assert len({len(body) for body in rendered.values()}) == 1, "the length would tell the language"
    for language, body in rendered.items():
        text = body.decode()
        assert fingerprint(small_drop.drop_id) in text
        assert f'<html lang="{language.tag}" dir="{language.dir}"' in text
        assert text.count('aria-current="page"') == 1
        assert "{" not in text


def test_a_drops_name_cannot_become_markup(tmp_path: Path, small_drop: Drop) -> None:
    evil = replace(small_drop.chain.roots[0], drop="<script>alert(1)</script>")
    rendered = render(fake_built(tmp_path / "built"), Chain((evil,)))
    assert not any(b"<script>" in page for page in rendered.values())


def test_the_page_is_renewed_when_a_release_changes_it(served: Served, tmp_path: Path) -> None:
    copied = copy_drop(served.config, tmp_path / "copy")
    (copied.built / "page.html").write_text("<p>a newer page of {{ drop }}</p>")
    with serving(served.drop, copied) as again:
        assert "a newer page of The Test Drop" in again.http.get("/").text


def test_a_file_of_an_unknown_kind_is_not_served(tmp_path: Path) -> None:
    built = fake_built(tmp_path / "built")
    (built / "page.exe").write_bytes(b"")
    with pytest.raises(KnotholeError):
        read_assets(built)
    assert page.TEMPLATE not in {address.strip("/") for address in read_assets(fake_built(tmp_path / "other"))}


@pytest.mark.parametrize("unix", [False, True])
def test_run_serves_until_it_is_told_to_stop(made: Config, unix: bool) -> None:
    where = made.directory / "drop.socket"
    script = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from knothole_server import cli
from knothole_server.config import Config, Limits
limits = Limits(first_extent=0, later_extent=0)
cli.Config = lambda directory: Config(directory, Path({str(made.built)!r}), limits)
cli.server()
"""
    options = ["--uds", str(where)] if unix else ["--port", "0"]
    command = [sys.executable, "-I", "-c", script, "run", str(made.directory), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        line = running.stdout.readline()
        assert "The Test Drop" in line, running.stderr.read()
        if unix:
            wait_for(where.is_socket)
            client = httpx.Client(transport=httpx.HTTPTransport(uds=str(where), retries=3), base_url="http://drop")
        else:
            address = next(word for word in line.split() if word.startswith("http://"))
            client = httpx.Client(base_url=address, transport=httpx.HTTPTransport(retries=3))
        with client:
            assert "The Test Drop" in client.get("/").text
        running.send_signal(signal.SIGINT)
        assert running.wait(20) in (0, 1, -signal.SIGINT)
        assert "Traceback" not in running.stderr.read()
    assert not where.exists()


def test_a_port_that_is_taken_is_one_sentence(made: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knothole_server.serve.be_silent", lambda: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "cannot be used" in refusal("run", str(made.directory), "--port", str(taken.getsockname()[1]))
    # The failed start let go of the directory.
    assert "Another server" not in refusal("run", str(made.directory), "--host", "256.0.0.1")


@pytest.mark.parametrize("words", [["--days", "0"], ["--days", "367"], ["--days", "x"]])
def test_a_token_for_no_time_or_for_ever_is_wrong_usage(made: Config, words: list[str]) -> None:
    assert call("courier-token", str(made.directory), *words).exit_code == 2
