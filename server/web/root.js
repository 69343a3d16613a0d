// Roots: who the administrators are, how many must agree, and how the drop's boxes look (SPEC section 3). A chain
// is checked from the first root on, so that whoever knows the fingerprint needs to trust nobody else.

import { Geometry, MAX_SIZE, MAX_SLOTS, MIN_SIZE } from "./box.js";
import { equal, hex } from "./bytes.js";
import { DAY, epochOf } from "./epoch.js";
import { BrokenChain, MalformedRoot, RootExpired, RootFromFuture, WrongDrop } from "./errors.js";
import * as fields from "./fields.js";
import { MAX_BYTES, noteHash, parseNote, verifyNote } from "./note.js";

const TYPE = "knothole-root/1";
const MAX_ROOTS = 64;
const MAX_LIFE = 13 * 31 * DAY;
const MAX_AHEAD = DAY;
const MEMBERS = [
  "type",
  "drop",
  "version",
  "threshold",
  "admins",
  "issued",
  "expires",
  "retention_days",
  "boxes",
];

/**
 * Verify a whole chain: {dropId, fingerprint, roots, current}. `dropId` is what the reader expects, `now` its
 * clock in seconds; `lapsed` takes one that ran out, for reading what was signed before. Refuses MalformedNote, MalformedJSON, MalformedRoot, BadSignature, NotEnoughSignatures,
 * BrokenChain, WrongDrop, RootFromFuture, RootExpired.
 */
export function readChain(bytes, { dropId = undefined, now, lapsed = false }) {
  const roots = split(bytes).map((part) => readRoot(parseNote(part)));
  checkChain(roots);
  const found = noteHash(roots[0].note);
  if (dropId && !equal(found, dropId)) throw new WrongDrop();
  const current = roots.at(-1);
  // Asked so that a clock that was forgotten, which no comparison fits, refuses too.
  if (!(current.issued <= now + MAX_AHEAD)) throw new RootFromFuture();
  if (!lapsed && !(now < current.expires))
    throw new RootExpired(undefined, { facts: { expired: current.expires } });
  return { dropId: found, fingerprint: fingerprint(found), roots, current };
}

// Only a text begins a line with a brace: signature lines begin with a dash.
function split(bytes) {
  const starts = [];
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 0x7b && (at === 0 || bytes[at - 1] === 0x0a)) starts.push(at);
  }
  if (bytes.length > MAX_BYTES || starts[0] !== 0 || starts.length > MAX_ROOTS) {
    throw new BrokenChain("This does not hold the roots of a drop; fetch them again.");
  }
  return starts.map((start, i) => bytes.subarray(start, starts[i + 1] ?? bytes.length));
}

function checkChain(roots) {
  const [first] = roots;
  if (first.version !== 1) throw new BrokenChain("The drop's first root is missing; fetch the whole chain.");
  verifyNote(first.note, first.admins, first.admins.length);
  const dropId = noteHash(first.note);
  for (let i = 1; i < roots.length; i++) checkNext(roots[i - 1], roots[i], dropId);
}

function checkNext(old, next, dropId) {
  const follows = next.version === old.version + 1 && equal(next.previous, noteHash(old.note));
  if (!follows || !equal(next.dropId, dropId) || next.issued < old.issued) throw new BrokenChain();
  const begun = (root) =>
    root.boxes
      .filter(({ fromEpoch }) => fromEpoch <= epochOf(next.issued))
      .map(({ fromEpoch, geometry }) => `${fromEpoch} ${geometry.size} ${geometry.slots}`)
      .join();
  if (begun(old) !== begun(next)) {
    throw new BrokenChain("A new root changes the boxes of weeks that have begun; tell the newsroom.");
  }
  verifyNote(next.note, old.admins, old.threshold);
  verifyNote(next.note, next.admins, next.threshold);
}

