"""Whether what was believed when a sending began still holds: an upload can last for days, and a server can make it last."""

from knothole_client.http import Connection
from knothole_client.trust import View, check_extends, get_view
from knothole_keys.errors import KnotholeError, Refused, RootExpired, RosterExpired
from knothole_keys.roster import check_follows

# Seconds of the clock after which roots and roster are asked for again: who was revoked is not sealed to for longer.
HOUR = 3600
STAYS = "What was stored stays."
# Another day or another roster stands in the letter, which is then another letter.
AGAIN = (
    "What was stored stays; send the same again with the same codename, and only the rest is sent, "
    "on another day with a new letter."
)


class Watch:
    """The newest view of a drop that a sending knows; for one thread at a time."""

    def __init__(self, connection: Connection, view: View, seen: int) -> None:
        self.view = view
        self._connection, self._seen = connection, seen

    def check(self, now: int) -> View:
        """The view that is in force at `now` and, near enough, still the server's.

        Raises Refused, and the refusals of SPEC sections 3 and 4, when the lists have run out, cannot be had, or do not
        continue those known.
        """
        known = self.view
        # A clock that was turned back has lost count of the hour.
        fresh = self._seen <= now < self._seen + HOUR
        if fresh and now < min(known.roster.expires, known.chain.current.expires):
            return known
        try:
            view = get_view(self._connection, drop_id=known.chain.drop_id, now=now)
            check_extends(view.chain, known.chain)
            check_follows(view.roster, known.roster)
        except (Refused, RosterExpired, RootExpired) as error:
            raise type(error)(f"{error} {AGAIN}") from None
        except KnotholeError as error:
            raise type(error)(f"{error} {STAYS}") from None
        self.view, self._seen = view, now
        return view
