"""What every answer looks like from outside, and that the server says nothing else to anybody."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from knothole_keys.languages import LANGUAGES
from knothole_server import boxes
from knothole_server.config import Limits
from tests.server.serving import Served, lay_out, process, serving
from tests.support.drop import Drop

WANTED = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
}
BANNED = ("server", "date", "etag", "last-modified", "set-cookie", "content-encoding", "location", "x-powered-by")

ASK: dict[str, Callable[[Served], httpx.Response]] = {
    "page": lambda s: s.http.get("/"),
    "page head": lambda s: s.http.head("/"),
    "script": lambda s: s.http.get("/page.js"),
    "roots": lambda s: s.http.get("/roots"),
    "roster": lambda s: s.http.get("/roster"),
    "old roster": lambda s: s.http.get("/rosters/1"),
    "permit": lambda s: s.http.get("/permit"),
    "board": lambda s: s.http.get("/board"),
    "missing": lambda s: s.http.post("/boxes/missing", content=bytes(16_388)),
    "stored": lambda s: s.put(os.urandom(16), s.fake_box()),
    "not a box": lambda s: s.put(os.urandom(16), bytes(s.drop.geometry().size)),
    "no permit": lambda s: s.http.put(f"/boxes/{s.drop.epoch}/{'00' * 16}", content=s.fake_box()),
    "old epoch": lambda s: s.put(os.urandom(16), s.fake_box(), epoch=3),
    "no length": lambda s: s.http.post("/boxes/missing", content=iter([b"x"])),
    "no token": lambda s: s.http.get("/courier/boxes?epoch=1"),
    "list": lambda s: s.http.get("/courier/boxes?epoch=1", headers=s.bearer),
    "posted": lambda s: s.http.post("/courier/slots", content=bytes(2048), headers=s.bearer),
    "not found": lambda s: s.http.get("/nothing"),
    "template": lambda s: s.http.get("/page.html"),
    "slash": lambda s: s.http.get("/board/"),
    "climbing": lambda s: s.http.get("/..%2f..%2fstate.db"),
    "wrong method": lambda s: s.http.delete("/board"),
    "own method": lambda s: s.http.request("BREW", "/board"),
}
JSON = {
    "permit", "stored", "not a box", "no permit", "old epoch", "no length", "no token", "posted", "not found", "template",
    "slash", "climbing", "wrong method",
}  # fmt: skip


@pytest.mark.parametrize("name", ASK)
def test_every_answer_has_the_headers_and_no_other_words(shared: Served, name: str) -> None:
    answer = ASK[name](shared)
    for header, value in WANTED.items():
        assert answer.headers[header] == value
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "camera=()" in answer.headers["permissions-policy"]
    for header in BANNED:
        assert header not in answer.headers
    if name in JSON:
        assert answer.headers["content-type"] == "application/json"
        assert len(answer.content) == 16_384
        assert isinstance(answer.json(), dict)


@pytest.mark.parametrize("request_line", ["GARBAGE", "GET / HTTP/9.9", "GET", "GET /\x00 HTTP/1.1", "\x16\x03\x01\x02"])
def test_what_is_not_http_is_answered_in_the_same_way(shared: Served, request_line: str) -> None:
    answer = shared.raw(request_line.encode() + b"\r\n\r\n", shut=True)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    for header, value in WANTED.items():
        assert f"\r\n{header}: {value}".encode() in head
    assert len(body) == 16_384
    assert b'"error"' in body


PACKED = ("/page.js", "/page.css", "/words.txt", "/icon.svg")


def test_fixed_files_come_packed_to_whoever_takes_that_and_as_they_are_to_others(shared: Served) -> None:
    for path in PACKED:
        plain = (shared.config.built / path.strip("/")).read_bytes()
        packed = [shared.http.get(path, headers={"Accept-Encoding": accepted}) for accepted in TAKES]
        assert all(answer.headers["content-encoding"] == "gzip" and answer.content == plain for answer in packed)
        # One stream, made once, without the hour at which it was made.
        raw = {raw_body(shared, path, accepted) for accepted in TAKES}
        assert len(raw) == 1
        assert raw.pop()[:8] == bytes.fromhex("1f8b0800 00000000")
        for accepted in LEAVES:
            answer = shared.http.get(path, headers={"Accept-Encoding": accepted})
            assert "content-encoding" not in answer.headers
            assert answer.content == plain
        assert {"vary", "etag"}.isdisjoint(packed[0].headers)


TAKES = ("gzip", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.5", "GZIP")
LEAVES = ("identity", "", "br", "gzip;q=0", "gzip; q=0.000", "x-gzip2", "deflate")


def raw_body(shared: Served, path: str, accepted: str) -> bytes:
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {accepted}\r\nConnection: close\r\n\r\n"
    return shared.raw(head.encode()).partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("name", ["page", "roots", "roster", "old roster", "permit", "board", "missing", "list", "not found"])
def test_whatever_is_not_the_same_in_every_drop_is_never_packed(shared: Served, name: str) -> None:
    with httpx.Client(base_url=shared.http.base_url, headers={"Accept-Encoding": "gzip, deflate, br, zstd"}) as http:
        greedy = replace(shared, http=http)
        assert "content-encoding" not in ASK[name](greedy).headers
        assert "content-encoding" not in http.get("/facts.json").headers


def test_page_and_json_have_one_length(shared: Served) -> None:
    assert {len(shared.http.get(path).content) for path in ("/", "/permit", "/nothing")} == {16_384}


def test_the_page_names_the_drop(shared: Served) -> None:
    page = shared.http.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f'data-drop-id="{shared.drop.drop_id.hex()}"' in page.text
    assert "The Test Drop" in page.text


def test_a_failure_tells_nothing_of_itself(
    shared: Served, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("the source's secret")

    monkeypatch.setattr(boxes, "_check_before_body", fail)
    answer = shared.put(os.urandom(16), shared.fake_box())
    assert answer.status_code == 500
    assert len(answer.content) == 16_384
    assert "secret" not in answer.text
    assert "KeyError" not in answer.text
    said = capfd.readouterr()
    assert "secret" not in said.out + said.err


def test_a_whole_visit_leaves_no_word_and_no_file(tmp_path: Path, small_drop: Drop) -> None:
    config = lay_out(tmp_path, small_drop)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = f"import os, tempfile; os.chdir({str(scratch)!r}); tempfile.tempdir = {str(scratch)!r}"
    with process(config, before) as (running, port):
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
            permit = http.get("/permit").json()["permit"]
            geometry = small_drop.geometry()
            headers = {"Knothole-Permit": permit, "Knothole-Proof": "0"}
            path = f"/boxes/{small_drop.epoch}/{'ab' * 16}"
            assert http.put(path, content=geometry.prefix + bytes(geometry.size - 16), headers=headers).status_code == 201
            assert http.put(path, content=bytes(geometry.size), headers=headers).status_code == 400
            assert http.get("/nothing?codename=eight+words").status_code == 404
        running.terminate()
        running.wait(20)
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.read() == ""
        assert running.stderr.read() == ""
    assert list(scratch.iterdir()) == []
    names = {path.name for path in config.directory.rglob("*") if path.is_file()}
    assert {name for name in names if not re.fullmatch(r"\d+\.slab", name)} <= {
        "lock",
        *(language.page for language in LANGUAGES),
        "state.db",
        "state.db-journal",
    }
    assert all(b"127.0.0.1" not in path.read_bytes() for path in config.directory.rglob("*") if path.is_file())


def test_the_first_answer_has_the_headers_already(small_drop: Drop, tmp_path: Path) -> None:
    # uvicorn fills in its default headers at a tick that comes after the socket is open.
    with serving(small_drop, lay_out(tmp_path, small_drop, Limits(first_extent=0, later_extent=0))) as served:
        assert served.http.get("/nothing").headers["cache-control"] == "no-store"
