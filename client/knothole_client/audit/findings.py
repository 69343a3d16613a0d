"""What an audit can find, each by one code: how bad it is, and the sentence that says what to do.

`docs/courier.md` has a line for each code. Scripts read codes: they are added, and never given another meaning.
"""

from collections.abc import Iterable
from dataclasses import dataclass

ALARM, WARNING, UNKNOWN = "alarm", "warning", "unknown"
WELL = "well"
# The exit code that each result ends with; 2 is wrong usage.
EXITS = {ALARM: 1, WARNING: 3, UNKNOWN: 4, WELL: 0}

_ASK = "show the kept evidence to the administrators by another way, and let nobody send until they know which one they signed"
_LOOK = "have the operator look at the server and at the proxy in front of it"
_BETWEEN = "look whether a login page or a filter is in between, then ask the operator"
CODES = {
    # The page and what it loads.
    "page_changed": (
        ALARM,
        "The page at {where} is not the one that this release renders for this drop: send nobody there, ask the operator "
        "which release the server runs, and compare with another machine's audit.",
    ),
    "page_script": (
        ALARM,
        "The page at {where} brings a script that no release has, and which can read what sources write before it is sealed: "
        "have the server taken off the network now.",
    ),
    "page_refused": (
        WARNING,
        "The server serves its lists and refuses to show {path} (code {status}): sources cannot send from here, so compare "
        "with another machine's audit, for this one may be kept from the page alone, and " + _LOOK + ".",
    ),
    "asset_changed": (
        ALARM,
        "{path} has other bytes than in the release that is installed here: send nobody there until the operator has said "
        "which release the server runs, and a machine with that one finds nothing.",
    ),
    "header_missing": (ALARM, "The header {name}, which protects the page, is missing from {where}: " + _LOOK + "."),
    "header_changed": (ALARM, "The header {name} is not the release's at {where}: " + _LOOK + "."),
    "header_foreign": (
        ALARM,
        "The header {name}, which no release sends, comes with {where} and may mark visitors or lead them elsewhere: "
        + _LOOK
        + ".",
    ),
    # Answers as such.
    "answer_endless": (ALARM, "The answer at {path} does not end where it must: " + _LOOK + "."),
    "answer_compressed": (ALARM, "The answer at {path} is compressed, so that its length tells what it says: " + _LOOK + "."),
    "answer_size": (ALARM, "The answer at {path} has not the length of its kind, which tells what it says: " + _LOOK + "."),
    "answer_foreign": (ALARM, "The answer at {path} is none that a drop's server gives: " + _LOOK + ". ({why})"),
    "unreachable": (
        UNKNOWN,
        "{path} did not come, try again: when it stays so, compare with another machine, because an audit that is kept away "
        "finds nothing. ({why})",
    ),
    # Roots.
    "wrong_drop": (ALARM, "{what} belong to another drop than the one named: check the address, then " + _ASK + "."),
    "roots_unsigned": (ALARM, "The server's roots are not signed as they must be: " + _ASK + ". ({why})"),
    "roots_unreadable": (ALARM, "What the server gives for its roots is not a chain of roots: " + _BETWEEN + ". ({why})"),
    "roots_fork": (ALARM, "The server shows this machine other roots than before, under the same versions: " + _ASK + "."),
    "roots_rollback": (ALARM, "The server hides a newer root that this machine has seen: " + _ASK + "."),
    "root_from_future": (ALARM, "{why} Then audit again."),
    "root_expired": (
        ALARM,
        "The drop's root has expired, and sources cannot send until the administrators publish a new one, {doubt}, then "
        "audit again.",
    ),
    "root_near_expiry": (WARNING, "{text}"),
    # Rosters.
    "roster_missing": (ALARM, "The server says that there is no roster: ask the administrators whether there was one."),
    "roster_unsigned": (ALARM, "{what} is not signed as it must be: " + _ASK + ". ({why})"),
    "roster_unreadable": (ALARM, "{what} is no roster of this drop: " + _BETWEEN + ". ({why})"),
    "roster_fork": (
        ALARM,
        "There are two rosters with the number {version}, so this machine is shown other readers than before, or than "
        "others: " + _ASK + ".",
    ),
    "roster_rollback": (
        ALARM,
        "The server shows roster {version} though this machine has seen a later one ({newest}), and somebody who was taken "
        "out may be in it again: " + _ASK + ".",
    ),
    "roster_from_future": (ALARM, "{why} Then audit again."),
    "roster_expired": (
        ALARM,
        "The roster has expired, and sources cannot send (ask the administrators whether they signed a new one, which the "
        "server then hides), {doubt}, then audit again.",
    ),
    "roster_gap": (
        WARNING,
        "Rosters that this machine has not seen cannot be had from the server ({which}): ask the administrators whether they "
        "published them, and audit more often.",
    ),
    "roster_near_expiry": (WARNING, "{text}"),
    "keys_near_end": (WARNING, "{text}"),
    # Cover boxes, and what is kept here.
    "box_lost": (
        ALARM,
        "{count} of the cover boxes that the server acknowledged are not there any more (week {weeks}), and sources' boxes may "
        "have gone the same way: have the operator run `knothole server doctor`, and keep the courier's copies.",
    ),
    "box_changed": (
        ALARM,
        "{count} of the cover boxes that the server acknowledged are listed with other bytes (week {weeks}), and sources' "
        "boxes may be changed, too: have the operator run `knothole server doctor`, and keep the courier's copies.",
    ),
    "token_refused": (WARNING, "The server does not take the token: make one with `knothole server courier-token`."),
    "evidence_full": (
        WARNING,
        "The folder of evidence has its most, and {count} more things that alarms are about were not kept: move what is in it "
        "to another disk, then audit again.",
    ),
    "state_unwritable": (
        ALARM,
        "What was found cannot be remembered, so make room or give this folder back to its owner. ({why})",
    ),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be."""

    code: str
    severity: str
    sentence: str


def finding(code: str, **values: object) -> Finding:
    """The finding of a code; `values` stand in its sentence."""
    severity, sentence = CODES[code]
    return Finding(code, severity, sentence.format(**values))


def worst(findings: Iterable[Finding]) -> str:
    """The result of an audit: the worst severity found, or WELL."""
    found = {one.severity for one in findings}
    return next((severity for severity in (ALARM, UNKNOWN, WARNING) if severity in found), WELL)
