// Bytes and their spellings. Every decoder here is strict: one spelling for each value, all else is refused.

import { KnotholeError } from "./errors.js";

/** Join Uint8Arrays, in order, into a new one. */
export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** True when both hold the same bytes. Not constant time: compares public values only. */
export function equal(a, b) {
  return compare(a, b) === 0;
}

/** Order of two byte strings, as for Array.sort. */
export function compare(a, b) {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    if (a[i] !== b[i]) return a[i] - b[i];
  }
  return a.length - b.length;
}

/** Lower-case hex. */
export function hex(bytes) {
  let out = "";
  for (const byte of bytes) out += byte.toString(16).padStart(2, "0");
  return out;
}

/** True for lower-case hex of whole bytes; of exactly `length` bytes when given. */
export function isHex(text, length = undefined) {
  if (typeof text !== "string" || text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return false;
  return length === undefined || text.length === 2 * length;
}

/** Bytes of lower-case hex; of exactly `length` bytes when given. */
export function unhex(text, length = undefined) {
  if (!isHex(text, length)) {
    throw new KnotholeError("This is not lower-case hex of the right length; copy it again.");
  }
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

/** Four bytes, big-endian. */
export function u32(value) {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new KnotholeError("This number does not fit in 32 bits; check this machine's clock.");
  }
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
}

/** The u32 that stands at `at`. */
export function readU32(bytes, at = 0) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);
}

/** Eight bytes, big-endian, of a bigint or a safe integer. */
export function u64(value) {
  const wide = BigInt(value);
  if (wide < 0n || wide > 0xffffffffffffffffn) {
    throw new KnotholeError("This number does not fit in 64 bits; ask for a new permit.");
  }
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, wide);
  return out;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** True when the text has a UTF-8 form: TextEncoder would silently write U+FFFD for a lone surrogate. */
export function isWellFormed(text) {
  return !LONE_SURROGATE.test(text);
}

/** UTF-8 of a text that has no lone surrogates. */
export function utf8(text) {
  if (!isWellFormed(text)) {
    throw new KnotholeError("This text holds half a character; type it again.");
  }
  return new TextEncoder().encode(text);
}

/** Text of UTF-8, a BOM kept as a character (so that callers can refuse it). */
export function fromUtf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new KnotholeError("This is not UTF-8 text; fetch it again.", { cause });
  }
}

/** Standard, padded base64. */
export function base64(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Bytes of base64; null when the text is not what `base64` would have written (atob is too kind). */
export function unbase64(text) {
  let binary;
  try {
    binary = atob(text);
  } catch {
    return null;
  }
  if (btoa(binary) !== text) return null;
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
