// The box's outside and the layout of its plaintext (SPEC section 7): lengths and offsets, no keys.

import { concat, equal, readU32, u32, utf8 } from "./bytes.js";
import { CannotSeal, MalformedHead, NotABox } from "./errors.js";
import { label } from "./kdf.js";

export const PREFIX = 16;
export const WRAP = 1168;
export const HEAD = 2048;
export const MAX_HEADER = HEAD - 8;
export const CHUNK = 16384;
export const TAG = 16;
export const SALT = 24;
export const COMMITMENT = 32;
export const ID = 16;
export const MIN_SIZE = 2 ** 18;
export const MAX_SIZE = 2 ** 24;
export const MAX_SLOTS = 16;
const MAGIC = utf8("knothole-box/1\n");

/** The one length and slot count that all boxes of an epoch share; all sizes in bytes. */
export class Geometry {
  constructor(size, slots) {
    this.size = size;
    this.slots = slots;
    Object.freeze(this);
  }

  /** Where the payload begins. */
  get wrapsEnd() {
    return PREFIX + WRAP * this.slots;
  }

  /** Length of the sealed payload: salt, commitment and chunks. */
  get payload() {
    return this.size - this.wrapsEnd;
  }

  /** The one length of plaintext that fills the payload (SPEC's P). */
  get plaintext() {
    const chunks = this.payload - SALT - COMMITMENT;
    return chunks - TAG * (Math.floor(chunks / (CHUNK + TAG)) + 1);
  }

  /** The longest body. */
  get capacity() {
    return this.plaintext - HEAD;
  }

  /** The 16 bytes that every box of this geometry begins with. */
  get prefix() {
    return concat(MAGIC, Uint8Array.of(this.slots));
  }
}

/** A box's parts, without any key: {outside: prefix and wraps, wraps, payload}. Refuses NotABox. */
export function parseBox(box, geometry) {
  if (box.length !== geometry.size || !equal(box.subarray(0, PREFIX), geometry.prefix)) throw new NotABox();
  const wraps = [];
  for (let at = PREFIX; at < geometry.wrapsEnd; at += WRAP) wraps.push(box.subarray(at, at + WRAP));
  return { outside: box.subarray(0, geometry.wrapsEnd), wraps, payload: box.subarray(geometry.wrapsEnd) };
}

/** HPKE's info for every wrap of a drop's epoch. */
export function wrapInfo(dropId, epoch) {
  return concat(label("knothole/1 wrap"), dropId, u32(epoch));
}

/** What the payload's key is bound to; `outsideHash` is SHA-256(prefix || wraps). */
export function payloadContext(outsideHash, dropId, epoch, boxId) {
  return concat(label("knothole/1 box"), outsideHash, dropId, u32(epoch), boxId);
}

/** The plaintext of a box, zeros included. Refuses CannotSeal. */
export function layPlaintext(header, body, geometry) {
  if (header.length === 0 || header.length > MAX_HEADER) {
    throw new CannotSeal("This part's header does not fit in a box; send fewer or smaller files.");
  }
  if (body.length > geometry.capacity) {
    throw new CannotSeal("This part is longer than a box can hold; cut it at the drop's capacity.");
  }
  const plaintext = new Uint8Array(geometry.plaintext);
  plaintext.set(u32(header.length), 0);
  plaintext.set(u32(body.length), 4);
  plaintext.set(header, 8);
  plaintext.set(body, HEAD);
  return plaintext;
}

/** {header, body} of a plaintext whose every other byte is zero. Refuses MalformedHead. */
export function readPlaintext(plaintext, geometry) {
  const headerLength = readU32(plaintext, 0);
  const bodyLength = readU32(plaintext, 4);
  if (headerLength === 0 || headerLength > MAX_HEADER || bodyLength > geometry.capacity) {
    throw new MalformedHead();
  }
  const headerEnd = 8 + headerLength;
  const bodyEnd = HEAD + bodyLength;
  if (!isZero(plaintext.subarray(headerEnd, HEAD)) || !isZero(plaintext.subarray(bodyEnd))) {
    throw new MalformedHead();
  }
  return { header: plaintext.subarray(8, headerEnd), body: plaintext.subarray(HEAD, bodyEnd) };
}

function isZero(bytes) {
  return bytes.every((byte) => byte === 0);
}
