"""A live server that lies: it serves the real page, and lists that the administrators did not sign, or signed for something
else. The page stops before a file is touched, sends nothing, and says so in words for somebody who is afraid.

What a page can know, and what not:

* Every list is checked against the drop_id in the page. Whoever changes a list without the administrators' keys is found
  out at once, on the first visit: a changed key or name, another drop's roster, a roster of administrators who have left.
* An older list is found out by a page that has seen a newer one. On a first visit it knows no other: an older roster that
  is still in force, or a chain that ends before the newest root, is taken. The roster's expiry is what bounds that.
* The page cannot check its own root. A server that puts *its* drop into the page shows *its* fingerprint, and nothing else
  gives it away; the last test here says so. The printed fingerprint, the command line and people outside stand against it.
* A key that no library can seal to can stand in a roster only if the administrators signed it. That, too, the page finds
  before it touches a file.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from knothole_keys import fields, note, root
from knothole_keys.root import Chain, fingerprint
from knothole_keys.sign import Signer, new_note
from tests.client.served import Asked, Reply, lie
from tests.support.browsers import Started, confirm_codename
from tests.support.drop import Drop, make_drop
from tests.support.newsroom import Newsroom

# A file is read where these are called, or in a worker that was handed it. Counted, not prevented.
WATCH_FILES = """
window.touched = [];
const note = (what) => window.touched.push(what);
for (const name of ["slice", "stream", "arrayBuffer", "text", "bytes"]) {
  const real = Blob.prototype[name];
  if (real) Blob.prototype[name] = function (...given) {
    if (this instanceof File) note(name);
    return real.apply(this, given);
  };
}
for (const name of ["readAsArrayBuffer", "readAsBinaryString", "readAsDataURL", "readAsText"]) {
  const real = FileReader.prototype[name];
  FileReader.prototype[name] = function (...given) { note(name); return real.apply(this, given); };
}
const holds = (value) => value instanceof Blob ||
  (value !== null && typeof value === "object" && !ArrayBuffer.isView(value) && Object.values(value).some(holds));
// The examiner tells the source, on her own screen, what a chosen file says of itself. It makes no request: another test
// sees to that. What counts here is what is read to be sealed and sent.
const examiners = new WeakSet();
window.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
    if (String(given[0]).endsWith("/examiner.js")) examiners.add(this);
  }
};
const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (...given) {
  if (holds(given[0]) && !examiners.has(this)) note("postMessage");
  return post.apply(this, given);
};
"""
FILE = {"name": "evidence.pdf", "mimeType": "application/pdf", "buffer": b"%PDF" + bytes(500_000)}
KEPT_HEADERS = ("content-type", "content-security-policy", "cache-control", "x-content-type-options", "referrer-policy")


@dataclass
class Hostile:
    """A server between the browser and an honest one; `lies` has what it answers instead, by path."""

    url: str
    honest: str
    drop: Drop
    asked: list[Asked]
    lies: dict[str, bytes] = field(default_factory=dict)

    @property
    def puts(self) -> list[str]:
        return [one.path for one in self.asked if one.method == "PUT"]


@pytest.fixture
def drop() -> Drop:
    return make_drop(admins=3, threshold=2, recipients=["Dana", "Lee"])


@contextlib.contextmanager
def served(room: Newsroom, drop: Drop) -> Iterator[str]:
    """An honest server of a drop whose administrators' keys are at hand."""
    folder = room.path / drop.drop_id.hex()[:8]
    folder.mkdir()
    (folder / "root.note").write_bytes(drop.chain_bytes)
    (folder / "roster.note").write_bytes(drop.roster_bytes)
    inner = Newsroom(folder)
    inner("server", "init", folder / "server", "--root", folder / "root.note")
    inner("server", "publish", folder / "server", folder / "roster.note")
    with inner.serving() as url:
        yield url


@pytest.fixture
def hostile(tmp_path: Any, drop: Drop) -> Iterator[Hostile]:
    with served(Newsroom(tmp_path), drop) as honest, httpx.Client(base_url=honest) as http:
        made: list[Hostile] = []

        def answer(asked: Asked) -> Reply:
            sent = {name: value for name, value in asked.headers.items() if name.startswith("knothole-")}
            true = http.request(asked.method, asked.path, content=asked.body, headers=sent)
            body = made[0].lies.get(asked.path, true.content)
            return true.status_code, body, {n: true.headers[n] for n in KEPT_HEADERS if n in true.headers}

        with lie(answer) as (url, asked):
            made.append(Hostile(url, honest, drop, asked))
            yield made[0]


# The lies.


def roster_value(drop: Drop) -> dict[str, Any]:
    return note.parse(drop.roster_bytes).value


