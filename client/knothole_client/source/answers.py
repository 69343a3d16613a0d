"""What the newsroom answered: the whole board, tried on this machine. No terminal here.

Whoever asks gets every slot, and asks in the same way whether or not there is one for her. Slots are tried as they come and
only those that open are kept, so that a full board needs no memory.
"""

from dataclasses import dataclass

from knothole_client.http import Connection, Sink
from knothole_client.trust import View
from knothole_keys.board import BOARD_LIMIT, SLOT
from knothole_keys.card import Acknowledgement, Board, Card, read_acknowledgement, read_board
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
    trials: list[_Trial] = []

    def begin() -> Sink:
        # A broken line begins anew: nothing of what came before counts twice.
        trials[:] = [_Trial(view, keys)]
        return trials[0].take

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


class _Trial:
    def __init__(self, view: View, keys: ThreadKeys) -> None:
        self._drop_id, self._keys = view.chain.drop_id, keys
        self._senders = {one.id: one.key for one in view.roster.recipients}
        self._rest, self._kept = b"", bytearray()

    def take(self, piece: bytes) -> None:
        """Try what has come whole."""
        data = self._rest + piece
        whole = len(data) // SLOT * SLOT
        self._rest = data[whole:]
        for at in range(0, whole, SLOT):
            slot = data[at : at + SLOT]
            found = self._read(slot)
            # A piece of a longer reply counts as incomplete by itself.
            if found.cards or found.ignored or found.incomplete:
                self._kept += slot

    def finish(self) -> Board:
        """The cards, now that all pieces have come. Raises MalformedBoard when half a slot was left."""
        return self._read(bytes(self._kept) + self._rest)

    def _read(self, slots: bytes) -> Board:
        keys = self._keys
        return read_board(slots, reply_key=keys.reply_key, drop_id=self._drop_id, thread=keys.thread, senders=self._senders)
