// Merkle trees of RFC 6962 over the bodies of a stream (SPEC section 8).

import { concat, equal } from "./bytes.js";
import { digest, sha256 } from "./kdf.js";

export const HASH = 32;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** A body's leaf hash; asynchronous, so that long bodies are hashed by native code. */
export function leafHash(body) {
  return digest(concat(LEAF, body));
}

function nodeHash(left, right) {
  return sha256(concat(NODE, left, right));
}

/**
 * RFC 6962's Merkle tree over leaf hashes (an array of 32-byte hashes), every level kept, so that a path costs
 * no hashing. Pairing level by level and carrying an odd node up is the RFC's split at the largest power of two.
 */
export class MerkleTree {
  #levels;

  constructor(leaves) {
    this.count = leaves.length;
    this.#levels = [concat(...leaves)];
    while (this.#levels.at(-1).length > HASH) this.#levels.push(levelAbove(this.#levels.at(-1)));
  }

  /** The root, 32 bytes. */
  get root() {
    return this.#levels.at(-1).slice();
  }

  /** The audit path of leaf `index`: sibling hashes from the leaf up, joined. */
  path(index) {
    const parts = [];
    let at = index;
    for (const level of this.#levels) {
      const sibling = (at ^ 1) * HASH;
      if (level.length > HASH && sibling < level.length) parts.push(level.subarray(sibling, sibling + HASH));
      at >>>= 1;
    }
    return concat(...parts);
  }
}

function levelAbove(level) {
  const nodes = level.length / HASH;
  const above = new Uint8Array(Math.ceil(nodes / 2) * HASH);
  for (let i = 0; i < nodes; i += 2) {
    const left = level.subarray(i * HASH, (i + 1) * HASH);
    const right = level.subarray((i + 1) * HASH, (i + 2) * HASH);
    above.set(right.length === 0 ? left : nodeHash(left, right), (i / 2) * HASH);
  }
  return above;
}

/** The Merkle root over leaf hashes. */
export function merkleRoot(leaves) {
  return new MerkleTree(leaves).root;
}

/** The audit path of one leaf; for all of a stream make one MerkleTree. */
export function auditPath(leaves, index) {
  return new MerkleTree(leaves).path(index);
}

/** How many hashes RFC 6962 gives the audit path of `index` among `count` leaves. */
export function pathLength(index, count) {
  let length = 0;
  for (let at = index, nodes = count; nodes > 1; at >>>= 1, nodes = Math.ceil(nodes / 2)) {
    if ((at ^ 1) < nodes) length++;
  }
  return length;
}

/** True when the path leads from the leaf hash at `index` among `count` to the root. */
export function verifyPath(leaf, index, count, path, root) {
  if (path.length !== pathLength(index, count) * HASH) return false;
  let hash = leaf;
  let used = 0;
  for (let at = index, nodes = count; nodes > 1; at >>>= 1, nodes = Math.ceil(nodes / 2)) {
    if ((at ^ 1) >= nodes) continue;
    const sibling = path.subarray(used, used + HASH);
    used += HASH;
    hash = at % 2 === 1 ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
  }
  return equal(hash, root);
}
