// Proof of work on a permit: what keeps one visitor from filling the disk (SPEC section 11).

import { sha256 } from "@noble/hashes/sha2.js";
import { concat, u32, u64, utf8 } from "./bytes.js";
import { KnotholeError } from "./errors.js";
import * as kdf from "./kdf.js";

export const MAX_DIFFICULTY = 40;

/** The smallest nonce, in decimal, that passes `checkProof`; about 2 ** difficulty hashes. Call it in a worker. */
export function solveProof(permit, epoch, boxId, difficulty) {
  if (!Number.isInteger(difficulty) || difficulty < 0 || difficulty > MAX_DIFFICULTY) {
    throw new KnotholeError("The server asks for work that no permit asks for; try again later.");
  }
  // Hashed once up to the nonce, and copied for each try: half the work.
  const begun = sha256.create().update(prefix(permit, epoch, boxId));
  const nonce = new Uint8Array(8);
  const view = new DataView(nonce.buffer);
  for (let i = 0; ; i++) {
    view.setUint32(0, Math.floor(i / 0x100000000));
    view.setUint32(4, i >>> 0);
    if (zeroBits(begun.clone().update(nonce).digest()) >= difficulty) return String(i);
  }
}

/** True when the nonce (decimal text) gives at least `difficulty` zero bits for this permit and box. */
export function checkProof(permit, epoch, boxId, difficulty, nonce) {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(nonce) || BigInt(nonce) > 0xffffffffffffffffn) return false;
  return zeroBits(kdf.sha256(concat(prefix(permit, epoch, boxId), u64(BigInt(nonce))))) >= difficulty;
}

function prefix(permit, epoch, boxId) {
  return concat(kdf.label("knothole/1 proof"), kdf.sha256(utf8(permit)), u32(epoch), boxId);
}

function zeroBits(hash) {
  const byte = hash.findIndex((value) => value !== 0);
  return byte < 0 ? 8 * hash.length : 8 * byte + Math.clz32(hash[byte]) - 24;
}
