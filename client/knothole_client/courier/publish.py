"""Publishing a roster, after every check that the server and the sources will make."""

import json
from pathlib import Path

from knothole_client.http import Connection, refusal
from knothole_client.trust import View, get_chain
from knothole_keys import files, note
from knothole_keys.errors import BrokenChain, KnotholeError, Refused
from knothole_keys.root import Chain, read_chain
from knothole_keys.roster import Roster, check_follows, read_roster
from knothole_keys.trial import try_recipient_keys


def publish(connection: Connection, roster_path: Path, roots_path: Path | None, now: int) -> View:
    """Verify a roster and its chain of roots as a source would, then hand both to the server; returns both.

    Without a file of roots the server's own chain is used. Raises Refused and the refusals of SPEC sections 3 and 4.
    """
    shown = get_chain(connection, drop_id=None, now=None)
    chain = shown
    if roots_path is not None:
        chain = read_chain(files.read(roots_path, note.MAX_BYTES), drop_id=shown.drop_id, now=now)
        _check_newest(chain, shown)
    roster = read_roster(files.read(roster_path, note.MAX_BYTES), chain, now=now)
    _check_published(connection, shown, roster)
    try_recipient_keys(roster)
    body = json.dumps({"roots": chain.data.decode(), "roster": roster.note.data.decode()}, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    answer = connection.persist("PUT", "/courier/roster", content=body, headers=headers, limit=64 * 1024)
    if not 200 <= answer.status < 300:
        raise refusal(answer, "The roster")
    return View(chain, roster)


def _check_newest(chain: Chain, shown: Chain) -> None:
    ours, theirs = ([root.note.hash for root in one.roots] for one in (chain, shown))
    if ours == theirs[: len(ours)] and len(ours) < len(theirs):
        raise BrokenChain(
            f"These roots are old: the server has root {len(theirs)} already; get the newest roots from an administrator."
        )
    if theirs != ours[: len(theirs)]:
        raise BrokenChain(
            f"The server shows another root {_parting(ours, theirs)} than the file does: a fork, or one that was made twice. "
            "Publish nothing, and ask all administrators which one they signed."
        )


def _parting(ours: list[bytes], theirs: list[bytes]) -> int:
    return next(number for number, (one, other) in enumerate(zip(ours, theirs, strict=False), 1) if one != other)


def _check_published(connection: Connection, shown: Chain, roster: Roster) -> None:
    answer = connection.persist("GET", "/roster", limit=note.MAX_BYTES)
    if answer.status != 200:
        return
    try:
        before = read_roster(answer.body, shown, now=None)
    except KnotholeError as error:
        raise Refused(f"The roster that the server shows now does not verify: tell the administrators. {error}") from None
    check_follows(roster, before)
