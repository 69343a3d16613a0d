"""The courier's token, as its file holds it."""

from pathlib import Path

from knothole_keys import files
from knothole_keys.errors import Refused


def read_token(path: Path) -> str:
    """The token in a file. Raises Refused, with nothing of what the file holds."""
    token = files.read(path, 4096).strip()
    # The token itself must never be part of the sentence.
    if not token or not all(33 <= byte < 127 for byte in token):
        raise Refused(f"{path} does not hold a token; write the output of `knothole server courier-token` to it.")
    return token.decode("ascii")
