"""The permit that a PUT carries, and the work that it asks for (SPEC section 11)."""

import threading
from dataclasses import dataclass

from knothole_client.http import JSON_LIMIT, Answer, BadAnswer, Connection, refusal
from knothole_keys import proof
from knothole_keys.errors import Refused

# About two minutes of work for one box in Python: a server that asks for more is not to be served.
MAX_WORK = 26
MAX_PERMIT = 4096


@dataclass(frozen=True)
class Permit:
    """A permit, opaque to us, and how many zero bits its proof must begin with."""

    text: str
    difficulty: int

    def headers(self, epoch: int, box_id: bytes) -> dict[str, str]:
        """Do the work for one box: the two headers of its PUT. Takes about 2**difficulty hashes."""
        nonce = proof.solve(self.text, epoch, box_id, self.difficulty)
        return {"Knothole-Permit": self.text, "Knothole-Proof": str(nonce)}


def read_permit(answer: Answer) -> Permit:
    """The permit in an answer. Raises BadAnswer, or Refused when it asks for too much work."""
    value = answer.object
    text, difficulty = value.get("permit"), value.get("difficulty")
    if not isinstance(text, str) or not 0 < len(text) <= MAX_PERMIT or not text.isascii() or not text.isprintable():
        raise BadAnswer("The server's permit is not one; is the address right?")
    if isinstance(difficulty, bool) or not isinstance(difficulty, int) or not 0 <= difficulty <= proof.MAX_DIFFICULTY:
        raise BadAnswer("The server's permit is not one; is the address right?")
    if difficulty > MAX_WORK:
        raise Refused("The server is flooded and asks for more work than this machine can do; try again in some hours.")
    return Permit(text, difficulty)


class Permits:
    """The permit in use, shared by the threads that send."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._lock = connection, threading.Lock()
        self._permit: Permit | None = None

    def current(self) -> Permit:
        """The permit to use now; asks for one when there is none yet."""
        with self._lock:
            if self._permit is None:
                self._permit = self._ask()
            return self._permit

    def renew(self, refused: Permit, answer: Answer) -> None:
        """Take the new permit that came with a refusal (429) of `refused`, unless another thread has done so."""
        with self._lock:
            if self._permit is refused:
                self._permit = read_permit(answer) if "permit" in answer.object else self._ask()

    def _ask(self) -> Permit:
        answer = self._connection.persist("GET", "/permit", limit=JSON_LIMIT)
        if answer.status != 200:
            raise refusal(answer, "The permit to send")
        return read_permit(answer)
