// Rosters: who reads, with which key in which week, signed by the administrators (SPEC section 4).

import { concat, equal, hex } from "./bytes.js";
import { DAY, epochOf } from "./epoch.js";
import {
  MalformedRoster,
  RosterExpired,
  RosterFork,
  RosterFromFuture,
  RosterRollback,
  WrongDrop,
} from "./errors.js";
import * as fields from "./fields.js";
import { label, sha256 } from "./kdf.js";
import { noteHash, parseNote, verifyNote } from "./note.js";

const TYPE = "knothole-roster/1";
const MAX_LIFE = 35 * DAY;
const MAX_AHEAD = DAY;
const MAX_RECIPIENTS = 16;
const MAX_EPOCHS = 60;
const MAX_NOTE = 500;
const PUBLIC_KEY = 1216;
const MEMBERS = ["type", "drop_id", "root_version", "version", "issued", "expires", "recipients"];
const ANY = Number.MAX_SAFE_INTEGER;

/**
 * Verify a roster against the chain, a clock in seconds and, if given, the newest roster `known` before. `lapsed` takes one
 * that ran out: nothing may be sealed by it, but it still says who signed a reply.
 * Refuses MalformedNote, MalformedJSON, MalformedRoster, WrongDrop, BadSignature, NotEnoughSignatures,
 * RosterFromFuture, RosterExpired, RosterRollback, RosterFork.
 */
export function readRoster(bytes, chain, { now, known = undefined, lapsed = false }) {
  const roster = parseRoster(parseNote(bytes), chain);
  verifyNote(roster.parsed, chain.current.admins, chain.current.threshold);
  // Asked so that a clock that was forgotten, which no comparison fits, refuses too.
  if (!(roster.issued <= now + MAX_AHEAD)) throw new RosterFromFuture();
  if (!lapsed && !(now < roster.expires))
    throw new RosterExpired(undefined, { facts: { expired: roster.expires } });
  if (known) checkFollows(roster, known);
  return roster;
}

// Members, drop, root version and slots; signatures and time come after.
function parseRoster(parsed, chain) {
  const { value } = parsed;
  const version = fields.integer(value.version, 1, ANY, MalformedRoster, "The roster's version");
  const later = version > 1;
  fields.members(value, later ? [...MEMBERS, "previous"] : MEMBERS, MalformedRoster, "The roster");
  if (value.type !== TYPE) throw new MalformedRoster();
  const issued = fields.integer(value.issued, 0, ANY, MalformedRoster, "The roster's date");
  const expires = fields.integer(value.expires, issued + 1, issued + MAX_LIFE, MalformedRoster, "The expiry");
  const listed = fields.items(value.recipients, 0, MAX_RECIPIENTS, MalformedRoster, "The list of recipients");
  const recipients = listed.map(readRecipient);
  if (!fields.rising(recipients.map(({ id }) => id))) {
    throw new MalformedRoster("The roster's recipients are not distinct and sorted by id.");
  }
  const weekly = recipients.flatMap(({ epochs }) => [...epochs.values()].map(hex));
  if (new Set(weekly).size !== weekly.length) {
    throw new MalformedRoster("A weekly key occurs twice in the roster.");
  }
  const dropId = fields.hexBytes(value.drop_id, 32, MalformedRoster, "The drop_id");
  const rootVersion = fields.integer(value.root_version, 1, ANY, MalformedRoster, "The root's version");
  const previous = later
    ? fields.hexBytes(value.previous, 32, MalformedRoster, "The previous roster's hash")
    : null;
  if (!equal(dropId, chain.dropId)) throw new WrongDrop();
  if (rootVersion !== chain.current.version) {
    throw new MalformedRoster(
      "This list of recipients is for another version of the root; fetch both again.",
    );
  }
  checkSlots(recipients, issued, expires, chain);
  return {
    parsed,
    hash: noteHash(parsed),
    version,
    previous,
    issued,
    expires,
    recipients,
    receiving(epoch) {
      return recipients.filter(({ epochs }) => epochs.has(epoch));
    },
  };
}

function readRecipient(item) {
  fields.members(item, ["epochs", "id", "key", "name", "note"], MalformedRoster, "A recipient");
  const key = fields.hexBytes(item.key, 32, MalformedRoster, "A recipient's key");
  if (item.id !== recipientId(key)) {
    throw new MalformedRoster("A recipient's id does not belong to the key.");
  }
  const epochs = new Map();
  let least = 0;
  for (const entry of fields.items(item.epochs, 0, MAX_EPOCHS, MalformedRoster, "A list of weekly keys")) {
    fields.members(entry, ["epoch", "key"], MalformedRoster, "A weekly key");
    const epoch = fields.integer(
      entry.epoch,
      least,
      fields.MAX_EPOCH,
      MalformedRoster,
      "A weekly key's epoch",
    );
    epochs.set(epoch, fields.base64Bytes(entry.key, PUBLIC_KEY, MalformedRoster, "A weekly key"));
    least = epoch + 1;
  }
  return {
    id: item.id,
    name: fields.personName(item.name, MalformedRoster, "A recipient's name"),
    note: fields.line(item.note, 0, MAX_NOTE, MalformedRoster, "A recipient's note"),
    key,
    epochs,
  };
}

/** The recipient's id: 16 hex characters that depend on the long-term key alone. */
export function recipientId(key) {
  return hex(sha256(concat(label("knothole/1 recipient"), key)).subarray(0, 8));
}

// One reader too many and no box could hold all wraps: that must show in the roster, not while sealing.
function checkSlots(recipients, issued, expires, chain) {
  for (let epoch = epochOf(issued); epoch <= epochOf(expires); epoch++) {
    const geometry = chain.current.geometry(epoch);
    if (geometry === null || recipients.length > geometry.slots) {
      throw new MalformedRoster("The roster has more recipients than a box of this drop has slots.");
    }
  }
}

function checkFollows(roster, known) {
  if (roster.version < known.version) throw new RosterRollback();
  const same = equal(roster.hash, known.hash);
  if (roster.version === known.version && !same) throw new RosterFork();
  if (roster.version === known.version + 1 && !equal(roster.previous, known.hash)) throw new RosterFork();
  if (roster.issued < known.issued) throw new RosterRollback();
}
