// What tests need to make: signed notes, roots, rosters, keys. The page itself signs nothing but letters.

import { base64, concat, hex, utf8 } from "../bytes.js";
import { encode } from "../canonical.js";
import { publicKeyOf, sign } from "../ed25519.js";
import { DAY, startOf } from "../epoch.js";
import * as hpke from "../hpke.js";
import { sha256 } from "../kdf.js";
import { keyId } from "../note.js";
import { recipientId } from "../roster.js";

export const EPOCH = 2968;
export const NOW = startOf(EPOCH) + 2 * DAY;
export const DROP_ID = sha256(utf8("a drop"));

/** 32 bytes that a test can name. */
export function seedOf(name) {
  return sha256(utf8(`seed of ${name}`));
}

export function admin(name) {
  const seed = seedOf(name);
  return { name, seed, key: publicKeyOf(seed) };
}

export const ADMINS = ["ana", "bo", "cy"].map(admin);

export function signatureLine({ name, seed, key }, text) {
  return `\u2014 ${name} ${base64(concat(keyId(name, key), sign(text, seed)))}\n`;
}

/** A signed note of a value, or of text bytes as they are. */
export function signedNote(value, signers) {
  const text = value instanceof Uint8Array ? value : concat(encode(value), utf8("\n"));
  return concat(text, utf8(`\n${signers.map((signer) => signatureLine(signer, text)).join("")}`));
}

/** SHA-256 of a value's note text. */
export function textHash(value) {
  return sha256(concat(encode(value), utf8("\n")));
}

export function rootValue(changes = {}) {
  return {
    admins: ADMINS.map(({ name, key }) => ({ key: hex(key), name })),
    boxes: [{ from_epoch: EPOCH - 10, size: 2 ** 18, slots: 2 }],
    drop: "The Example Times",
    expires: NOW + 300 * DAY,
    issued: NOW - DAY,
    retention_days: 30,
    threshold: 2,
    type: "knothole-root/1",
    version: 1,
    ...changes,
  };
}

/** The value of the root after another. */
export function nextRootValue(old, first, changes = {}) {
  return rootValue({
    ...old,
    drop_id: hex(textHash(first)),
    previous: hex(textHash(old)),
    version: old.version + 1,
    ...changes,
  });
}

const xwing = new Map();

/** The X-Wing seed and public key of a recipient for an epoch; made once, for making takes time. */
export function epochKey(name, epoch) {
  const id = `${name} ${epoch}`;
  if (!xwing.has(id)) xwing.set(id, { seed: seedOf(id), publicKey: hpke.publicKeyOf(seedOf(id)) });
  return xwing.get(id);
}

export function recipientValue(name, epochs, changes = {}) {
  const { key } = admin(name);
  return {
    epochs: epochs.map((epoch) => ({ epoch, key: base64(epochKey(name, epoch).publicKey) })),
    id: recipientId(key),
    key: hex(key),
    name,
    note: "",
    ...changes,
  };
}

export function rosterValue(dropId, changes = {}) {
  const recipients = [recipientValue("Dana", [EPOCH, EPOCH + 1]), recipientValue("Eli", [EPOCH])];
  return {
    drop_id: hex(dropId),
    expires: NOW + 13 * DAY,
    issued: NOW - DAY,
    recipients: recipients.sort((a, b) => (a.id < b.id ? -1 : 1)),
    root_version: 1,
    type: "knothole-roster/1",
    version: 1,
    ...changes,
  };
}

/** Assert helper: the name of what a function refuses with, or what it gave. */
export async function refusal(action) {
  try {
    await action();
  } catch (error) {
    return error.name;
  }
  return "nothing was refused";
}
