"""`courier audit` against a real server: nothing to find on an honest one, and each lie of a hostile one by its own name."""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_client.audit import page, state
from knothole_client.audit.state import held
from knothole_keys import release
from knothole_keys.epoch import DAY
from knothole_keys.languages import LANGUAGES
from tests.client.altering import Change, Sent, altering, audit, codes, command
from tests.client.conftest import MONDAY as NOW
from tests.client.served import Asked, Reply
from tests.support.newsroom import Newsroom

DOCS = Path(__file__).parents[2] / "docs" / "courier.md"


def found(room: Newsroom, change: Change, *more: object) -> tuple[int, list[str]]:
    """Audit through a hostile door."""
    with altering(room.url, change) as (url, _):
        code, report = audit(room, url, *more)
    return code, codes(report)


def at(path: str, put: Callable[[bytes], bytes]) -> Change:
    """Changes the body of one answer."""

    def change(asked: Asked, status: int, body: bytes, headers: dict[str, str]) -> Reply:
        return status, put(body) if asked.path == path else body, headers

    return change


def test_an_honest_server_is_well_twice_in_a_row_and_after_rotations(room: Newsroom, turn: Callable[[int], None]):
    first = audit(room, room.url, "--token-file", room.token)
    assert first[0] == 0, first
    assert first[1]["result"] == "well"
    assert first[1]["first"] is True
    assert audit(room, room.url)[0] == 0

    # A rotation that is seen, then one that is missed: roster 3 is fetched and linked when roster 4 is met.
    for published in (1, 2):
        for _ in range(published):
            turn(NOW + 7 * DAY * published)
            room.publish()
        code, report = audit(room, room.url)
        assert (code, codes(report), report["first"]) == (0, [], False)
    assert report["seen"]["roster"]["version"] == 4
    seen = (room.path / "state" / "seen").read_text()
    assert all(f"\nroster {version} " in seen for version in (1, 2, 3, 4))


def test_an_audit_looks_like_a_browsers_visit_until_the_page_is_shown(room: Newsroom):
    with altering(room.url) as (url, asked):
        assert audit(room, url, "--token-file", room.token)[0] == 0
    visit = [one for one in asked if one.headers["user-agent"].startswith("Mozilla/5.0 ")]
    assert asked[: len(visit)] == visit
    first = next(language for language in LANGUAGES if language.address == visit[0].path)
    assert [one.path for one in visit[1:9]] == [
        "/icon.svg", "/page.css", first.script, "/roots", "/roster", "/worker.js", "/examiner.js", "/words.txt",
    ]  # fmt: skip
    assert {language.address for language in LANGUAGES} <= {one.path for one in visit}
    assert not [one for one in visit if "authorization" in one.headers or "knothole" in json.dumps(one.headers).lower()]
    assert visit[0].headers["sec-fetch-mode"] == "navigate"


def test_whatever_can_run_or_dress_the_page_is_looked_at():
    made = release.installed()
    loaded = {address for language in LANGUAGES for address in page.loaded(made, language)} | {*page.loaded_later(made)}
    assert loaded == made.assets.keys() - {"/licenses.txt"}


def test_what_a_proxy_in_front_adds_is_borne(room: Newsroom):
    def proxied(asked: Asked, status: int, body: bytes, headers: dict[str, str]) -> Reply:
        return status, body, {**headers, "Strict-Transport-Security": "max-age=63072000"}

    assert found(room, proxied) == (0, [])


def without(name: str) -> Change:
    return lambda asked, status, body, headers: (status, body, {k: v for k, v in headers.items() if k.lower() != name})


def having(name: str, value: str, path: str | None = None) -> Change:
    def change(asked: Asked, status: int, body: bytes, headers: dict[str, str]) -> Reply:
        if path in (None, asked.path):
            headers = {**{k: v for k, v in headers.items() if k.lower() != name.lower()}, name: value}
        return status, body, headers

    return change


def packed(put: Callable[[bytes], bytes]) -> Change:
    """Packs the worker's script in the test's own way."""

    def change(asked: Asked, status: int, body: bytes, headers: dict[str, str]) -> Reply:
        return status, Sent(put(body)) if asked.path == "/worker.js" else body, headers

    return change


def gone(asked: Asked, status: int, body: bytes, headers: dict[str, str]) -> Reply:
    return (404, b"{}", headers) if asked.path == "/roster" else (status, body, headers)


