"""What each kind of vector asks of knothole_keys: `given` in, the values of `expect` out, or a refusal raised."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cryptography.cobblestone import Cobblestone256Decryptor
from nacl.signing import SigningKey

from knothole_keys import (
    boxes_file,
    canonical,
    card,
    codename,
    enrolment,
    epoch,
    kdf,
    letter,
    merkle,
    names,
    note,
    proof,
    trial,
    xwing,
)
from knothole_keys.board import SLOT
from knothole_keys.box import Geometry
from knothole_keys.letter import Draft, FileEntry
from knothole_keys.note import NoteKey
from knothole_keys.open import Opener
from knothole_keys.root import fingerprint, parse_fingerprint, read_chain
from knothole_keys.roster import read_roster
from knothole_keys.seal import Sealer
from knothole_keys.stream import Head, file_stream, letter_parts, read_head, read_part
from tests.keys.recipes import board, edited, plaintext, spell

Given = dict[str, Any]
Values = dict[str, Any]


def run_canonical(given: Given) -> Values:
    data = spell(given["json"])
    value = canonical.decode(data)
    assert canonical.encode(value) == data
    return {"value": value}


def run_derive(given: Given) -> Values:
    secret, data = bytes.fromhex(given["secret"]), bytes.fromhex(given["data"])
    return {"out": kdf.derive(secret, given["label"], data, given["length"]).hex()}


def run_epoch(given: Given) -> Values:
    number = given["epoch"]
    return {
        "epochs": [epoch.epoch_of(t) for t in given["times"]],
        "start": epoch.start(number),
        "end": epoch.end(number),
        "accepts": [epoch.accepts(number, t) for t in given["moments"]],
    }


def run_geometry(given: Given) -> Values:
    return {"plaintext": [Geometry(*box).plaintext for box in given["boxes"]]}


def run_proof(given: Given) -> Values:
    permit, number, box_id, bits = given["permit"], given["epoch"], bytes.fromhex(given["box_id"]), given["difficulty"]
    return {
        "smallest": str(proof.solve(permit, number, box_id, bits)),
        "valid": [proof.check(permit, number, box_id, int(nonce), bits) for nonce in given["nonces"]],
    }


def run_codename(given: Given) -> Values:
    words = codename.parse(given["text"])
    keys = codename.thread_keys(given["text"], bytes.fromhex(given["drop_id"]))
    return {
        "words": words,
        "thread_secret": keys.secret.hex(),
        "signing_seed": keys.signing_seed.hex(),
        "thread": keys.thread.hex(),
        "reply_key": keys.reply_key.hex(),
    }


def run_fingerprint(given: Given) -> Values:
    drop_id = parse_fingerprint(given["text"])
    assert parse_fingerprint(fingerprint(drop_id)) == drop_id
    return {"drop_id": drop_id.hex()}


def run_note(given: Given) -> Values:
    data = spell(given["note"])
    parsed = note.parse(data)
    assert parsed.data == data
    note.require(parsed, [NoteKey(key["name"], bytes.fromhex(key["key"])) for key in given["keys"]], given["threshold"])
    return {"hash": parsed.hash.hex(), "value": parsed.value}


def run_verifier_key(given: Given) -> Values:
    key = NoteKey.parse(given["text"])
    assert str(key) == given["text"].strip()
    return {"name": key.name, "key": key.key.hex()}


def run_root(given: Given) -> Values:
    data = spell(given["roots"])
    expected = bytes.fromhex(given["drop_id"]) if "drop_id" in given else None
    chain = read_chain(data, drop_id=expected, now=given["now"])
    assert chain.data == data
    current = chain.current
    looks = [current.geometry(number) for number in given.get("epochs", [])]
    return {
        "drop_id": chain.drop_id.hex(),
        "fingerprint": fingerprint(chain.drop_id),
        "version": current.version,
        "hash": current.note.hash.hex(),
        "geometry": [[look.size, look.slots] if look else [] for look in looks],
    }


def run_roster(given: Given) -> Values:
    chain = read_chain(spell(given["roots"]))
    known = read_roster(spell(given["known"]), chain, now=None) if "known" in given else None
    roster = read_roster(spell(given["roster"]), chain, now=given["now"], known=known)
    receiving = [[one.id for one in roster.receiving(number)] for number in given.get("epochs", [])]
    return {"hash": roster.hash.hex(), "version": roster.version, "receiving": receiving}


def run_enrolment(given: Given) -> Values:
    drop_id = bytes.fromhex(given["drop_id"])
    offered = enrolment.read_enrolment(spell(given["enrolment"]), drop_id=drop_id).recipient
    if "known" in given:
        offered = enrolment.merge(enrolment.read_enrolment(spell(given["known"]), drop_id=drop_id).recipient, offered)
    return {"id": offered.id, "name": offered.name, "epochs": sorted(offered.epochs)}


def run_weekly_key(given: Given) -> Values:
    trial.try_key(spell(given["key"]))
    return {"usable": True}


def _geometry(given: Given) -> Geometry:
    return Geometry(given["size"], given["slots"])


def _part(head: Head, body: bytes) -> Values:
    return {"head": canonical.decode(head.encode()), "body_length": len(body), "leaf": merkle.leaf(body).hex()}


def run_part(given: Given) -> Values:
    geometry = _geometry(given)
    return _part(*read_part(plaintext(given["plaintext"], geometry), geometry))


def run_box(given: Given) -> Values:
    geometry, box_id = _geometry(given), bytes.fromhex(given["box_id"])
    drop_id, seeds = bytes.fromhex(given["drop_id"]), [bytes.fromhex(seed) for seed in given["seeds"]]
    opener = Opener(drop_id=drop_id, epoch=given["epoch"], geometry=geometry, seeds=seeds)
    # Bases and edits are laid out as the boxes were made, whatever the reader expects of them.
    opened = opener.open(edited(given["box"], Geometry(2**18, 4)), box_id)
    again = opener.open_with(edited(given["box"], geometry), box_id, opened.box_key)
    assert (again.head, again.body) == (opened.head, opened.body)
    return _part(opened.head, opened.body)


def run_merkle(given: Given) -> Values:
    bodies = [spell(body) for body in given["bodies"]]
    tree = merkle.Tree([merkle.leaf(body) for body in bodies])
    return {
        "root": tree.root.hex(),
        "paths": [tree.path(i).hex() for i in range(len(bodies))],
        "stream": file_stream(bytes.fromhex(given["thread_secret"]), tree.root).hex(),
    }


def _sealer(given: Given, recipients: list[bytes]) -> Sealer:
    drop_id, secret = bytes.fromhex(given["drop_id"]), bytes.fromhex(given["thread_secret"])
    return Sealer(drop_id=drop_id, epoch=given["epoch"], geometry=_geometry(given), recipients=recipients, thread_secret=secret)


def run_box_id(given: Given) -> Values:
    readers = [xwing.public_bytes(bytes.fromhex(seed)) for seed in given["seeds"]]
    sealer, head, body = _sealer(given, readers), read_head(spell(given["header"])), spell(given["body"])
    assert sealer.seal(head, body)[0] == sealer.box_id(head, body)
    return {"box_id": sealer.box_id(head, body).hex()}


def run_seal(given: Given) -> Values:
    sealer = _sealer(given, [spell(key) for key in given["recipients"]])
    return {"box_id": sealer.seal(read_head(spell(given["header"])), spell(given["body"]))[0].hex()}


def run_letter(given: Given) -> Values:
    stream = spell(given["letter"])
    read = letter.read_letter(stream, drop_id=bytes.fromhex(given["drop_id"]), capacity=given["capacity"])
    text = canonical.decode(stream[4 : 4 + int.from_bytes(stream[:4], "big")])
    return {
        "type": text["type"],
        "nonce": text["nonce"],
        "day": read.day,
        "files": [entry.value() for entry in read.files],
        "language": read.language,
        "message": read.message,
        "read": [{"sender": sender, "sequence": sequence} for sender, sequence in read.read],
        "recipients": list(read.recipients),
        "reply_key": read.reply_key.hex(),
        "roster": read.roster.hex(),
        "thread": read.thread.hex(),
        "contents": {name: body.hex() for name, body in read.contents.items()},
    }


def run_file_names(given: Given) -> Values:
    for name in given["names"]:
        names.check(name)
    names.check_distinct(given["names"])
    return {"folded": [names.folded(name) for name in given["names"]]}


def run_cleaned_names(given: Given) -> Values:
    taken: set[str] = set()
    return {"names": [names.clean(name, taken) for name in given["names"]]}


def run_written_letter(given: Given) -> Values:
    drop_id = bytes.fromhex(given["drop_id"])
    keys = codename.thread_keys(given["codename"], drop_id)
    contents = {file["name"]: spell(file["bytes"]) for file in given["files"]}
    table = []
    for file in given["files"]:
        body = contents[file["name"]]
        root = merkle.leaf(body)
        table.append(FileEntry(file["name"], len(body), file["type"], root, file_stream(keys.secret, root)))
    draft = Draft(
        message=spell(given["message"]).decode(),
        language=given["language"],
        day=given["day"],
        files=table,
        recipients=given["recipients"],
        roster=bytes.fromhex(given["roster"]),
        read=[(item["sender"], item["sequence"]) for item in given["read"]],
    )
    inside = letter.choose_inside(draft, keys, given["capacity"])
    chosen = [replace(entry, inside=fits) for entry, fits in zip(table, inside, strict=True)]
    stream = letter.write_letter(replace(draft, files=chosen), keys, drop_id, contents)
    first, _ = next(letter_parts(stream, given["capacity"]))
    digest = hashlib.sha256(stream).hexdigest()
    return {"inside": inside, "length": len(stream), "sha256": digest, "stream": first.stream.hex()}


def run_boxes_file(given: Given) -> Values:
    reader, file = boxes_file.Reader(), spell(given["file"])
    # In pieces, as a form brings it.
    events = [event for at in range(0, len(file), 65_521) for event in reader.feed(file[at : at + 65_521])]
    reader.finish()
    (header,) = [event for event in events if isinstance(event, boxes_file.Header)]
    boxes = [{"epoch": one.epoch, "box_id": one.box_id.hex()} for one in events if isinstance(one, boxes_file.Entry)]
    return {"drop_id": header.drop_id.hex(), "size": header.size, "boxes": boxes}


def run_board(given: Given) -> Values:
    read = card.read_board(
        board(given["board"]),
        reply_key=bytes.fromhex(given["reply_key"]),
        drop_id=bytes.fromhex(given["drop_id"]),
        thread=bytes.fromhex(given["thread"]),
        senders={sender: bytes.fromhex(key) for sender, key in given["senders"].items()},
    )
    return {"cards": [vars(one) for one in read.cards], "ignored": read.ignored, "incomplete": read.incomplete}


def run_acknowledgement(given: Given) -> Values:
    read = card.read_acknowledgement(given["text"])
    assert read is None or read.text() == given["text"]
    return {"acknowledgement": read and vars(read)}


def run_card(given: Given) -> Values:
    drop_id, reply_key = bytes.fromhex(given["drop_id"]), bytes.fromhex(given["reply_key"])
    one = card.Card(given["kind"], given["day"], given["sender"], given["sequence"], spell(given["text"]).decode())
    keys = {"reply_key": reply_key, "drop_id": drop_id, "thread": bytes.fromhex(given["thread"])}
    slots = card.make_slots(one, **keys, signing_key=SigningKey(bytes.fromhex(given["seed"])))
    opened = []
    for slot in slots:
        assert len(slot) == SLOT
        under = Cobblestone256Decryptor(reply_key, context=b"knothole/1 slot\x00" + drop_id)
        opened.append(under.update(slot) + under.finalize())
    return {"plaintexts": [text.hex() for text in opened]}


KINDS: dict[str, Callable[[Given], Values]] = {
    name.removeprefix("run_"): run for name, run in list(globals().items()) if name.startswith("run_")
}
