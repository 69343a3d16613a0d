"""The rotation table's rows made into signed notes; README.md says what a row may say, rotation.test.js is the twin."""

import base64
import functools
import hashlib
import json
from pathlib import Path
from typing import Any

from knothole_keys import canonical, note, xwing
from knothole_keys.epoch import DAY, start
from knothole_keys.note import Note
from knothole_keys.recipient import Recipient, recipient_id
from knothole_keys.sign import Signer, new_note

TABLE: list[dict[str, Any]] = json.loads((Path(__file__).parent / "table.json").read_text("utf-8"))
EPOCH = 2968
OTHER = "00" * 32
FIRST: dict[str, Any] = {
    "admins": ["ana", "bo", "cy"],
    "boxes": [{"from_epoch": -10, "size": 2**18, "slots": 2}],
    "drop": "The Example Times",
    "expires": 300,
    "issued": -30,
    "retention_days": 30,
    "threshold": 2,
    "type": "knothole-root/1",
    "version": 1,
}


def moment(days: float) -> int:
    """Seconds, of days from the Wednesday of the table's week."""
    return start(EPOCH) + 2 * DAY + int(days * DAY)


def seed_of(name: str) -> bytes:
    return hashlib.sha256(f"seed of {name}".encode()).digest()


def signer(spelled: str) -> Signer:
    """`ana`, or `anna=ana` for ana's key under another name."""
    name, _, key = spelled.partition("=")
    return Signer(name, seed_of(key or name))


def signed(value: dict[str, Any], signers: list[str]) -> Note:
    made = new_note(value, [signer(one) for one in signers if not one.endswith("!")])
    text = canonical.encode(value) + b"\n"
    for one in signers:
        if one.endswith("!"):
            forged = signer(one[:-1]).public
            line = (forged.name, forged.id, signer("mallory").sign(text))
            made = Note(text, value, (*made.signatures, line))
    return note.parse(made.data)


def build_chain(entries: list[dict[str, Any]]) -> list[tuple[dict[str, Any], Note]]:
    """Each root as the table's words, and as a note."""
    built: list[tuple[dict[str, Any], Note]] = []
    for entry in entries:
        words = {**FIRST, **entry}
        if built:
            old, before = built[-1]
            later = {"version": old["version"] + 1, "issued": old["issued"] + 10}
            links = {"drop_id": built[0][1].hash.hex(), "previous": before.hash.hex()}
            words = {**{k: v for k, v in old.items() if k != "signed"}, **later, **links, **entry}
        everybody = [*(built[-1][0]["admins"] if built else []), *words["admins"]]
        signers = words.get("signed", list(dict.fromkeys(everybody)))
        built.append((words, signed(_root_value(words), signers)))
    return built


def _root_value(words: dict[str, Any]) -> dict[str, Any]:
    keys = [signer(name).public for name in words["admins"]]
    value = {
        **{name: one for name, one in words.items() if name != "signed"},
        "admins": [{"key": key.key.hex(), "name": key.name} for key in keys],
        "boxes": [{**look, "from_epoch": look["from_epoch"] + EPOCH} for look in words["boxes"]],
        "issued": moment(words["issued"]),
        "expires": moment(words["expires"]),
    }
    if words["version"] == 1:
        value = {name: one for name, one in value.items() if name not in ("drop_id", "previous")}
    return {name: OTHER if one == "other" else one for name, one in value.items()}


def build_roster(entry: dict[str, Any], chain: list[tuple[dict[str, Any], Note]], known: Note | None) -> Note:
    current = chain[-1][0]
    words: dict[str, Any] = {
        "drop_id": chain[0][1].hash.hex(),
        "expires": 13,
        "issued": -1,
        "readers": ["Dana", "Eli"],
        "root_version": current["version"],
        "signed": current["admins"][: current["threshold"]],
        "type": "knothole-roster/1",
        "version": 1,
        **entry,
    }
    if words["version"] > 1:
        words = {"previous": known.hash.hex() if known else OTHER, **words}
    value = {name: OTHER if one == "other" else one for name, one in words.items() if name not in ("readers", "signed")}
    value |= {
        "issued": moment(words["issued"]),
        "expires": moment(words["expires"]),
        "recipients": sorted((_reader(name) for name in words["readers"]), key=lambda one: str(one["id"])),
    }
    return signed(value, words["signed"])


@functools.cache
def _reader(name: str) -> dict[str, Any]:
    key = signer(name).public.key
    epochs = {EPOCH + week: xwing.public_bytes(seed_of(f"{name} {EPOCH + week}")) for week in (0, 1)}
    shown = [{"epoch": epoch, "key": base64.b64encode(one).decode()} for epoch, one in epochs.items()]
    return {**Recipient(recipient_id(key), key, name, "", epochs).value(), "epochs": shown}
