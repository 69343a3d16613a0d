"""Notes in words, for an administrator who is about to sign one."""

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from knothole_keys import clock, fields, note
from knothole_keys.box import Geometry
from knothole_keys.enrolment import TYPE as ENROLMENT
from knothole_keys.enrolment import read_enrolment
from knothole_keys.epoch import days
from knothole_keys.errors import MalformedNote, MalformedRoster
from knothole_keys.note import Note, Tally
from knothole_keys.recipient import Recipient
from knothole_keys.root import TYPE as ROOT
from knothole_keys.root import Chain, Root, fingerprint, split
from knothole_keys.roster import MAX_RECIPIENTS, Roster, parse_roster
from knothole_keys.roster import TYPE as ROSTER
from knothole_keys.rotation import Draft, read_draft

__all__ = ["Roster", "anything", "draft", "kind", "next_step", "parse_roster", "roster", "still_missing", "tally"]


def draft(made: Draft, kept: Sequence[Root] = ()) -> list[str]:
    """A file of roots: the newest in full, who has not signed it, and every step to it from the newest root of `kept` in it.

    A root that was finished meanwhile changes what the newest stands on, so whoever signs the newest agrees to it, too.
    """
    root = made.root
    signed = {key.name for _, tally in made.tallies() for key in tally.signed}
    lines = [
        f"Root {root.version} of the drop {root.drop!r}, valid {clock.day_of(root.issued)} to {clock.day_of(root.expires)}.",
        f"Fingerprint: {fingerprint(made.drop_id)}",
        *_steps(made.roots, kept),
    ]
    lines.append(f"{root.threshold} of these {len(root.admins)} administrators must agree:")
    lines += [f"  {key}  {'signed' if key.name in signed else 'has not signed'}" for key in root.admins]
    lines += [f"Boxes from epoch {first} ({days(first)}): {_look(geometry)}." for first, geometry in root.boxes]
    lines.append(f"The server keeps a week's boxes for {root.retention_days} days after it.")
    lacking = made.lacking()
    return [*lines, f"Still missing: {lacking}." if lacking else "It has all signatures that it needs."]


def _steps(roots: Sequence[Root], kept: Sequence[Root]) -> list[str]:
    shared = sum(ours.note.hash == theirs.note.hash for ours, theirs in zip(kept, roots, strict=False))
    lines = [f"REPLACES root {one.version} of this folder, which is not in this file." for one in kept[shared:]]
    # At least the last step, even if it was seen; without any root of one's own, all of them.
    path = roots[max(min(shared, len(roots) - 1) - 1, 0) :]
    if len(path) <= 2:
        return lines + [line for old, new in pairwise(path) for line in _root_changes(old, new) or _renewed(old)]
    count = f"{len(roots) - shared} roots that you have not seen" if shared else f"{len(roots)} roots"
    lines.append(f"This file has {count}. READ EACH STEP:")
    for old, new in pairwise(path):
        lines.append(f"From root {old.version} to root {new.version}:")
        lines += [f"  {line}" for line in _root_changes(old, new) or _renewed(old)]
    lines.append(f"All steps together, from root {path[0].version} to root {path[-1].version}:")
    return lines + [f"  {line}" for line in _root_changes(path[0], path[-1]) or ["Nothing is different at the end."]]


def _renewed(old: Root) -> list[str]:
    return [f"It renews root {old.version}, which expires on {clock.day_of(old.expires)}, and changes nothing else."]


def _look(geometry: Geometry) -> str:
    return f"{geometry.size} bytes, {geometry.slots} slots"


def _root_changes(old: Root, new: Root) -> list[str]:
    lines = [f"JOINS the administrators: {key}" for key in new.admins if key not in old.admins]
    lines += [f"LEAVES the administrators: {key}" for key in old.admins if key not in new.admins]
    if new.threshold != old.threshold:
        lines.append(f"THRESHOLD: {new.threshold} must agree from now on, {old.threshold} until now.")
    gone = [(first, geometry) for first, geometry in old.boxes if (first, geometry) not in new.boxes]
    lines += [f"NO MORE PLANNED: boxes of {_look(geometry)} from epoch {first} on." for first, geometry in gone]
    for first, geometry in new.boxes:
        if (first, geometry) not in old.boxes:
            before = new.geometry(first - 1)
            was = f"; until then {_look(before)}" if before else ""
            lines.append(f"BOXES from epoch {first} on ({days(first)}): {_look(geometry)}{was}.")
    if new.retention_days != old.retention_days:
        lines.append(f"KEPT: a week's boxes for {new.retention_days} days after it, {old.retention_days} until now.")
    if new.drop != old.drop:
        lines.append(f"NAMED ANEW: the drop {old.drop!r} is now {new.drop!r}.")
    return lines


