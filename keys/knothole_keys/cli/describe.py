"""Notes in words, for an administrator who is about to sign one."""

import json
from collections.abc import Iterable

from knothole_keys import clock, fields, note
from knothole_keys.enrolment import TYPE as ENROLMENT
from knothole_keys.enrolment import read_enrolment
from knothole_keys.epoch import days
from knothole_keys.errors import MalformedNote, MalformedRoster
from knothole_keys.note import Note
from knothole_keys.recipient import Recipient
from knothole_keys.root import TYPE as ROOT
from knothole_keys.root import Chain, Root, fingerprint, split
from knothole_keys.roster import MAX_RECIPIENTS, Roster, parse_roster
from knothole_keys.roster import TYPE as ROSTER

__all__ = ["Roster", "anything", "parse_roster", "roots", "roster"]


def roots(chain: list[Root]) -> list[str]:
    """A chain of roots, its newest one in full."""
    root = chain[-1]
    signed = {key.name for key in note.signers(root.note, root.admins)}
    lines = [
        f"Root {root.version} of the drop {root.drop!r}, valid {clock.day_of(root.issued)} to {clock.day_of(root.expires)}.",
        f"Fingerprint: {fingerprint(chain[0].note.hash)}" if chain[0].version == 1 else "The first root is not in this file.",
        f"{root.threshold} of these {len(root.admins)} administrators must agree:",
    ]
    lines += [f"  {key}  {'signed' if key.name in signed else 'has not signed'}" for key in root.admins]
    for first, geometry in root.boxes:
        lines.append(f"Boxes from epoch {first}: {geometry.size} bytes, {geometry.slots} slots.")
    return [*lines, f"The server keeps a week's boxes for {root.retention_days} days after it."]


def roster(made: Roster, before: Roster | None, chain: Chain, enrolled: Iterable[Recipient]) -> list[str]:
    """A roster, and what it changes against the one before and those `enrolled`, as far as they are known here."""
    signed = [key.name for key in note.signers(made.note, chain.current.admins)]
    lines = [
        f"Roster {made.version} of {chain.current.drop!r}, valid {clock.day_of(made.issued)} to {clock.day_of(made.expires)}.",
        f"Signed by: {', '.join(signed) or 'nobody yet'} ({chain.current.threshold} needed).",
    ]
    lines += _changes(made, before)
    listed = {recipient.id for recipient in made.recipients}
    lines += [f"NOT IN IT: {one.id}  {quoted(one.name)}, who is enrolled here" for one in enrolled if one.id not in listed]
    for recipient in made.recipients:
        lines += _recipient(recipient)
    return lines


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


def anything(data: bytes, *, as_json: bool) -> list[str]:
    """Whatever note a file holds. Nothing of it is verified but an enrolment's own signature."""
    kind = _first(data).value.get("type")
    if as_json:
        notes = [root.note for root in split(data)] if kind == ROOT else [_first(data)]
        return [
            json.dumps(
                {
                    "notes": [
                        {"hash": one.hash.hex(), "signatures": [s[0] for s in one.signatures], **one.value} for one in notes
                    ]
                }
            )
        ]
    if kind == ROOT:
        return roots(split(data))
    if kind == ENROLMENT:
        enrolment = read_enrolment(data, drop_id=None)
        lines = [f"Enrolment of {clock.day_of(enrolment.issued)} for the drop {fingerprint(enrolment.drop_id)}"]
        return lines + _recipient(enrolment.recipient)
    if kind == ROSTER:
        return _unverified(_first(data))
    raise MalformedNote("This note is neither a root nor a roster nor an enrolment.")


def _first(data: bytes) -> Note:
    return split(data)[0].note if data.count(b"\n{") else note.parse(data)


def _unverified(parsed: Note) -> list[str]:
    # Nothing here was checked: as JSON a name cannot write to the terminal, and members may be of any shape.
    value = parsed.value
    signed = ", ".join(name for name, _, _ in parsed.signatures)
    lines = [f"Roster {json.dumps(value.get('version'))}; signatures by {signed} (not verified here)."]
    people = fields.items(value.get("recipients"), 0, MAX_RECIPIENTS, MalformedRoster, "The list of recipients")
    return lines + [f"  {json.dumps(r.get('id'))}  {json.dumps(r.get('name'))}" for r in people if isinstance(r, dict)]
