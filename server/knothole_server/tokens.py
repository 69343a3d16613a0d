"""Courier tokens: what lets the newsroom's online machine fetch boxes and post slots and rosters, and nothing else.

A token is a signed day count; it names nobody. Its secrets form a list, oldest to newest: the newest signs, all verify,
so that a rotation does not stop a courier at once.
"""

import hashlib

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer
from starlette.requests import Request

from knothole_keys import clock
from knothole_keys.epoch import DAY
from knothole_server.refusals import Refusal

SALT = b"knothole/1 courier token"
MAX_DAYS = 366


class _Signer(TimestampSigner):
    def get_timestamp(self) -> int:
        return clock.now()


class Tokens:
    """Makes and checks tokens under the courier's secrets."""

    def __init__(self, secrets: list[bytes]) -> None:
        signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        self._serializer = URLSafeTimedSerializer(secrets, salt=SALT, signer=_Signer, signer_kwargs=signing)

    def make(self, days: int) -> str:
        """A token that is good for `days` from now."""
        return self._serializer.dumps(days)

    def require(self, request: Request) -> None:
        """Check the bearer token of a request. Raises Refusal (401)."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._is_good(token.strip()):
            message = "This needs a courier's token that is in force; make one with `knothole server courier-token`."
            raise Refusal(401, "token", message, headers={"WWW-Authenticate": "Bearer"})

    def _is_good(self, token: str) -> bool:
        try:
            days, made = self._serializer.loads(token, return_timestamp=True)
        except BadData:
            return False
        return 0 <= clock.now() - int(made.timestamp()) < int(days) * DAY
