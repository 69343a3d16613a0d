"""Vectors' recipes made into bytes: texts, hex, repetitions, and edits of base boxes (keys/vectors/README.md)."""

import base64
import hashlib
import hmac
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from knothole_keys import box
from knothole_keys.box import HEAD, Geometry

VECTORS = Path(__file__).parents[2] / "keys" / "vectors"
COBBLESTONE = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"


def spell(recipe: dict[str, Any]) -> bytes:
    if "join" in recipe:
        return b"".join(spell(part) for part in recipe["join"])
    if "text" in recipe:
        return str(recipe["text"]).encode()
    if "base64" in recipe:
        return base64.b64decode(recipe["base64"], validate=True)
    return bytes.fromhex(recipe["hex"]) * int(recipe.get("times", 1))


def plaintext(recipe: dict[str, Any], geometry: Geometry) -> bytes:
    if "bytes" in recipe:
        return spell(recipe["bytes"])
    header, body = spell(recipe["header"]), spell(recipe["body"])
    lengths = recipe.get("header_length", len(header)), recipe.get("body_length", len(body))
    laid = bytearray(geometry.plaintext)
    laid[:8] = b"".join(length.to_bytes(4, "big") for length in lengths)
    laid[8 : 8 + len(header)] = header
    laid[HEAD : HEAD + len(body)] = body
    for patch in recipe.get("set", []):
        value = bytes.fromhex(patch["hex"])
        laid[patch["at"] : patch["at"] + len(value)] = value
    assert len(laid) == geometry.plaintext
    return bytes(laid)


def edited(recipe: dict[str, Any], geometry: Geometry) -> bytes:
    sealed = bytearray(base_box(recipe["base"]))
    for edit in recipe["edits"]:
        at, length = edit.get("at"), edit.get("length")
        if "xor" in edit:
            for i, mask in enumerate(bytes.fromhex(edit["xor"])):
                sealed[at + i] ^= mask
        elif "cut" in edit:
            del sealed[edit["cut"] :]
        elif "append" in edit:
            sealed += bytes.fromhex(edit["append"])
        elif "zero" in edit:
            sealed[at : at + edit["zero"]] = bytes(edit["zero"])
        elif "from" in edit:
            sealed[edit["to"] : edit["to"] + length] = base_box(edit["from"])[at : at + length]
        elif "swap" in edit:
            a, b = edit["swap"]
            sealed[a : a + length], sealed[b : b + length] = sealed[b : b + length], sealed[a : a + length]
        else:
            sealed[geometry.wraps_end :] = resealed(edit["reseal"], bytes(sealed[: geometry.wraps_end]), geometry)
    return bytes(sealed)


def base_box(name: str) -> bytes:
    return (VECTORS / "base" / f"{name}.box").read_bytes()


def resealed(recipe: dict[str, Any], outside: bytes, geometry: Geometry) -> bytes:
    key, salt, drop_id, box_id = (bytes.fromhex(recipe[name]) for name in ("key", "salt", "drop_id", "box_id"))
    context = box.context(hashlib.sha256(outside).digest(), drop_id, recipe["epoch"], box_id)
    return cobblestone(key, salt, context, plaintext(recipe["plaintext"], geometry))


def board(slots: list[dict[str, Any]]) -> bytes:
    return b"".join(spell(slot["bytes"]) if "bytes" in slot else _slot(slot) for slot in slots)


def _slot(recipe: dict[str, Any]) -> bytes:
    key, salt, drop_id = (bytes.fromhex(recipe[name]) for name in ("key", "salt", "drop_id"))
    text = spell(recipe["plaintext"])
    assert len(text) == 1976
    return cobblestone(key, salt, b"knothole/1 slot\x00" + drop_id, text)


def cobblestone(key: bytes, salt: bytes, context: bytes, text: bytes) -> bytes:
    """Cobblestone-256 out of SPEC section 7's lines, not out of the library under test."""
    first = hmac.digest(key, COBBLESTONE + salt + context + b"\x01", "sha512")
    okm = first + hmac.digest(key, first + COBBLESTONE + salt + context + b"\x02", "sha512")
    message_key, base_nonce, commitment = AESGCM(okm[:32]), int.from_bytes(okm[32:44], "big"), okm[44:76]
    sealed = [salt, commitment]
    for i in range(len(text) // box.CHUNK + 1):
        nonce = (base_nonce ^ i).to_bytes(12, "big")
        sealed.append(message_key.encrypt(nonce, text[i * box.CHUNK : (i + 1) * box.CHUNK], None))
    return b"".join(sealed)
