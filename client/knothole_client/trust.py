"""What a client believes of a drop: its chain of roots and its roster, verified before anything is done with them."""

from dataclasses import dataclass
from pathlib import Path

from knothole_client.folder import ROOTS, ROSTER
from knothole_client.http import Connection
from knothole_keys import clock, files, note
from knothole_keys.errors import BrokenChain, KnotholeError, Refused, RootExpired, RosterExpired, WrongDrop
from knothole_keys.root import Chain, check_ahead, fingerprint, parse_fingerprint, read_chain
from knothole_keys.roster import Roster, check_follows, check_time, read_roster


@dataclass(frozen=True)
class View:
    """A verified chain and the roster under its last root."""

    chain: Chain
    roster: Roster


def get_chain(connection: Connection, *, drop_id: bytes | None, now: int | None) -> Chain:
    """The chain of roots that the server shows. Raises Refused and the refusals of SPEC section 3."""
    data = connection.get("/roots", limit=note.MAX_BYTES, what="The drop's roots")
    try:
        return read_chain(data, drop_id=drop_id, now=now)
    except KnotholeError as error:
        raise _named(error, "roots", now) from None


def get_roster(connection: Connection, chain: Chain, *, now: int | None) -> Roster:
    """The roster that the server shows. Raises Refused and the refusals of SPEC section 4."""
    answer = connection.persist("GET", "/roster", limit=note.MAX_BYTES)
    if answer.status != 200:
        raise Refused("The server has no roster in force; its administrators must publish one.")
    try:
        return read_roster(answer.body, chain, now=now)
    except KnotholeError as error:
        raise _named(error, "roster", now) from None


def _named(error: KnotholeError, what: str, now: int | None) -> KnotholeError:
    # The refusal keeps its name; the sentence says where the thing came from.
    if now is not None and isinstance(error, (RootExpired, RosterExpired)):
        return type(error)(
            f"The drop is closed for now: its {what} expired, and nobody knows who would read what you send. Try again in a "
            f"day or two, when its administrators have published anew, {clock.doubt(now)} and try again at once."
        )
    return type(error)(f"The server's {what} must not be used. {error}")


def get_view(connection: Connection, *, drop_id: bytes, now: int) -> View:
    """Roots and roster for a source: the fingerprint must fit, and both must be in force at `now`."""
    chain = get_chain(connection, drop_id=drop_id, now=now)
    return View(chain, get_roster(connection, chain, now=now))


def get_lists(connection: Connection, *, drop_id: bytes, now: int) -> View:
    """Roots and roster for whoever only verifies by them: the fingerprint must fit; both may have run out."""
    chain = get_chain(connection, drop_id=drop_id, now=None)
    view = View(chain, get_roster(connection, chain, now=None))
    Known().check(view, now)
    return view


def read_view(roots: Path, roster: Path, *, drop_id: bytes, now: int) -> View:
    """The same out of files, for a source whose machine is not online. Raises Refused and the same refusals."""
    where = roots
    try:
        chain = read_chain(files.read(roots, note.MAX_BYTES), drop_id=drop_id, now=now)
        where = roster
        return View(chain, read_roster(files.read(roster, note.MAX_BYTES), chain, now=now))
    except Refused:
        raise
    except (RootExpired, RosterExpired) as error:
        raise type(error)(f"{where} is too old: {error} Fetch the drop's newest lists, {clock.doubt(now)}.") from None
    except KnotholeError as error:
        raise type(error)(f"{where} must not be used. {error}") from None


@dataclass(frozen=True)
class Known:
    """What a courier's folder remembers of the drop: nothing in it, or roots, or roots and a roster."""

    chain: Chain | None = None
    roster: Roster | None = None

    @classmethod
    def read(cls, folder: Path) -> "Known":
        """What `folder` holds. Raises Refused when it is damaged: without its pin nothing may be believed."""
        if not (folder / ROOTS).exists():
            return cls()
        try:
            chain = read_chain(files.read(folder / ROOTS, note.MAX_BYTES))
        except KnotholeError:
            raise Refused(f"{folder / ROOTS} is damaged; remove it and name the drop with --root.") from None
        if not (folder / ROSTER).exists():
            return cls(chain)
        try:
            return cls(chain, read_older(files.read(folder / ROSTER, note.MAX_BYTES), chain))
        except WrongDrop:
            raise WrongDrop(f"{folder / ROOTS} and {ROSTER} belong to different drops; fetch into a new folder.") from None
        except KnotholeError:
            raise Refused(
                f"{folder / ROSTER} is damaged; put a sound copy of it there, from an administrator or another stick. "
                "Without one, remove it: then this fetch cannot tell whether the server hides newer rosters."
            ) from None

    def drop_id(self, root: str | None) -> bytes | None:
        """The drop that is expected: the one known, the one whose fingerprint was given, or None for neither."""
        named = parse_fingerprint(root) if root else None
        if named and self.chain and named != self.chain.drop_id:
            raise Refused(f"This folder belongs to the drop {fingerprint(self.chain.drop_id)}; choose another folder.")
        return named or (self.chain.drop_id if self.chain else None)

    def check(self, view: View, now: int) -> None:
        """Refuse a view that does not continue what is known. Expired notes pass: what is stored must still be fetched."""
        if self.chain:
            check_extends(view.chain, self.chain)
        if self.roster:
            check_follows(view.roster, self.roster)
        if now < view.roster.expires:
            check_time(view.roster, now)
        check_ahead(view.chain.current, now)


def read_older(data: bytes, chain: Chain) -> Roster:
    """A roster that may have been made under an earlier root of this chain. Raises the refusals of SPEC section 4."""
    # Roots and roster are replaced one after the other: after a crash between the two, the roster is one made under an
    # earlier root of the same chain. It still counts as what the next one must follow.
    version = note.parse(data).value.get("root_version")
    earlier = isinstance(version, int) and 1 <= version < chain.current.version
    return read_roster(data, Chain(chain.roots[:version]) if earlier else chain, now=None)


def check_extends(new: Chain, old: Chain) -> None:
    """Refuse a chain that lacks roots which are known, or has others in their place. Raises BrokenChain."""
    hashes = [root.note.hash for root in old.roots]
    if [root.note.hash for root in new.roots[: len(hashes)]] != hashes:
        raise BrokenChain("The server hides or replaces roots that are known here: ask the administrators before you go on.")
