// Letters: what a source says and which files belong to it, signed by the thread (SPEC section 9).

import { concat, equal, hex, readU32, u32 } from "./bytes.js";
import { decode, encode } from "./canonical.js";
import { sign, verifies } from "./ed25519.js";
import { BadLetterSignature, CannotSeal, MalformedJSON, MalformedLetter } from "./errors.js";
import { derive, label } from "./kdf.js";
import { checkOutline, checkText, cleanType, compareRead, MAX_FILES, TYPE } from "./letter-text.js";
import { leafHash, MerkleTree } from "./merkle.js";
import { countOf, encodeHead, letterStreamId, MAX_LETTER } from "./stream.js";

const SIGNATURE = 64;
const FRAME = 4 + SIGNATURE;
const HASH_ZEROS = new Uint8Array(32);

/**
 * What a letter will be, before any file was read: {inside: boolean for each file, length: bytes of the letter
 * stream, count: its boxes}. Files need name, size and type only; in table order, each that still fits into a
 * letter of one box travels inside. Refuses CannotSeal.
 */
export function planLetter({ message, language, day, files, recipients, read = [], capacity }) {
  if (files.length > MAX_FILES) {
    throw new CannotSeal(`A letter can name ${MAX_FILES} files; send the others in a second letter.`);
  }
  // Keys, hashes and the nonce have one length whatever they say: zeros measure as well.
  const entries = files.map((file) => tableEntry({ ...file, root: HASH_ZEROS, stream: HASH_ZEROS }, false));
  const members = { message, language, day, recipients, read, rosterHash: HASH_ZEROS };
  const keys = { threadSecret: HASH_ZEROS, replyKey: HASH_ZEROS, thread: HASH_ZEROS };
  let length = FRAME + encode(letterValue({ ...members, keys, entries })).length;
  const inside = files.map(({ size }) => {
    // "true" is a character shorter than the "false" that was counted.
    const fits = length + size - 1 <= capacity;
    if (fits) length += size - 1;
    return fits;
  });
  if (length > MAX_LETTER) {
    throw new CannotSeal("The message and its list of files are too long; send them in several letters.");
  }
  return { inside, length, count: countOf(length, capacity) };
}

/**
 * Write, sign and cut a letter: {bytes, stream, bodies, count, files, part(i)}. `keys` are threadKeys' answer; a
 * file that planLetter puts inside needs its `bytes`. `files` comes back as the table, with `inside`; `part(i)` is
 * the {header, body} that sealBox takes. Refuses CannotSeal, BadFileName.
 */
export async function buildLetter({
  dropId,
  keys,
  message,
  language,
  day,
  files,
  recipients,
  rosterHash,
  read = [],
  capacity,
}) {
  const { inside } = planLetter({ message, language, day, files, recipients, read, capacity });
  const entries = files.map((file, i) => tableEntry(file, inside[i]));
  const value = letterValue({ message, language, day, recipients, read, rosterHash, keys, entries });
  const table = checkOwn(value);
  const text = encode(value);
  const signature = sign(signed(dropId, text), keys.signSeed);
  const contents = await insideBytes(files, inside);
  const bytes = concat(u32(text.length), text, signature, ...contents);
  return { bytes, files: table, ...(await cutLetter(bytes, capacity)) };
}

// By the reader's rules. BadFileName keeps its name: the page can ask for another one.
function checkOwn(value) {
  try {
    checkOutline(value);
    return checkText(value).files;
  } catch (error) {
    if (error instanceof MalformedLetter) throw new CannotSeal(error.message, { cause: error });
    throw error;
  }
}

async function insideBytes(files, inside) {
  const contents = files.filter((_, i) => inside[i]);
  for (const { size, root, bytes } of contents) {
    if (bytes?.length !== size || !equal(await leafHash(bytes), root)) {
      throw new CannotSeal("A file changed after it was chosen; choose it again.");
    }
  }
  return contents.map(({ bytes }) => bytes);
}

async function cutLetter(bytes, capacity) {
  const count = countOf(bytes.length, capacity);
  const bodies = Array.from({ length: count }, (_, i) => bytes.subarray(i * capacity, (i + 1) * capacity));
  const tree = new MerkleTree(await Promise.all(bodies.map(leafHash)));
  const stream = letterStreamId(tree.root, count);
  return {
    stream,
    bodies,
    count,
    part(index) {
      const head = { kind: "letter", stream, index, count, root: tree.root, path: tree.path(index) };
      return { header: encodeHead(head), body: bodies[index] };
    },
  };
}

function tableEntry({ name, size, type, root, stream }, inside) {
  return { inside, name, root: hex(root), size, stream: hex(stream), type: cleanType(type) };
}

function letterValue({ message, language, day, recipients, read, rosterHash, keys, entries }) {
  const value = {
    day,
    files: entries,
    language,
    // A text field can hold half a character, which has no UTF-8; TextEncoder would write the same mark.
    message: message.replace(/\p{Surrogate}/gu, "\ufffd"),
    read: [...read].sort(compareRead).map(({ sender, sequence }) => ({ sender, sequence })),
    recipients: [...recipients].sort(),
    reply_key: hex(keys.replyKey),
    roster: hex(rosterHash),
    thread: hex(keys.thread),
    type: TYPE,
  };
  // Unpredictable to all but the thread, yet the same when the same letter is sent again.
  const nonce = derive(keys.threadSecret, "letter-nonce", encode(value), 16);
  return { ...value, nonce: hex(nonce) };
}

function signed(dropId, text) {
  return concat(label("knothole/1 letter"), dropId, text);
}

/**
 * Check a whole letter stream: its members, `thread`, and `files` with the `bytes` of those inside. Refuses
 * MalformedLetter, BadLetterSignature, BadFileName.
 */
export async function readLetter(bytes, { dropId, capacity }) {
  const length = bytes.length < FRAME ? 0 : readU32(bytes);
  if (bytes.length > MAX_LETTER || length === 0 || bytes.length < FRAME + length) throw new MalformedLetter();
  const text = bytes.subarray(4, 4 + length);
  const value = decodeText(text);
  const thread = checkOutline(value);
  const signature = bytes.subarray(4 + length, FRAME + length);
  if (!verifies(signature, signed(dropId, text), thread)) throw new BadLetterSignature();
  const letter = checkText(value);
  if (bytes.length > capacity && letter.files.some(({ inside }) => inside)) {
    throw new MalformedLetter("A letter of several boxes cannot have files inside.");
  }
  const files = await readInside(letter.files, bytes.subarray(FRAME + length));
  return { ...letter, thread, files };
}

function decodeText(text) {
  try {
    return decode(text);
  } catch (cause) {
    if (cause instanceof MalformedJSON) throw new MalformedLetter(undefined, { cause });
    throw cause;
  }
}

async function readInside(files, bytes) {
  let at = 0;
  const read = [];
  for (const file of files) {
    if (!file.inside) {
      read.push(file);
      continue;
    }
    const body = bytes.subarray(at, at + file.size);
    if (body.length !== file.size || !equal(await leafHash(body), file.root)) {
      throw new MalformedLetter("A file inside the letter is not the one that its table names.");
    }
    at += file.size;
    read.push({ ...file, bytes: body });
  }
  if (at !== bytes.length) throw new MalformedLetter("The letter holds more than its table names.");
  return read;
}
