"""What the vault believes of its drop: the chain of roots, the newest roster, and every roster's hash that it has seen.

The rules are pure; `load` and `save` read and write the one sealed record. The first enrolment pins the drop for ever.

Boxes protect themselves, so a roster that is merely old or expired never stands in the way of importing them: it is left
aside, with a remark. A *fork* is refused loudly, because somebody shows different people different lists. Only a roster
under the newest root known is ever believed: the keys of an administrator who has left must not bring one back.
"""

from dataclasses import dataclass, field, replace

from knothole_client.desk.records import DAMAGED, Records
from knothole_keys import enrolment, fields, note, root
from knothole_keys.errors import (
    BrokenChain,
    KnotholeError,
    MalformedRoster,
    Refused,
    RosterFork,
)
from knothole_keys.root import Chain, check_ahead, read_chain
from knothole_keys.roster import Roster, check_follows, read_roster
from knothole_keys.roster import check_ahead as roster_ahead

_RECORD = ("drop", "known")
# What people give in a roster's place, because it came in the same mail.
_MISTAKEN = {root.TYPE: "a root", enrolment.TYPE: "an enrolment"}


@dataclass(frozen=True)
class Known:
    """A verified view of the drop; `hashes` maps the version of each roster seen to its hash."""

    chain: Chain
    roster: Roster | None = None
    hashes: dict[int, bytes] = field(default_factory=dict)

    @property
    def drop_id(self) -> bytes:
        """The drop that this vault belongs to."""
        return self.chain.drop_id


def first(data: bytes, now: int) -> Known:
    """The view that an enrolment begins with. Raises the refusals of SPEC section 3."""
    return Known(read_chain(data, now=now))


def meet_roots(known: Known, data: bytes, now: int) -> tuple[Known, list[str]]:
    """Take newer roots in; older ones are left aside. Raises WrongDrop, BrokenChain, RootFromFuture and the like."""
    chain = read_chain(data, drop_id=known.drop_id)
    ours, theirs = ([root.note.hash for root in one.roots] for one in (known.chain, chain))
    shared = min(len(ours), len(theirs))
    if ours[:shared] != theirs[:shared]:
        raise BrokenChain("These roots differ from those that are known: ask the administrators before you trust either.")
    check_ahead(chain.current, now)
    remarks = []
    if len(theirs) < len(ours):
        remarks.append("The roots are older than those that are known, and were left aside.")
    else:
        known = replace(known, chain=chain)
    return known, remarks


def meet_roster(known: Known, data: bytes, now: int) -> tuple[Known, list[str]]:
    """Take a newer roster in; an older one is left aside. Raises RosterFork, RosterRollback, RosterFromFuture and the like."""
    roster = _read(known.chain, data)
    roster_ahead(roster, now)
    if known.hashes.get(roster.version, roster.hash) != roster.hash:
        raise RosterFork("Two different rosters carry the same version: ask the administrators before you trust either.")
    outdated = roster.root_version < known.chain.current.version
    if outdated or (known.roster and roster.version < known.roster.version):
        return known, ["The roster is older than what is known, and was left aside."]
    if known.roster:
        check_follows(roster, known.roster)
    return replace(known, roster=roster, hashes={**known.hashes, roster.version: roster.hash}), []


def _read(chain: Chain, data: bytes) -> Roster:
    # Against the root that the roster names: an older one may still be looked at, if only to be left aside.
    value = note.parse(data).value
    mistaken = next((what for kind, what in _MISTAKEN.items() if value.get("type") == kind), None)
    if mistaken:
        raise MalformedRoster(f"This note is {mistaken}, not a roster; give the roster.note that the courier brought.")
    version = value.get("root_version")
    version = fields.integer(version, 1, 2**53, MalformedRoster, "The root's version")
    if version > chain.current.version:
        raise MalformedRoster("This roster was made for a newer root: bring the roots along with it.")
    return read_roster(data, Chain(chain.roots[:version]), now=None)


def load(records: Records) -> Known | None:
    """What the vault believes, or None before the first enrolment. Raises Refused when it is damaged."""
    value = records.get(*_RECORD)
    if value is None:
        return None
    try:
        chain = read_chain(value["roots"].encode())
        roster = _read(chain, value["roster"].encode()) if value["roster"] else None
        return Known(chain, roster, {int(version): bytes.fromhex(one) for version, one in value["hashes"].items()})
    except (KnotholeError, KeyError, ValueError):
        raise Refused(DAMAGED) from None


def needed(records: Records) -> Known:
    """What the vault believes. Raises Refused before the first enrolment."""
    known = load(records)
    if known is None:
        raise Refused("This vault belongs to no drop yet: enrol it first with `knothole desk enrol`.")
    return known


def save(records: Records, known: Known) -> None:
    """Write the view down, if it changed."""
    value = {
        "roots": known.chain.data.decode(),
        "roster": known.roster.note.data.decode() if known.roster else "",
        "hashes": {str(version): one.hex() for version, one in known.hashes.items()},
    }
    if records.get(*_RECORD) != value:
        records.put(*_RECORD, value)