def roster(made: Roster, before: Roster | None, chain: Chain, enrolled: Iterable[Recipient]) -> list[str]:
    """A roster, and what it changes against the one before and those `enrolled`, as far as they are known here."""
    count = tally(made, chain)
    signed = ", ".join(key.name for key in count.signed) or "nobody yet"
    lines = [
        f"Roster {made.version} of {chain.current.drop!r}, valid {clock.day_of(made.issued)} to {clock.day_of(made.expires)}.",
        f"Signed by: {signed} ({chain.current.threshold} needed); {still_missing(count, 'it has enough')}.",
    ]
    strangers = [name for name, _, _ in made.note.signatures if name not in {key.name for key in count.signed}]
    lines += [
        f"NOT COUNTED: the signature of {name}, who is no administrator of root {made.root_version}." for name in strangers
    ]
    lines += _changes(made, before)
    listed = {recipient.id for recipient in made.recipients}
    lines += [f"NOT IN IT: {one.id}  {quoted(one.name)}, who is enrolled here" for one in enrolled if one.id not in listed]
    for recipient in made.recipients:
        lines += _recipient(recipient)
    return lines


def tally(made: Roster, chain: Chain) -> Tally:
    """Who of the administrators in force signed a roster. Raises BadSignature."""
    return note.tally(made.note, chain.current.admins, chain.current.threshold)


def still_missing(count: Tally, otherwise: str) -> str:
    """`still missing: 1 more of the administrators (bob or carol)`."""
    return f"still missing: {count.lacks} more of the administrators ({count.names})" if count.lacks else otherwise


def next_step(made: Roster, chain: Chain, path: Path) -> list[str]:
    """What to do with a roster that was just signed."""
    count = tally(made, chain)
    need = chain.current.threshold
    done = f"Signed by {need - count.lacks} of the {need} administrators that it needs"
    if count.lacks:
        return [f"{done}; {still_missing(count, '')}.", f"Next, on their machine: knothole keys cosign DIR {path.name}"]
    return [f"{done}: give it to the courier or the server's operator, to be published."]


def _changes(made: Roster, before: Roster | None) -> list[str]:
    if before is None:
        return ["There is no earlier roster here to compare it with."]
    old, new = ({recipient.id: recipient for recipient in one.recipients} for one in (before, made))
    lines = [f"JOINS: {i}  {quoted(new[i].name)}" for i in new if i not in old]
    lines += [f"LEAVES: {i}  {quoted(old[i].name)}" for i in old if i not in new]
    for i in new.keys() & old.keys():
        if (new[i].name, new[i].note) != (old[i].name, old[i].note):
            lines.append(f"NAMED ANEW: {i}  {quoted(old[i].name)} is now {quoted(new[i].name)}")
        if any(new[i].epochs.get(epoch, key) != key for epoch, key in old[i].epochs.items()):
            lines.append(f"KEY CHANGED: {i}. A published key never changes: do not sign, ask them in person.")
    return lines or [f"Nobody joins or leaves against roster {before.version}."]


def quoted(text: str) -> str:
    """What somebody chose, in quotation marks of its own, so that it cannot pass for what we say."""
    return "“" + text.replace("“", '"').replace("”", '"') + "”"


def _recipient(recipient: Recipient) -> list[str]:
    weeks = sorted(recipient.epochs)
    reach = f"{days(weeks[0])[:10]} to {days(weeks[-1])[-10:]}" if weeks else "does not receive: no weekly keys"
    gaps = [epoch for epoch in range(weeks[0], weeks[-1]) if epoch not in recipient.epochs] if weeks else []
    reach += "".join(f", BUT NOT {days(epoch)}" for epoch in gaps)
    about = f", {quoted(recipient.note)}" if recipient.note else ""
    return [f"  {recipient.id}  {quoted(recipient.name)}{about}: {reach}"]


def kind(data: bytes) -> object:
    """The type that the first note of a file names, whatever it is."""
    return _first(data).value.get("type")


def anything(data: bytes, *, as_json: bool, chain: Chain | None = None) -> list[str]:
    """Whatever note a file holds. Without a chain nothing of a roster is verified."""
    found = kind(data)
    if as_json:
        notes = [root.note for root in split(data)] if found == ROOT else [_first(data)]
        shown = [{"hash": one.hash.hex(), "signatures": [s[0] for s in one.signatures], **one.value} for one in notes]
        return [json.dumps({"notes": shown})]
    if found == ROOT:
        return draft(read_draft(data))
    if found == ENROLMENT:
        enrolment = read_enrolment(data, drop_id=None)
        lines = [f"Enrolment of {clock.day_of(enrolment.issued)} for the drop {fingerprint(enrolment.drop_id)}"]
        return lines + _recipient(enrolment.recipient)
    if found == ROSTER and chain is not None:
        return roster(parse_roster(_first(data), chain), None, chain, ())
    if found == ROSTER:
        return _unverified(_first(data))
    raise MalformedNote("This note is neither a root nor a roster nor an enrolment.")


def _first(data: bytes) -> Note:
    return split(data)[0].note if data.count(b"\n{") else note.parse(data)


def _unverified(parsed: Note) -> list[str]:
    # Nothing here was checked: as JSON a name cannot write to the terminal, and members may be of any shape.
    value = parsed.value
    signed = ", ".join(name for name, _, _ in parsed.signatures)
    lines = [
        f"Roster {json.dumps(value.get('version'))}; signatures by {signed} (not verified here: --root root.note does it)."
    ]
    people = fields.items(value.get("recipients"), 0, MAX_RECIPIENTS, MalformedRoster, "The list of recipients")
    return lines + [f"  {json.dumps(r.get('id'))}  {json.dumps(r.get('name'))}" for r in people if isinstance(r, dict)]
