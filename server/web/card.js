// Cards: what a desk says to a thread, out of the board's reply slots (SPEC section 9.1). Whoever posts slots chooses their
// bytes, and any reader of a thread's letters can seal some for it: nothing that a slot holds may stop the reading.

import { concat, equal, fromUtf8, hex, utf8 } from "./bytes.js";
import { decode } from "./canonical.js";
import { decrypt, engine, trial } from "./cobblestone.js";
import { verifies } from "./ed25519.js";
import { DAY, dayOf, isDay } from "./epoch.js";
import { BoxDamaged, KnotholeError, MalformedBoard } from "./errors.js";
import * as fields from "./fields.js";
import { label, sha256 } from "./kdf.js";

export const SLOT = 2048;
const SIGNED = 1912;
const HEADER = 43;
export const PIECE = SIGNED - HEADER;
const MAX_PIECES = 16;
const KINDS = ["reply", "acknowledgement"];
const LABEL = label("knothole/1 slot");
const TYPE = "knothole/1 acknowledgement";
const COUNTS = ["boxes", "expected", "files", "of"];
// 9999-12-31; later ones have no spelling as a day.
const LAST_DAY = 2932896;
// Controls have no place in a text that people read, but for tabs and line breaks.
const FORBIDDEN = /[^\P{Control}\t\n\r]/u;
// Slots tried between two pauses, in which a page can draw: milliseconds, or a tenth of a second where there is no JIT.
export const PAUSE = 64;
// One that opens costs as much as these: its signature is verified, and whoever has the reply key can fill a board with such.
export const OPENED = 16;

/**
 * What a board holds for one thread: {cards, ignored, incomplete}. `cards` are {kind, day, sender, sequence, text} by day,
 * then sequence; `ignored` counts slots that opened but are forged, of an unknown sender or malformed; `incomplete` cards
 * of which pieces are missing. `senders` maps recipient ids to long-term Ed25519 keys; `progress(done, total)`, if given,
 * is told of slots tried, and ends the reading by throwing. Refuses MalformedBoard when the board is not a whole number of slots, and nothing else.
 */
export async function readBoard(board, { replyKey, dropId, thread, senders, progress, use = engine() }) {
  if (board.length % SLOT !== 0) throw new MalformedBoard();
  const context = concat(LABEL, dropId);
  const found = new Map();
  let ignored = 0;
  const opened = (plaintext) => {
    const piece = readPiece(plaintext);
    const message = concat(context, thread, plaintext.subarray(0, SIGNED));
    const key = piece && senders.get(piece.about.sender);
    if (!key || !verifies(plaintext.subarray(SIGNED), message, key)) ignored++;
    else gather(found, piece);
  };
  await tryAll(board, { replyKey, context, progress, use, opened });
  const gathered = [...found.values()].sort((a, b) => compareAbout(a.about, b.about));
  const whole = gathered.filter(({ about, texts }) => texts.size === about.pieces);
  const read = whole.map((pieces) => ({ card: toCard(pieces), slots: pieces.slots }));
  return {
    cards: read.flatMap(({ card }) => card ?? []),
    ignored: read.reduce((sum, { card, slots }) => (card ? sum : sum + slots), ignored),
    incomplete: gathered.length - whole.length,
  };
}

/** {letter, day, boxes, expected, files, of} of an acknowledgement's text; null when it is none. */
export function readAcknowledgement(text) {
  try {
    const value = decode(utf8(text));
    fields.members(value, ["type", "letter", "day", ...COUNTS], KnotholeError, "An acknowledgement");
    fields.hexBytes(value.letter, 32, KnotholeError, "A letter's id");
    fields.day(value.day, KnotholeError, "A letter's day");
    for (const name of COUNTS)
      fields.integer(value[name], 0, Number.MAX_SAFE_INTEGER, KnotholeError, "A count");
    const { type, letter, day, boxes, expected, files, of } = value;
    return type === TYPE && boxes <= expected && files <= of
      ? { letter, day, boxes, expected, files, of }
      : null;
  } catch (error) {
    if (error instanceof KnotholeError) return null;
    throw error;
  }
}

