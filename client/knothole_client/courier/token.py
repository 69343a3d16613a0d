"""The courier's token, as its file holds it, and how long it is good for.

A token is `ID-DAYS.TIME.SIGNATURE` (the server's `tokens` makes them): whoever holds it can read all but whether it is signed.
"""

import re
from pathlib import Path

from itsdangerous.encoding import base64_decode, bytes_to_int
from itsdangerous.exc import BadData

from knothole_keys import files, running_out
from knothole_keys.epoch import DAY
from knothole_keys.errors import Refused

_TOKEN = re.compile(r"([0-9a-f]{8})-([1-9][0-9]{0,2})\.([A-Za-z0-9_-]{1,8})\.[^.]+")


def read_token(path: Path) -> str:
    """The token in a file. Raises Refused, with nothing of what the file holds."""
    token = files.read(path, 4096).strip()
    # The token itself must never be part of the sentence.
    if not token or not all(33 <= byte < 127 for byte in token):
        raise Refused(f"{path} does not hold a token; write the output of `knothole server courier-token` to it.")
    return token.decode("ascii")


def near_end(token: str, now: int) -> list[str]:
    """Lines about a token in its last week, or past it; none about what does not look like a token: the server will say."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return []
    try:
        made = bytes_to_int(base64_decode(parts[3]))
    except BadData:
        return []
    return [f"Warning: {one.text}" for one in running_out.token(parts[1], made + int(parts[2]) * DAY, now)]
