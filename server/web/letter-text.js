// The letter's text, member by member (SPEC section 9). The sealer checks what it wrote by the same rules as the
// reader, so that it never sends a letter that a desk would refuse.

import { MalformedLetter } from "./errors.js";
import * as fields from "./fields.js";
import { checkDistinct, checkName } from "./names.js";

export const TYPE = "knothole-letter/1";
export const MAX_FILES = 65536;
const MAX_READ = 256;
const MAX_RECIPIENTS = 16;
const ANY = Number.MAX_SAFE_INTEGER;
const MEMBERS = [
  "type",
  "day",
  "files",
  "language",
  "message",
  "nonce",
  "read",
  "recipients",
  "reply_key",
  "roster",
  "thread",
];
const FILE_MEMBERS = ["inside", "name", "root", "size", "stream", "type"];
const FILE_TYPE = /^[\x20-\x7e]{0,127}$/;

/** A hint as it may stand in the table: anything that a letter cannot hold becomes no hint. */
export function cleanType(type) {
  return FILE_TYPE.test(type) ? type : "";
}

/** The letter's identity and type, needed before its signature can be checked. Refuses MalformedLetter. */
export function checkOutline(value) {
  fields.members(value, MEMBERS, MalformedLetter, "The letter");
  if (value.type !== TYPE) throw new MalformedLetter();
  return fields.hexBytes(value.thread, 32, MalformedLetter, "The letter's thread");
}

/** All other members, binary ones as bytes. Refuses MalformedLetter, BadFileName. */
export function checkText(value) {
  if (typeof value.language !== "string" || !/^[A-Za-z0-9-]{0,35}$/.test(value.language)) {
    throw new MalformedLetter("The letter's language is not a language tag.");
  }
  return {
    day: fields.day(value.day, MalformedLetter, "The letter's day"),
    files: checkFiles(value.files),
    language: value.language,
    message: fields.text(value.message, MalformedLetter, "The letter's message"),
    nonce: fields.hexBytes(value.nonce, 16, MalformedLetter, "The letter's nonce"),
    read: checkRead(value.read),
    recipients: checkRecipients(value.recipients),
    replyKey: fields.hexBytes(value.reply_key, 32, MalformedLetter, "The reply key"),
    roster: fields.hexBytes(value.roster, 32, MalformedLetter, "The roster's hash"),
  };
}

function checkFiles(value) {
  const files = fields.items(value, 0, MAX_FILES, MalformedLetter, "The table of files").map(checkFile);
  checkDistinct(files.map(({ name }) => name));
  return files;
}

function checkFile(item) {
  fields.members(item, FILE_MEMBERS, MalformedLetter, "A file of the letter");
  if (typeof item.inside !== "boolean") throw new MalformedLetter();
  if (typeof item.type !== "string" || !FILE_TYPE.test(item.type)) {
    throw new MalformedLetter("A file's type is not printable ASCII.");
  }
  return {
    name: checkName(item.name),
    size: fields.integer(item.size, 0, ANY, MalformedLetter, "A file's size"),
    type: item.type,
    root: fields.hexBytes(item.root, 32, MalformedLetter, "A file's root"),
    stream: fields.hexBytes(item.stream, 32, MalformedLetter, "A file's stream"),
    inside: item.inside,
  };
}

function checkRead(value) {
  const read = fields.items(value, 0, MAX_READ, MalformedLetter, "The list of replies read");
  for (const item of read) {
    fields.members(item, ["sender", "sequence"], MalformedLetter, "A reply that was read");
    fields.hexBytes(item.sender, 8, MalformedLetter, "A reply's sender");
    fields.integer(item.sequence, 0, ANY, MalformedLetter, "A reply's number");
  }
  if (!read.every((item, i) => i === 0 || compareRead(read[i - 1], item) < 0)) {
    throw new MalformedLetter("The list of replies read is not distinct and sorted.");
  }
  return read.map(({ sender, sequence }) => ({ sender, sequence }));
}

/** Order of replies read: by sender, then by sequence. */
export function compareRead(a, b) {
  if (a.sender !== b.sender) return a.sender < b.sender ? -1 : 1;
  return a.sequence - b.sequence;
}

function checkRecipients(value) {
  const ids = fields.items(value, 1, MAX_RECIPIENTS, MalformedLetter, "The letter's recipients");
  for (const id of ids) fields.hexBytes(id, 8, MalformedLetter, "A recipient's id");
  if (!fields.rising(ids)) throw new MalformedLetter("The letter's recipients are not distinct and sorted.");
  return [...ids];
}
