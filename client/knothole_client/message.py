"""A message as a command line is given it: after `-m`, from a file, or on standard input."""

import sys
from pathlib import Path

from knothole_keys import files
from knothole_keys.errors import Refused


def from_option(text: str, limit: int, otherwise: str) -> str:
    """The message of `-m TEXT`; `-` reads standard input, at most `limit` bytes and a newline.

    `otherwise` says what to do with more. Raises Refused.
    """
    if text != "-":
        return text
    data = sys.stdin.buffer.read(limit + 2)
    if len(data) > limit + 1:
        raise Refused(f"The message is longer than {limit:,} bytes, which is the most; {otherwise}.")
    return _decoded(data, "The message", otherwise)


def from_file(path: Path, limit: int, otherwise: str) -> str:
    """The message that a file holds, of at most `limit` bytes and a newline. Raises Refused."""
    size = path.stat().st_size if path.is_file() else 0
    if size > limit + 1:
        raise Refused(f"{path} has {size:,} bytes, and a message at most {limit:,}; {otherwise}.")
    return _decoded(files.read(path, limit + 1), str(path), otherwise)


def asked(what: str, limit: int, otherwise: str) -> str:
    """The message that a person types, to the end of input. Raises Refused when there is nobody."""
    if not sys.stdin.isatty():
        raise Refused(f"There is nobody to ask for {what}; give it with -m, or with -m - on standard input.")
    print(f"Type {what}; Ctrl-D on an empty line ends it.", file=sys.stderr)
    return from_option("-", limit, otherwise)


def _decoded(data: bytes, what: str, otherwise: str) -> str:
    try:
        # The newline that ends a last line is the terminal's, not the message's.
        return data.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        raise Refused(f"{what} is not UTF-8 text; save it as UTF-8, or {otherwise}.") from None
