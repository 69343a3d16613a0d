// The rotation table's rows made into signed notes (tests/rotation/README.md says what a row may say); the twin of
// tests/rotation/building.py.

import { readFileSync } from "node:fs";
import { concat, hex } from "../bytes.js";
import { DAY, startOf } from "../epoch.js";
import { noteHash, parseNote } from "../note.js";
import { admin, EPOCH, recipientValue, signedNote } from "./make.js";

const FILE = new URL("../../../tests/rotation/table.json", import.meta.url);
const OTHER = "00".repeat(32);
const FIRST = {
  admins: ["ana", "bo", "cy"],
  boxes: [{ from_epoch: -10, size: 2 ** 18, slots: 2 }],
  drop: "The Example Times",
  expires: 300,
  issued: -30,
  retention_days: 30,
  threshold: 2,
  type: "knothole-root/1",
  version: 1,
};

export const TABLE = JSON.parse(readFileSync(FILE, "utf8"));

/** Seconds, of days from the Wednesday of the table's week. */
export const moment = (days) => startOf(EPOCH) + 2 * DAY + Math.trunc(days * DAY);

// "ana", "anna=ana" for ana's key under another name, "cy!" for a false signature of cy.
function signerOf(spelled) {
  const [name, key] = spelled.replace("!", "").split("=");
  const made = { ...admin(key ?? name), name };
  return spelled.endsWith("!") ? { ...made, seed: admin("mallory").seed } : made;
}

function signed(value, signers) {
  return signedNote(value, signers.map(signerOf));
}

function others(value) {
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, one === "other" ? OTHER : one]),
  );
}

const hashOf = (bytes) => hex(noteHash(parseNote(bytes)));

function without(words, ...names) {
  return Object.fromEntries(Object.entries(words).filter(([name]) => !names.includes(name)));
}

function rootValue(words) {
  const value = {
    ...without(words, "signed"),
    admins: words.admins.map(signerOf).map(({ name, key }) => ({ key: hex(key), name })),
    boxes: words.boxes.map((look) => ({ ...look, from_epoch: look.from_epoch + EPOCH })),
    issued: moment(words.issued),
    expires: moment(words.expires),
  };
  return others(words.version === 1 ? without(value, "drop_id", "previous") : value);
}

/** Each root as the table's words and as a note: [{words, bytes}]. */
export function buildChain(entries) {
  const built = [];
  for (const entry of entries) {
    const before = built.at(-1);
    let words = { ...FIRST, ...entry };
    if (before) {
      const later = { version: before.words.version + 1, issued: before.words.issued + 10 };
      const links = { drop_id: hashOf(built[0].bytes), previous: hashOf(before.bytes) };
      words = { ...without(before.words, "signed"), ...later, ...links, ...entry };
    }
    const everybody = new Set([...(before?.words.admins ?? []), ...words.admins]);
    built.push({ words, bytes: signed(rootValue(words), words.signed ?? [...everybody]) });
  }
  return built;
}

/** The bytes of a chain. */
export const joined = (built) => concat(...built.map(({ bytes }) => bytes));

/** The bytes of a roster under a chain; `known` are those of the roster that it continues. */
export function buildRoster(entry, chain, known) {
  const current = chain.at(-1).words;
  const words = {
    drop_id: hashOf(chain[0].bytes),
    expires: 13,
    issued: -1,
    readers: ["Dana", "Eli"],
    root_version: current.version,
    signed: current.admins.slice(0, current.threshold),
    type: "knothole-roster/1",
    version: 1,
    ...entry,
  };
  if (words.version > 1) words.previous ??= known ? hashOf(known) : OTHER;
  const value = others(without(words, "readers", "signed"));
  const recipients = words.readers.map((name) => recipientValue(name, [EPOCH, EPOCH + 1]));
  recipients.sort((a, b) => (a.id < b.id ? -1 : 1));
  const dates = { issued: moment(words.issued), expires: moment(words.expires) };
  return signed({ ...value, ...dates, recipients }, words.signed);
}
