"""What is about to run out, weeks before sources notice: the rules and words of `knothole_keys.running_out`, as findings."""

from collections.abc import Iterator

from knothole_client.audit.findings import Finding, finding
from knothole_keys import running_out as rules
from knothole_keys.root import Chain
from knothole_keys.roster import Roster

_CODES = {"root": "root_near_expiry", "roster": "roster_near_expiry", "keys": "keys_near_end"}


def running_out(chain: Chain, roster: Roster | None, now: int) -> Iterator[Finding]:
    """Warnings of what has not expired and soon will."""
    over = {"root": now >= chain.current.expires, "roster": roster is not None and now >= roster.expires}
    for warned in rules.warnings(chain, roster, now):
        # What has expired, or is from the future, is an alarm of its own.
        if warned.kind in _CODES and not over.get(warned.kind, False):
            yield finding(_CODES[warned.kind], text=warned.text)
    if roster is not None and not roster.recipients:
        yield finding(
            "keys_near_end", text="The roster names no reader, so nobody can send: enrol somebody, publish a new one."
        )