// One root's members; signatures are the chain's business.
function readRoot(note) {
  const { value } = note;
  const version = fields.integer(value.version, 1, MAX_ROOTS, MalformedRoot, "The root's version");
  const later = version > 1;
  fields.members(value, later ? [...MEMBERS, "drop_id", "previous"] : MEMBERS, MalformedRoot, "The root");
  if (value.type !== TYPE) throw new MalformedRoot();
  const admins = fields.items(value.admins, 1, 16, MalformedRoot, "The root's list of admins").map(readAdmin);
  const keys = new Set(admins.map(({ key }) => hex(key)));
  if (!fields.rising(admins.map(({ name }) => name)) || keys.size !== admins.length) {
    throw new MalformedRoot("The root's admins are not distinct and sorted by name.");
  }
  const issued = fields.integer(value.issued, 0, Number.MAX_SAFE_INTEGER, MalformedRoot, "The root's date");
  const boxes = fields.items(value.boxes, 1, 64, MalformedRoot, "The root's list of boxes").map(readBoxes);
  if (!fields.rising(boxes.map(({ fromEpoch }) => fromEpoch))) {
    throw new MalformedRoot("The root's list of boxes is not sorted by epoch.");
  }
  return {
    note,
    drop: fields.personName(value.drop, MalformedRoot, "The drop's name"),
    version,
    dropId: later ? fields.hexBytes(value.drop_id, 32, MalformedRoot, "The drop_id") : null,
    previous: later ? fields.hexBytes(value.previous, 32, MalformedRoot, "The previous root's hash") : null,
    threshold: fields.integer(value.threshold, 1, admins.length, MalformedRoot, "The root's threshold"),
    admins,
    issued,
    expires: fields.integer(value.expires, issued + 1, issued + MAX_LIFE, MalformedRoot, "The root's expiry"),
    retentionDays: fields.integer(value.retention_days, 1, 365, MalformedRoot, "The root's retention"),
    boxes,
    geometry(epoch) {
      return boxes.findLast(({ fromEpoch }) => fromEpoch <= epoch)?.geometry ?? null;
    },
  };
}

function readAdmin(item) {
  fields.members(item, ["key", "name"], MalformedRoot, "An admin of the root");
  return {
    name: fields.keyName(item.name, MalformedRoot, "An admin's name"),
    key: fields.hexBytes(item.key, 32, MalformedRoot, "An admin's key"),
  };
}

function readBoxes(item) {
  fields.members(item, ["from_epoch", "size", "slots"], MalformedRoot, "An entry of the root's boxes");
  const size = fields.integer(item.size, MIN_SIZE, MAX_SIZE, MalformedRoot, "A box size");
  if ((size & (size - 1)) !== 0) throw new MalformedRoot("A box size is not a power of two.");
  const slots = fields.integer(item.slots, 1, MAX_SLOTS, MalformedRoot, "A number of slots");
  return {
    fromEpoch: fields.integer(item.from_epoch, 0, fields.MAX_EPOCH, MalformedRoot, "A first epoch"),
    geometry: new Geometry(size, slots),
  };
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** A drop_id as people print and compare it: 52 base32 characters in 13 groups. */
export function fingerprint(dropId) {
  // 256 bits and four zero bits make 52 characters of five bits.
  let bits = BigInt(`0x${hex(dropId)}`) << 4n;
  let text = "";
  for (let i = 0; i < 52; i++) {
    text = BASE32[Number(bits & 31n)] + text;
    bits >>= 5n;
  }
  return text.match(/.{4}/g).join("-");
}

/** The drop_id that a printed fingerprint spells. Refuses WrongDrop. */
export function parseFingerprint(text) {
  // Not toLowerCase() of the whole: it would take letters of other alphabets for these.
  const letters = text.replace(/[\s-]/g, "").replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  if (!/^[a-z2-7]{51}[aq]$/.test(letters)) {
    throw new WrongDrop(
      "This is not a drop's fingerprint: it has 52 letters and digits, in 13 groups of four.",
    );
  }
  const bits = [...letters].reduce((sum, letter) => (sum << 5n) | BigInt(BASE32.indexOf(letter)), 0n) >> 4n;
  return Uint8Array.from({ length: 32 }, (_, i) => Number((bits >> BigInt(8 * (31 - i))) & 255n));
}
