// Signed notes (C2SP signed-note, narrowed by SPEC section 2): parsing and verifying. The page never signs one.

import { concat, equal, fromUtf8, hex, unbase64, utf8 } from "./bytes.js";
import { decode } from "./canonical.js";
import { verifies } from "./ed25519.js";
import { BadSignature, MalformedNote, NotEnoughSignatures } from "./errors.js";
import { sha256 } from "./kdf.js";

export const MAX_BYTES = 4 * 1024 * 1024;
const MAX_SIGNATURES = 64;
const ED25519 = Uint8Array.of(0x01);
const NEWLINE = Uint8Array.of(0x0a);

const SIGNATURE = /^\u2014 ([A-Za-z0-9._-]{1,64}) ([A-Za-z0-9+/=]{92})$/;
const CONTROL_BUT_NEWLINE = /(?!\n)\p{Control}/u;

/**
 * Take a note apart: {text, value, signatures: [{name, keyId, signature}]}. Nothing is verified yet.
 * Refuses MalformedNote, MalformedJSON.
 */
export function parseNote(bytes) {
  if (bytes.length > MAX_BYTES) {
    throw new MalformedNote("This file is too large to be a root or a roster; fetch it again.");
  }
  const whole = textOf(bytes);
  if (CONTROL_BUT_NEWLINE.test(whole) || whole.startsWith("\ufeff")) {
    throw new MalformedNote("This note holds characters that no note holds; fetch it again.");
  }
  const blank = whole.indexOf("\n\n");
  if (blank < 0 || blank + 2 >= whole.length || !whole.endsWith("\n")) {
    throw new MalformedNote("This is not a signed note, or its end is missing; fetch it again.");
  }
  const lines = whole.slice(blank + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) {
    throw new MalformedNote("This note carries too many signatures; fetch it again.");
  }
  const signatures = lines.map(parseSignature);
  if (new Set(signatures.map(({ name, keyId }) => `${name} ${hex(keyId)}`)).size !== signatures.length) {
    throw new MalformedNote("This note carries two signatures of the same key; fetch it again.");
  }
  const value = decode(utf8(whole.slice(0, blank)));
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new MalformedNote("This note does not hold an object; fetch it again.");
  }
  return { text: utf8(whole.slice(0, blank + 1)), value, signatures };
}

function textOf(bytes) {
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    throw new MalformedNote(undefined, { cause });
  }
}

function parseSignature(line) {
  const match = SIGNATURE.exec(line);
  const raw = match && unbase64(match[2]);
  if (raw?.length !== 68) {
    throw new MalformedNote("A signature line of this note is damaged; fetch it again.");
  }
  return { name: match[1], keyId: raw.slice(0, 4), signature: raw.slice(4) };
}

/** The four bytes by which a signature line says which key made it. */
export function keyId(name, key) {
  return sha256(concat(utf8(name), NEWLINE, ED25519, key)).slice(0, 4);
}

/**
 * Refuse a parsed note unless `threshold` distinct keys out of [{name, key}] signed it and no signature under
 * any of them is false. Refuses BadSignature, NotEnoughSignatures.
 */
export function verifyNote(note, keys, threshold) {
  const signed = new Set();
  for (const { name, keyId: id, signature } of note.signatures) {
    const trusted = keys.find((key) => key.name === name && equal(keyId(key.name, key.key), id));
    if (!trusted) continue;
    if (!verifies(signature, note.text, trusted.key)) throw new BadSignature();
    // Public keys are counted, not lines: one key under two names is one administrator.
    signed.add(hex(trusted.key));
  }
  if (signed.size < threshold) throw new NotEnoughSignatures();
}

/** SHA-256 of a parsed note's text: what the next root or roster names as `previous`. */
export function noteHash(note) {
  return sha256(note.text);
}
