"""What the newsroom answered: the whole board, tried on this machine. No terminal here.

Whoever asks gets every slot, and asks in the same way whether or not there is one for her. Slots are tried as they come and
only pieces that somebody on the list signed are kept, so that a full board needs no memory, forgeries or not.
"""

from dataclasses import dataclass

from knothole_client.http import Connection, Sink
from knothole_client.trust import View
from knothole_keys.board import BOARD_LIMIT
from knothole_keys.card import Acknowledgement, BoardReader, Card, read_acknowledgement
from knothole_keys.codename import ThreadKeys


@dataclass(frozen=True, repr=False)
class Answers:
    """For one thread: replies by day; the newest acknowledgement of each letter by each desk, with its card.

    `ignored` and `incomplete` as in `card.Board`; `names` are the readers' by id, from the verified roster.
    """

    replies: list[Card]
    acknowledgements: list[tuple[Card, Acknowledgement]]
    ignored: int
    incomplete: int
    names: dict[str, str]


def fetch(connection: Connection, view: View, keys: ThreadKeys) -> Answers:
    """Fetch the whole board and try every slot. Raises Refused, MalformedBoard."""
    drop_id, senders = view.chain.drop_id, {one.id: one.key for one in view.roster.recipients}
    trials: list[BoardReader] = []

    def begin() -> Sink:
        # A broken line begins anew: nothing of what came before counts twice.
        trials[:] = [BoardReader(reply_key=keys.reply_key, drop_id=drop_id, thread=keys.thread, senders=senders)]
        return trials[0].feed

    connection.pour("/board", limit=BOARD_LIMIT, what="The board", begin=begin)
    board = trials[0].finish()
    newest: dict[tuple[str, str], tuple[Card, Acknowledgement]] = {}
    for card in sorted(board.cards, key=lambda card: card.sequence):
        told = read_acknowledgement(card.text) if card.kind == "acknowledgement" else None
        if told:
            newest[card.sender, told.letter] = card, told
    return Answers(
        replies=[card for card in board.cards if card.kind == "reply"],
        acknowledgements=sorted(newest.values(), key=lambda one: (one[1].day, one[1].letter, one[0].sender)),
        ignored=board.ignored,
        incomplete=board.incomplete,
        names={one.id: one.name for one in view.roster.recipients},
    )
