// File names: refused when they stand in a letter, cleaned when a person chose them (SPEC sections 9 and 10).

import { fromUtf8, isWellFormed, utf8 } from "./bytes.js";
import { BadFileName } from "./errors.js";
import { hasForbidden } from "./fields.js";

const MAX_NAME = 255;

function forbidden(text) {
  return /[/\\]/.test(text) || hasForbidden(text);
}

/** `name` as it may stand in a letter. Refuses BadFileName. */
export function checkName(name) {
  const usable = typeof name === "string" && isWellFormed(name) && !["", ".", ".."].includes(name);
  if (!usable || forbidden(name) || utf8(name).length > MAX_NAME) throw new BadFileName();
  return name;
}

/** What two names are compared by: NFC, ASCII letters in lower case. */
export function foldName(name) {
  return name.normalize("NFC").replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Refuse, as BadFileName, a table in which a name occurs twice. */
export function checkDistinct(names) {
  if (new Set(names.map(foldName)).size !== names.length) {
    throw new BadFileName("Two files have the same name; rename one of them.");
  }
}

/** A name like the chosen file's, allowed and not in `taken` (a Set of folded names; this one is added). */
export function cleanName(name, taken) {
  const allowed = [...name].map((character) => (forbidden(character) ? "_" : character)).join("");
  const safe = allowed.normalize("NFC").replace(/^ +| +$/g, "");
  const [stem, extension] = split(["", ".", ".."].includes(safe) ? "file" : safe);
  let result = fit(stem, extension);
  for (let number = 2; taken.has(foldName(result)); number++) result = fit(stem, ` (${number})${extension}`);
  taken.add(foldName(result));
  return result;
}

function split(name) {
  const match = /^(.+?)(\.[^. ]{1,16})$/su.exec(name);
  return match ? [match[1], match[2]] : [name, ""];
}

function fit(stem, ending) {
  const bytes = utf8(stem);
  let end = Math.min(bytes.length, MAX_NAME - utf8(ending).length);
  // Back to a character's first byte: the rest of one would not be UTF-8.
  while (end > 0 && end < bytes.length && (bytes[end] & 0xc0) === 0x80) end--;
  return fromUtf8(bytes.subarray(0, end)) + ending;
}