LOGIN = b"<!doctype html><title>Welcome to the hotel</title>"
SCRIPT = b"<script>fetch('//evil.example')</script></body>"
HOSTILE: dict[str, tuple[Change, list[str]]] = {
    "one byte of a script": (at("/page.js", lambda body: body[:-1] + b"\x20"), ["asset_changed"]),
    "one byte of the worker": (at("/worker.js", lambda body: body.replace(b"a", b"b", 1)), ["asset_changed"]),
    "a word of the page": (at("/", lambda body: body.replace(b"Leave a message", b"Heave a message")), ["page_changed"]),
    "a word of one language": (at("/fa", lambda body: body.replace("مرورگر".encode(), b"x", 1)), ["page_changed"]),
    "a script of one language": (at("/page.ar.js", lambda body: body + b" "), ["asset_changed"]),
    "a script in one language": (at("/de", lambda body: body.replace(b"</body>", SCRIPT)), ["page_changed", "page_script"]),
    "a longer page": (at("/", lambda body: body + b" "), ["page_changed"]),
    "a script in the page": (at("/", lambda body: body.replace(b"</body>", SCRIPT)), ["page_changed", "page_script"]),
    "no policy": (without("content-security-policy"), ["header_missing"]),
    "a weaker policy": (having("Content-Security-Policy", "default-src *"), ["header_changed"]),
    "a script that is called text": (having("Content-Type", "text/plain", "/page.js"), ["header_changed"]),
    "a cookie": (having("Set-Cookie", "visit=1", "/"), ["header_foreign"]),
    "another onion": (having("Onion-Location", "http://evil.onion/"), ["header_foreign"]),
    "a compressed page": (having("Content-Encoding", "gzip", "/"), ["answer_compressed"]),
    "compressed lists": (having("Content-Encoding", "gzip", "/roots"), ["answer_compressed"]),
    "a compressed permit": (having("Content-Encoding", "gzip", "/permit"), ["answer_compressed"]),
    "a script packed in another way": (having("Content-Encoding", "br", "/page.css"), ["answer_compressed"]),
    "a word of the list": (at("/words.txt", lambda body: body.replace(b"abacus", b"abacas")), ["asset_changed"]),
    "a packed script of two members": (packed(lambda body: gzip.compress(body) * 2), ["answer_foreign"]),
    "a packed script and a byte": (packed(lambda body: gzip.compress(body) + b"x"), ["answer_foreign"]),
    "half a packed script": (packed(lambda body: gzip.compress(body)[:-1]), ["answer_foreign"]),
    "a packed script with a false sum": (packed(lambda body: gzip.compress(body)[:-8] + bytes(8)), ["answer_foreign"]),
    "a script that is only called packed": (packed(lambda body: body), ["answer_foreign"]),
    "another packed script": (packed(lambda body: gzip.compress(body + b" ")), ["asset_changed"]),
    "HTML for roots": (at("/roots", lambda body: LOGIN), ["roots_unreadable"]),
    "HTML for the roster": (at("/roster", lambda body: LOGIN), ["roster_unreadable"]),
    "roots that were changed": (at("/roots", lambda body: body.replace(b"Example", b"Exampel")), ["roots_unsigned"]),
    "a roster that was changed": (at("/roster", lambda body: body.replace(b"Ann", b"Eve")), ["roster_unsigned"]),
    "no roster": (gone, ["roster_missing"]),
    "endless roots": (at("/roots", lambda body: body + b"x" * 2**23), ["answer_endless"]),
    "an endless script": (at("/page.js", lambda body: body + b" " * 2**24), ["answer_endless"]),
    "a longer bitmap": (at("/boxes/missing", lambda body: body + b"\0"), ["answer_endless", "answer_endless"]),
    "a permit that is not padded": (at("/permit", lambda body: body.strip()), ["answer_size"]),
    "a permit that is none": (at("/permit", lambda body: LOGIN.ljust(16384)), ["answer_foreign"]),
}  # fmt: skip


@pytest.mark.whole
def test_each_lie_has_its_own_name_and_is_found_again_until_it_ends(room: Newsroom):
    assert audit(room, room.url)[0] == 0
    for name, (change, expected) in HOSTILE.items():
        assert found(room, change) == (1, expected), name
        assert found(room, change) == (1, expected), name
        assert audit(room, room.url)[0] == 0, name
    kept = list((room.path / "state" / "evidence").iterdir())
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in kept)
    assert any(SCRIPT in path.read_bytes() for path in kept)


@pytest.mark.whole
def test_a_server_that_lies_anew_to_each_audit_does_not_fill_the_disk(room: Newsroom, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(state, "MOST_EVIDENCE", 3 * 2**20)
    folder = room.path / "state" / "evidence"
    kept: list[set[str]] = []
    for turn in range(4):
        lie = at("/page.js", lambda body, turn=turn: body.ljust(2**20, b"%d" % turn))
        code, names = found(room, lie)
        assert code == 1
        assert names == ["asset_changed"] + ["evidence_full"] * (turn == 3)
        kept.append({path.name for path in folder.iterdir()})
    assert len(kept[2]) == 3
    assert kept[3] == kept[2], "the oldest stay"
    # What is there already needs no room.
    assert found(room, at("/page.js", lambda body: body.ljust(2**20, b"0")))[1] == ["asset_changed"]


def test_a_board_that_is_cut_within_a_slot_is_noticed_by_who_has_a_token(room: Newsroom):
    cut = at("/board", lambda body: body + b"x")
    assert found(room, cut, "--token-file", room.token) == (1, ["answer_size"])
    assert found(room, cut) == (0, [])


def test_people_are_told_what_was_compared_and_the_root_may_be_a_file(room: Newsroom):
    arguments = ["courier", "audit", room.url, "--root", room.drop / "root.note", "--state", room.path / "state"]
    code, out, err = command(*arguments)
    assert (code, err) == (0, "")
    assert out.startswith("All is well")
    assert f"manifest SHA-256 {release.installed().hash.hex()}" in out
    with held(room.path / "state", "audit"):
        code, out, err = command(*arguments)
    assert (code, out, "Another `courier audit`" in err) == (1, "", True)


def test_without_a_release_to_compare_with_nothing_is_called_well(
    room: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    arguments = ["courier", "audit", room.url, "--root", room.fingerprint, "--state", room.path / "state"]
    copy = tmp_path / "release"
    shutil.copytree(release.FOLDER, copy)
    installed = release.installed
    monkeypatch.setattr(release, "installed", lambda: installed(copy))
    (copy / "page.html").write_text("<p>another template</p>")
    assert "damaged" in command(*arguments)[2]
    shutil.rmtree(copy)
    code, out, err = command(*arguments)
    assert (code, out, "make page" in err) == (1, "", True)
