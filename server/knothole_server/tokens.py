"""Courier tokens: what lets the newsroom's online machine fetch boxes and post slots and rosters, and nothing else.

A token is `ID-DAYS.TIME.SIGNATURE`: a random id, how long it is good for, when it was made. It names nobody. The id is the
one thing of it that the server remembers, so that a token can be revoked by somebody who has not got it: it stands at the
token's head, where whoever holds another one can read theirs off. Secrets form a list, oldest to newest: the newest signs,
all verify, so that a rotation does not stop a courier at once.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence

from itsdangerous import BadData, TimedSerializer, TimestampSigner
from starlette.requests import Request

from knothole_keys import clock, running_out
from knothole_keys.epoch import DAY
from knothole_keys.errors import Refused
from knothole_keys.running_out import Warned
from knothole_server.refusals import Refusal
from knothole_server.state import State

SALT = b"knothole/1 courier token"
MAX_DAYS = 366
ID = re.compile("[0-9a-f]{8}")
_CLAIM = re.compile("([0-9a-f]{8})-([1-9][0-9]{0,2})")


class _Signer(TimestampSigner):
    def get_timestamp(self) -> int:
        return clock.now()


class _Plain:
    """Claims as they are: an id in base64 could not be read off a token."""

    @staticmethod
    def dumps(claim: object) -> str:
        return str(claim)

    @staticmethod
    def loads(claim: str) -> str:
        return claim


def _serializer(keys: Sequence[bytes]) -> TimedSerializer[str]:
    signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return TimedSerializer(list(keys), salt=SALT, serializer=_Plain, signer=_Signer, signer_kwargs=signing)


def make(state: State, days: int) -> str:
    """A new token that is good for `days` from now; the state remembers its id."""
    now, token_id = clock.now(), secrets.token_hex(4)
    secret = state.add_token(token_id, now // DAY, (now + days * DAY) // DAY)
    return _serializer([secret]).dumps(f"{token_id}-{days}")


def listed(state: State) -> list[tuple[str, str, str]]:
    """(id, day made, last day) of every token that is in force, the days as `YYYY-MM-DD`."""
    today = clock.now() // DAY
    return [(i, clock.day_of(made * DAY), clock.day_of(until * DAY)) for i, made, until in state.tokens() if until >= today]


def near_end(state: State) -> list[Warned]:
    """The tokens in force that end within a week, as warnings of kind token: whose courier is cut off then."""
    # The server remembers days and no times: a token is good on its last day, and a warning comes a day too early at most.
    now = clock.now()
    tonight = (now // DAY + 1) * DAY - 1
    found = [(token_id, until * DAY) for token_id, _, until in state.tokens() if until * DAY >= tonight - DAY]
    return [one for token_id, until in found for one in running_out.token(token_id, max(until, tonight), now)]


def at_stake(state: State, keep: int) -> list[str]:
    """What a rotation that keeps so many of the courier's secrets would make void: lines that name ids, never a token."""
    in_force, doomed = [one[0] for one in listed(state)], state.tokens_at_stake(keep)
    void = [one for one in in_force if one in doomed]
    if void:
        return [f"This makes void at once: {', '.join(void)}. Their couriers need new tokens."]
    return ["This makes no courier's token void" + (" yet." if in_force else ".")]


def rotated(state: State, before: Iterable[tuple[str, str, str]]) -> list[str]:
    """What a rotation did to the tokens that were `listed` before it: lines that name ids, never a token."""
    left = [one[0] for one in listed(state)]
    void = [one[0] for one in before if one[0] not in left]
    lines = []
    if void:
        lines.append(f"Void from now on: {', '.join(void)}. Their couriers need new tokens.")
    if left:
        lines.append(f"Void at the next rotation: {', '.join(left)}. Bring their couriers new tokens before it.")
    return lines


def revoke(state: State, ids: Sequence[str]) -> None:
    """Make the tokens of these ids void. Raises Refused, and changes nothing, when one of them is not in force."""
    # A whole token must not be repeated in the sentence.
    if not all(ID.fullmatch(one) for one in ids):
        raise Refused("This is not the id of a token: that is the eight characters before its first dash, as --list shows.")
    state.revoke_tokens(ids)


class Tokens:
    """Checks tokens under the courier's secrets; good are those alone whose id is among `ids`."""

    def __init__(self, keys: Sequence[bytes], ids: Iterable[str]) -> None:
        self._serializer = _serializer(keys)
        self._ids = frozenset(ids)

    def require(self, request: Request) -> None:
        """Check the bearer token of a request. Raises Refusal (401)."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._is_good(token.strip()):
            message = (
                "This needs a courier's token that is in force by the server's clock; make one with `knothole server "
                "courier-token`."
            )
            raise Refusal(401, "token", message, headers={"WWW-Authenticate": "Bearer"})

    def _is_good(self, token: str) -> bool:
        try:
            claim, made = self._serializer.loads(token, return_timestamp=True)
        except BadData:
            return False
        parts = _CLAIM.fullmatch(claim)
        if parts is None or parts[1] not in self._ids:
            return False
        return 0 <= clock.now() - int(made.timestamp()) < int(parts[2]) * DAY
