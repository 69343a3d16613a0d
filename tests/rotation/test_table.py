"""The rotation table, asked of every reader in Python: the source's command, the courier, the desk and the server."""

from dataclasses import dataclass
from typing import Any, cast

import pytest

from knothole_client import trust
from knothole_client.desk import drop as desk_drop
from knothole_client.http import Answer, Connection
from knothole_client.source.watch import Watch
from knothole_keys.errors import KnotholeError
from knothole_keys.note import Note
from knothole_keys.root import Chain, join, read_chain, read_root
from knothole_keys.roster import Roster, read_roster
from knothole_server.published import Published
from tests.rotation.building import TABLE, build_chain, build_roster, moment


@dataclass(frozen=True)
class Shown:
    """A row as bytes: what a server shows, what the reader knew, its clock, and the drop that it expects."""

    roots: bytes
    roster: bytes
    known: Chain | None
    known_roster: Roster | None
    drop_id: bytes
    now: int


def build(row: dict[str, Any]) -> Shown:
    chain = build_chain(row["roots"])
    known, known_roster = None, None
    if "known" in row:
        before = row["known"]["roots"]
        before = chain[:before] if isinstance(before, int) else build_chain(before)
        known = join([read_root(one) for _, one in before])
        if "roster" in row["known"]:
            known_roster = read_roster(build_roster(row["known"]["roster"], before, None).data, known, now=None)
    other = read_root(build_chain([{"drop": "Another"}])[0][1])
    if row.get("fingerprint") == "another drop":
        known = Chain((other,))
    drop_id = known.drop_id if known else chain[0][1].hash
    last: Note | None = known_roster.note if known_roster else None
    roster = build_roster(row["roster"], chain, last).data
    return Shown(b"".join(one.data for _, one in chain), roster, known, known_roster, drop_id, moment(row.get("now", 0)))


class Server:
    """What a client needs of a connection to a server that shows these bytes."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown

    def get(self, path: str, **_: Any) -> bytes:
        return {"/roots": self.shown.roots, "/roster": self.shown.roster}[path]

    def persist(self, _: str, path: str, **__: Any) -> Answer:
        return Answer(200, self.get(path))


def source(shown: Shown) -> str:
    connection = cast(Connection, Server(shown))
    if shown.known and shown.known_roster:
        Watch(connection, trust.View(shown.known, shown.known_roster), seen=shown.now - 7200).check(shown.now)
    else:
        view = trust.get_view(connection, drop_id=shown.drop_id, now=shown.now)
        if shown.known:
            trust.check_extends(view.chain, shown.known)
    return "accepted"


def courier(shown: Shown) -> str:
    connection = cast(Connection, Server(shown))
    chain = trust.get_chain(connection, drop_id=shown.drop_id, now=None)
    view = trust.View(chain, trust.get_roster(connection, chain, now=None))
    trust.Known(shown.known, shown.known_roster).check(view, shown.now)
    return "accepted"


def desk(shown: Shown) -> str:
    if shown.known:
        hashes = {shown.known_roster.version: shown.known_roster.hash} if shown.known_roster else {}
        known = desk_drop.Known(shown.known, shown.known_roster, hashes)
    else:
        known = desk_drop.first(shown.roots, shown.now)
    known, remarks = desk_drop.meet_roots(known, shown.roots, shown.now)
    met, more = desk_drop.meet_roster(known, shown.roster, shown.now)
    # Said aloud, and nothing older is believed for it.
    if any("left aside" in remark for remark in [*remarks, *more]):
        assert met.roster == shown.known_roster
        return "left aside"
    assert met.roster
    assert met.roster.note.data == shown.roster
    return "accepted"


def server(shown: Shown) -> str:
    if shown.known is None:
        fresh = Published(read_chain(shown.roots, now=shown.now), None).advance(shown.roster, None, shown.now)
    else:
        fresh = Published(shown.known, shown.known_roster).advance(shown.roster, shown.roots, shown.now)
    assert fresh.chain.data == shown.roots
    return "accepted"


READERS = {"source": source, "courier": courier, "desk": desk, "server": server}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("row", TABLE, ids=lambda row: str(row["row"]))
def test_row(row: dict[str, Any], reader: str) -> None:
    shown = build(row)
    try:
        found, said = READERS[reader](shown), ""
    except KnotholeError as error:
        found, said = error.name, str(error)
    assert found == row.get("but", {}).get(reader, row["expect"]), f"{said} Due because: {row['why']}"
    # A refusal is for a person: it says what it means, and what to do.
    assert found in ("accepted", "left aside") or len(said.split()) >= 7


def test_the_table_is_a_table() -> None:
    assert len(TABLE) >= 40
    assert len({row["row"] for row in TABLE}) == len(TABLE)
    assert sum(row["expect"] != "accepted" for row in TABLE) >= 0.75 * len(TABLE)
    known = {"row", "roots", "roster", "known", "now", "fingerprint", "expect", "but", "why"}
    for row in TABLE:
        assert set(row) <= known
        assert {"row", "roots", "roster", "expect", "why"} <= set(row)
        assert row["why"].endswith(".")
        assert set(row.get("but", {})) <= {*READERS, "page"}
