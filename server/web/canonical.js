// Canonical JSON (SPEC 1.1): one value has one spelling, so a signature over bytes is one over the value.

import { fromUtf8, isWellFormed, utf8 } from "./bytes.js";
import { MalformedJSON } from "./errors.js";

const DEPTH = 16;
// Twice what the longest letter's table has.
const CONTAINERS = 131_072;

/** Canonical bytes of objects, arrays, strings, booleans and integers from 0 to 2^53 - 1. */
export function encode(value) {
  return utf8(spelling(value));
}

/** The value of canonical bytes; anything that `encode` would spell otherwise is MalformedJSON. */
export function decode(bytes) {
  let text;
  let value;
  try {
    text = fromUtf8(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw new MalformedJSON(undefined, { cause });
  }
  // Duplicate keys, escapes, white space, floats and order all show as another spelling.
  if (spelling(value) !== text) throw new MalformedJSON();
  return value;
}

function spelling(value) {
  return spell(value, 1, { left: CONTAINERS });
}

function spell(value, depth, containers) {
  if (typeof value === "string") return spellString(value);
  if (value === true) return "true";
  if (value === false) return "false";
  if (typeof value === "number") return spellInteger(value);
  if (value === null || typeof value !== "object" || depth > DEPTH) throw new MalformedJSON();
  if (--containers.left < 0) throw new MalformedJSON();
  const inner = (item) => spell(item, depth + 1, containers);
  if (Array.isArray(value)) return `[${value.map(inner).join(",")}]`;
  // sort() without a function compares UTF-16 code units, which is RFC 8785's order.
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${spellString(key)}:${inner(value[key])}`).join(",")}}`;
}

function spellInteger(value) {
  if (!Number.isSafeInteger(value) || value < 0) throw new MalformedJSON();
  return String(value);
}

function spellString(text) {
  if (!isWellFormed(text)) throw new MalformedJSON();
  // For well-formed text JSON.stringify escapes just what RFC 8785 escapes, in the same letters.
  return JSON.stringify(text);
}
