"""Whether this machine can build the walls: they are built, and a probe behind them looks for holes."""

import json
from collections.abc import Callable

from knothole_client.sandbox.outcome import Outcome
from knothole_client.sandbox.pixels import Lied
from knothole_client.sandbox.reader import Reader

HOLES = {
    "network": "the network can be reached from it",
    "home": "your own files can be read from it",
    "write": "files outside it can be written from it",
    "rights": "programs in it could gain rights",
    "calls": "it does not limit what programs ask of the system",
    "limits": "it does not limit what programs use",
    "document": "a document cannot be read in it",
}


def without_bwrap() -> str:
    """The sentence for a machine without bubblewrap."""
    return "There is no preview, because bubblewrap is not installed: install it (apt install bubblewrap) and try again."


def holes(out: Reader) -> Outcome:
    """What the probe found, in the words of HOLES."""
    try:
        found = json.loads(out.rest(1 << 20).decode("ascii"))
    except ValueError as problem:
        raise Lied from problem
    if not isinstance(found, list) or not all(isinstance(one, str) and one in HOLES for one in found):
        raise Lied
    return Outcome("done", flags=tuple(found))


def probed(ask: Callable[[], Outcome]) -> str | None:
    """None, or the sentence why there is no sandbox."""
    try:
        found = ask()
    except (ImportError, RuntimeError):
        return "There is no preview, because libseccomp is not installed: install it (apt install libseccomp2) and try again."
    except OSError:
        return "There is no preview, because bubblewrap cannot be started here: install it again and try once more."
    if found.end != "done":
        return (
            "There is no preview, because this system does not let bubblewrap build a sandbox (user namespaces may be switched "
            "off): ask whoever set up this machine to allow them."
        )
    if found.flags:
        return (
            f"There is no preview, because the sandbox of this machine has a hole ({HOLES[found.flags[0]]}): "
            "tell whoever set up this machine."
        )
    return None
