"""Whether roots and rosters continue what was seen, and verify. Pure rules; what is missing between is asked of `fetch`.

Roots: the chain verifies, is this drop's, and begins with the chain that was seen (`roots_fork`, `roots_rollback`).
Rosters: the newest verifies under the last root, is none that was passed already (`roster_rollback`), and no version has two
texts (`roster_fork`). Each names the hash of the one before, so the versions between the last one seen and the newest are
fetched, verified and compared link by link; one that cannot be had is a `roster_gap`, and the link over it counts all the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from knothole_client.audit.findings import Finding, finding
from knothole_client.audit.state import State
from knothole_client.trust import read_older
from knothole_keys import clock
from knothole_keys.errors import (
    BadSignature,
    KnotholeError,
    NotEnoughSignatures,
    RootExpired,
    RosterExpired,
    WrongDrop,
)
from knothole_keys.root import Chain, read_chain
from knothole_keys.root import check_time as check_root_time
from knothole_keys.roster import Roster, check_time, read_roster

# Versions between two audits that are fetched; a roster a week makes two years of them.
MOST_BETWEEN = 104


@dataclass
class Judged:
    """What came of the lists: each is None when it cannot be used; `sound` ones may be remembered."""

    chain: Chain | None = None
    roster: Roster | None = None
    seen: dict[int, bytes] = field(default_factory=dict)
    sound: bool = True
    findings: list[Finding] = field(default_factory=list)

    def find(self, code: str, **values: object) -> None:
        """Note a finding after which these lists must not be remembered."""
        self.tell(code, **values)
        self.sound = False

    def tell(self, code: str, **values: object) -> None:
        """Note a finding that does not speak against the lists."""
        self.findings.append(finding(code, **values))


def judge_roots(judged: Judged, data: bytes, drop_id: bytes, known: Chain | None, now: int) -> None:
    """Take the chain of roots in, or say what is wrong with it."""
    try:
        chain = judged.chain = read_chain(data, drop_id=drop_id)
    except WrongDrop:
        return judged.find("wrong_drop", what="The server's roots")
    except (BadSignature, NotEnoughSignatures) as error:
        return judged.find("roots_unsigned", why=error)
    except KnotholeError as error:
        return judged.find("roots_unreadable", why=error)
    new, old = ([root.note.hash for root in one.roots] if one else [] for one in (chain, known))
    if new[: len(old)] != old[: len(new)]:
        judged.find("roots_fork")
    elif len(new) < len(old):
        judged.find("roots_rollback")
    try:
        check_root_time(chain.current, now)
    except RootExpired:
        judged.tell("root_expired", doubt=clock.doubt(now))
    except KnotholeError as error:
        judged.find("root_from_future", why=error)
    return None


def judge_roster(judged: Judged, data: bytes, state: State, now: int, fetch: Callable[[int], bytes | None]) -> None:
    """Take the newest roster in, or say what is wrong with it. `fetch(version)` gives an older one, if it can be had."""
    chain = judged.chain
    if chain is None:
        return
    roster = judged.roster = _read(judged, partial(read_roster, data, chain, now=None), "The server's roster")
    if roster is None:
        return
    judged.seen = dict(state.seen)
    newest = max(state.seen, default=roster.version)
    if roster.version < newest or (state.roster and roster.issued < state.roster.issued):
        judged.find("roster_rollback", version=roster.version, newest=newest)
    for between in _between(judged, chain, range(newest + 1, roster.version), fetch):
        _link(judged, between)
    _link(judged, roster)
    try:
        check_time(roster, now)
    except RosterExpired:
        judged.tell("roster_expired", doubt=clock.doubt(now))
    except KnotholeError as error:
        judged.find("roster_from_future", why=error)


def _between(judged: Judged, chain: Chain, versions: range, fetch: Callable[[int], bytes | None]) -> Iterator[Roster]:
    missing = list(versions[:-MOST_BETWEEN])
    for version in versions[-MOST_BETWEEN:]:
        data = fetch(version)
        if data is None:
            missing.append(version)
            continue
        older = _read(judged, partial(read_older, data, chain), f"Roster {version}")
        if older and older.version == version:
            yield older
        elif older:
            judged.find("roster_unreadable", what=f"Roster {version}", why="It has another number.")
    if missing:
        judged.tell("roster_gap", which=", ".join(map(str, missing[:5])) + (" and others" if missing[5:] else ""))


def _link(judged: Judged, roster: Roster) -> None:
    links = {roster.version: roster.hash, **({roster.version - 1: roster.previous} if roster.previous else {})}
    for version, digest in links.items():
        if judged.seen.setdefault(version, digest) != digest:
            judged.find("roster_fork", version=version)


def _read(judged: Judged, read: Callable[[], Roster], what: str) -> Roster | None:
    try:
        return read()
    except (BadSignature, NotEnoughSignatures) as error:
        judged.find("roster_unsigned", what=what, why=error)
    except WrongDrop:
        judged.find("wrong_drop", what=what)
    except KnotholeError as error:
        judged.find("roster_unreadable", what=what, why=error)
    return None