// Tells `opened` the plaintexts that the key opens, each once, and keeps only their hashes: of a flood of forgeries nothing
// stays. One HMAC tells almost every other slot.
async function tryAll(board, { replyKey, context, progress, use, opened }) {
  const fits = trial(replyKey, context);
  const total = board.length / SLOT;
  const seen = new Set();
  let spent = 0;
  for (let done = 0; done < total; done++) {
    const slot = board.subarray(done * SLOT, (done + 1) * SLOT);
    const plaintext = fits(slot) ? await tryOpen(replyKey, context, slot, use) : null;
    const hash = plaintext && hex(sha256(plaintext));
    if (plaintext && !seen.has(hash)) {
      seen.add(hash);
      opened(plaintext);
      spent += OPENED;
    }
    if (++spent >= PAUSE) {
      spent = 0;
      progress?.(done + 1, total);
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  progress?.(total, total);
}

async function tryOpen(key, context, slot, use) {
  try {
    return await decrypt(key, context, slot, use);
  } catch (error) {
    if (error instanceof BoxDamaged) return null;
    throw error;
  }
}

// {about, place, text} of a plaintext; null when it breaks the layout. `about` is what all pieces of a card say alike.
function readPiece(plaintext) {
  const view = new DataView(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
  const about = {
    day: view.getUint32(1),
    sequence: Number(view.getBigUint64(13)),
    sender: hex(plaintext.subarray(5, 13)),
    kind: KINDS[plaintext[0] - 1],
    digest: hex(plaintext.subarray(21, 37)),
    pieces: view.getUint16(39),
  };
  const { day, sequence, kind, pieces } = about;
  const place = view.getUint16(37);
  const length = view.getUint16(41);
  const text = plaintext.subarray(HEADER, HEADER + length);
  const right =
    kind !== undefined &&
    day <= LAST_DAY &&
    isDay(dayOf(day * DAY)) &&
    Number.isSafeInteger(sequence) &&
    place < pieces &&
    // One text has one cut: an acknowledgement is one piece, and all pieces but the last are full.
    pieces <= (kind === "acknowledgement" ? 1 : MAX_PIECES) &&
    length > 0 &&
    (place === pieces - 1 ? length <= PIECE : length === PIECE) &&
    plaintext.subarray(HEADER + length, SIGNED).every((byte) => byte === 0);
  return right ? { about, place, text } : null;
}

function gather(found, { about, place, text }) {
  const name = Object.values(about).join(" ");
  if (!found.has(name)) found.set(name, { about, texts: new Map(), slots: 0, contradict: false });
  const pieces = found.get(name);
  pieces.slots++;
  // Two texts for one piece: no order of slots may decide which of them is read.
  if (pieces.texts.has(place) && !equal(pieces.texts.get(place), text)) pieces.contradict = true;
  pieces.texts.set(place, text);
}

function compareAbout(a, b) {
  for (const name of ["day", "sequence"]) if (a[name] !== b[name]) return a[name] - b[name];
  // Below these two any order would do, as long as every reader has the same.
  const [first, second] = [a, b].map(
    ({ sender, kind, digest }) => `${sender}${KINDS.indexOf(kind)}${digest}`,
  );
  if (first !== second) return first < second ? -1 : 1;
  return a.pieces - b.pieces;
}

function toCard({ about, texts, contradict }) {
  const { kind, sender, sequence } = about;
  const bytes = concat(...[...texts.keys()].sort((a, b) => a - b).map((place) => texts.get(place)));
  if (contradict || hex(sha256(bytes).subarray(0, 16)) !== about.digest) return null;
  const text = textOf(bytes);
  const right =
    kind === "reply" ? text !== null && !FORBIDDEN.test(text) : text !== null && readAcknowledgement(text);
  return right ? { kind, day: dayOf(about.day * DAY), sender, sequence, text } : null;
}

function textOf(bytes) {
  try {
    return fromUtf8(bytes);
  } catch (error) {
    if (error instanceof KnotholeError) return null;
    throw error;
  }
}
