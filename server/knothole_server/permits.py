"""Permits: a signed number of the present ten minutes, the same for everybody, so that spending one ties nothing to anyone.

A permit holds its window and its difficulty. Nothing spent is remembered: the proof of work binds a permit to one box id
of one epoch, and that box is stored once.
"""

import hashlib
import re
from collections.abc import Mapping

from itsdangerous import BadData, URLSafeSerializer
from starlette.requests import Request

from knothole_keys import proof
from knothole_server.refusals import Refusal

WINDOW = 600
SALT = b"knothole/1 permit"
_NONCE = re.compile(r"0|[1-9][0-9]{0,19}")


class Permits:
    """Issues and checks permits under one secret, at one difficulty (zero bits, 0 to 40).

    `retired` has the secrets that signed before, each with the last window in which it may have: a permit on its way stays
    good for its own twenty minutes, and nobody makes another with a secret that leaked.
    """

    def __init__(self, secret: bytes, difficulty: int, retired: Mapping[bytes, int] | None = None) -> None:
        self.difficulty = difficulty
        self._serializer = _serializer(secret)
        self._retired = [(_serializer(old), last) for old, last in (retired or {}).items()]

    def offer(self, now: int) -> dict[str, str | int]:
        """The present permit and its difficulty, as `GET /permit` answers."""
        permit = self._serializer.dumps([now // WINDOW, self.difficulty])
        return {"difficulty": self.difficulty, "permit": permit}

    def require(self, request: Request, epoch: int, box_id: bytes, now: int) -> None:
        """Check the permit and proof that a PUT carries. Raises Refusal (429) with a new permit."""
        permit, nonce = request.headers.get("knothole-permit", ""), request.headers.get("knothole-proof", "")
        difficulty = self._difficulty_of(permit, now)
        if difficulty is None or difficulty < self.difficulty:
            raise self._refusal("The permit is missing, old or too cheap; send the box again with this new one.", now)
        if not _NONCE.fullmatch(nonce) or not proof.check(permit, epoch, box_id, int(nonce), difficulty):
            raise self._refusal("The proof of work does not fit; make one for this new permit and send again.", now)

    def _difficulty_of(self, permit: str, now: int) -> int | None:
        present = now // WINDOW
        for serializer, last in ((self._serializer, present), *self._retired):
            try:
                window, difficulty = serializer.loads(permit)
            except BadData:
                continue
            return int(difficulty) if present - 1 <= window <= min(present, last) else None
        return None

    def _refusal(self, message: str, now: int) -> Refusal:
        return Refusal(429, "permit", message, more=self.offer(now))


def _serializer(secret: bytes) -> URLSafeSerializer:
    # Its own secret and its own salt: no token made for something else can pass for a permit.
    return URLSafeSerializer(secret, salt=SALT, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256})