def unsigned(drop: Drop, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The newest roster with a change, under the signatures of the true one."""
    value = roster_value(drop)
    change(value)
    text = new_note(value, drop.admins[:1]).data.split(b"\n\n")[0]
    return text + b"\n\n" + drop.roster_bytes.split(b"\n\n")[1]


def signed(drop: Drop, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The newest roster with a change, signed anew by as many administrators as must."""
    value = roster_value(drop)
    change(value)
    return new_note(value, drop.admins[:2]).data


def keys_swapped(value: dict[str, Any]) -> None:
    first, second = value["recipients"]
    first["epochs"], second["epochs"] = second["epochs"], first["epochs"]


def another_name(value: dict[str, Any]) -> None:
    value["recipients"][0]["name"] = "Somebody Else"


def one_more_reader(value: dict[str, Any]) -> None:
    mole = make_drop(recipients=["Mole"])
    value["recipients"].append(roster_value(mole)["recipients"][0])
    value["recipients"].sort(key=lambda one: one["id"])


def key_of_all_ones(_: bytes) -> bytes:
    """No ML-KEM key: its coefficients are not reduced."""
    return b"\xff" * 1216


def key_of_small_order(true: bytes) -> bytes:
    """A sound ML-KEM half beside an X25519 point that gives the all-zero secret to everybody."""
    return true[:1184] + bytes(32)


def bad_key(drop: Drop, change: Callable[[bytes], bytes]) -> tuple[bytes, str]:
    """The next roster, rightly signed, in which one reader's key of this week cannot be sealed to; and whose it is."""
    value = roster_value(drop)
    value |= {"version": value["version"] + 1, "previous": drop.roster.hash.hex()}
    reader = value["recipients"][0]
    (item,) = (item for item in reader["epochs"] if item["epoch"] == drop.epoch)
    true = drop.recipients[reader["id"]].epochs[drop.epoch]
    item["key"] = fields.to_base64(change(true))
    return new_note(value, drop.admins[:2]).data, reader["name"]


def other_administrators(drop: Drop) -> tuple[Chain, list[Signer]]:
    """The next chain: the third administrator's key was lost, a fourth comes; and who signs from now on."""
    last = drop.chain.current
    fourth = Signer("admin-04", b"\x04" * 32)
    now = [*drop.admins[:2], fourth]
    value = {
        **last.note.value,
        "version": last.version + 1,
        "drop_id": drop.drop_id.hex(),
        "previous": last.note.hash.hex(),
        "issued": drop.now,
        "admins": [{"key": one.public.key.hex(), "name": one.public.name} for one in now],
    }
    return root.join([*drop.chain.roots, root.read_root(new_note(value, now))]), now


def under_new_root(drop: Drop, signers: list[Signer]) -> bytes:
    """The next roster, made for the second root, signed by these."""
    value = roster_value(drop)
    value |= {"version": value["version"] + 1, "previous": drop.roster.hash.hex(), "root_version": 2}
    return new_note(value, signers).data


# What the page does.


def visit(browser: Started, hostile: Hostile) -> Page:
    page = browser.new_page()
    page.add_init_script(WATCH_FILES)
    page.goto(hostile.url)
    return page


def composed(browser: Started, hostile: Hostile) -> Page:
    """A page that has seen the true lists, with a message and a file."""
    page = visit(browser, hostile)
    page.wait_for_selector("main[data-state=compose]")
    page.fill("#message", "what I know")
    page.set_input_files("#files", [FILE])
    return page


def refused(page: Page, hostile: Hostile, kind: str) -> str:
    """Wait for the refusal; nothing was read and nothing sent. Returns what the page says, and closes it."""
    page.wait_for_selector("main[data-state=error]")
    assert page.get_attribute("#error", "data-kind") == kind
    assert page.evaluate("window.touched") == []
    assert hostile.puts == []
    said = page.locator("#error").inner_text()
    assert "Nothing was sent." in said
    page.context.close()
    return said


def alarm(page: Page, hostile: Hostile) -> None:
    """The refusal of a server that lies: no way on, and what to do instead."""
    page.wait_for_selector("main[data-state=error]")
    assert page.locator("#retry").count() == 0
    said = refused(page, hostile, "altered")
    assert "Do not send anything here" in said
    assert "not what the drop’s administrators signed" in said
    assert "Close this page" in said
    assert "only by a way that is safe for you" in said
    assert "neither colleagues nor anybody around you" in said


FIRST: dict[str, Callable[[Drop, Drop], dict[str, bytes]]] = {
    "another journalist's key under the name": lambda drop, _: {"/roster": unsigned(drop, keys_swapped)},
    "another name on the same key": lambda drop, _: {"/roster": unsigned(drop, another_name)},
    "one more reader": lambda drop, _: {"/roster": unsigned(drop, one_more_reader)},
    "another drop's roster": lambda _, other: {"/roster": other.roster_bytes},
    "another drop's roots and roster": lambda _, other: {"/roots": other.chain_bytes, "/roster": other.roster_bytes},
    "a roster of the superseded root": lambda drop, _: {"/roots": other_administrators(drop)[0].data},
    "a roster signed by superseded administrators": lambda drop, _: {
        "/roots": other_administrators(drop)[0].data,
        "/roster": under_new_root(drop, drop.admins[1:]),
    },
    "one signature where two must agree": lambda drop, _: {"/roster": new_note(roster_value(drop), drop.admins[:1]).data},
}


@pytest.mark.parametrize("what", FIRST)
def test_a_first_visit_finds_out(browser: Started, hostile: Hostile, what: str) -> None:
    hostile.lies = FIRST[what](hostile.drop, make_drop(recipients=["Dana", "Lee"]))
    page = visit(browser, hostile)
    page.wait_for_selector("main[data-state=error]")
    assert page.locator("input[type=file]").count() == 0
    alarm(page, hostile)


def older_roster(drop: Drop) -> dict[str, bytes]:
    return {"/roster": drop.rosters[0].note.data}


def forked_roster(drop: Drop) -> dict[str, bytes]:
    return {"/roster": signed(drop, another_name)}


def superseded_root(drop: Drop) -> dict[str, bytes]:
    return {"/roots": drop.chain.roots[0].note.data, "/roster": drop.rosters[0].note.data}


LATER = {"an older roster": older_roster, "another roster of the same version": forked_roster}
AT = ["before the files are read", "before the first box"]


@pytest.mark.whole
@pytest.mark.parametrize("at", AT)
@pytest.mark.parametrize("what", [*LATER, "a superseded root", *FIRST])
def test_a_page_that_has_seen_the_true_lists_finds_out(browser: Started, hostile: Hostile, what: str, at: str) -> None:
    drop = hostile.drop
    drop.issue()
    hostile.lies = {"/roster": drop.roster_bytes}
    if what == "a superseded root":
        drop.chain, signers = other_administrators(drop)
        hostile.lies = {"/roots": drop.chain.data, "/roster": under_new_root(drop, signers[1:])}
    page = composed(browser, hostile)
    if at == "before the first box":
        page.click("#send")
        page.wait_for_selector("main[data-state=codename]")
        # Reading for the codename's sake was by the true lists; from here on nothing more may be touched.
        page.evaluate("window.touched = []")
    if what in FIRST:
        hostile.lies = FIRST[what](drop, make_drop(recipients=["Dana", "Lee"]))
    else:
        hostile.lies = superseded_root(drop) if what == "a superseded root" else LATER[what](drop)
    if at == "before the first box":
        confirm_codename(page)
    else:
        page.click("#send")
    alarm(page, hostile)


@pytest.mark.parametrize("first", [True, False], ids=["first visit", "later"])
@pytest.mark.parametrize("change", [key_of_all_ones, key_of_small_order])
def test_a_key_that_makes_the_library_throw_is_named_before_a_file_is_read(
    browser: Started, hostile: Hostile, change: Callable[[bytes], bytes], first: bool
) -> None:
    """Only the administrators can have signed it: a mistake that got past `publish`, or as many of them as must agree."""
    roster, name = bad_key(hostile.drop, change)
    page = None if first else composed(browser, hostile)
    hostile.lies = {"/roster": roster}
    if page is None:
        page = visit(browser, hostile)
    else:
        page.click("#send")
    said = refused(page, hostile, "badkey")
    assert "A reader’s key cannot be used" in said
    assert f"for {name} is broken" in said
    assert "You did nothing wrong" in said


@pytest.mark.whole
def test_the_watch_on_files_sees_an_honest_sending(browser: Started, hostile: Hostile) -> None:
    """Without this, a watch that sees nothing would prove nothing."""
    page = composed(browser, hostile)
    page.click("#send")
    page.wait_for_selector("main[data-state=codename]")
    assert "postMessage" in page.evaluate("window.touched")
    confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=60_000)
    page.context.close()
    assert hostile.puts


def test_what_a_first_visit_cannot_know(browser: Started, hostile: Hostile) -> None:
    """An older list that is still in force, to a page that has never seen the newer one: taken, until it expires."""
    drop = hostile.drop
    drop.issue()
    hostile.lies = older_roster(drop)
    page = visit(browser, hostile)
    page.wait_for_selector("main[data-state=compose]")
    page.context.close()


def test_what_no_online_page_can_know(browser: Started, hostile: Hostile, tmp_path: Any) -> None:
    """A server that serves another drop as a whole shows another fingerprint, and that is all that gives it away."""
    other = make_drop(recipients=["Dana", "Lee"])
    with served(Newsroom(tmp_path), other) as url:
        page = httpx.get(url).content
    hostile.lies = {"/": page, "/roots": other.chain_bytes, "/roster": other.roster_bytes}
    shown = visit(browser, hostile)
    shown.wait_for_selector("main[data-state=compose]")
    print_of = (shown.locator("#fingerprint").text_content() or "").strip()
    assert print_of == fingerprint(other.drop_id) != fingerprint(hostile.drop.drop_id)
    shown.context.close()
