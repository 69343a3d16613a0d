// Streams: a letter or a file cut into bodies, and the head by which each part proves its place (SPEC section 8).

import { concat, equal, hex, u32 } from "./bytes.js";
import { decode, encode } from "./canonical.js";
import { ForeignPart, MalformedHead } from "./errors.js";
import * as fields from "./fields.js";
import { derive, hmacSha256, label, sha256 } from "./kdf.js";
import { HASH, leafHash, pathLength, verifyPath } from "./merkle.js";

export { auditPath, leafHash, MerkleTree, merkleRoot, verifyPath } from "./merkle.js";

export const MAX_COUNT = 2 ** 24;
export const MAX_LETTER = 32 * 1024 * 1024;
/** The id of a file's stream: without the thread secret nobody can test for a known file. */
export function fileStreamId(threadSecret, root) {
  return hmacSha256(derive(threadSecret, "stream"), root);
}

/** A letter's stream id. It binds the count, which a Merkle root alone does not: part 3 of 3 proves as 2 of 2, too. */
export function letterStreamId(root, count) {
  return sha256(concat(label("knothole/1 letter stream"), u32(count), root));
}

/** How many bodies a stream of `size` bytes has. */
export function countOf(size, capacity) {
  return Math.max(1, Math.ceil(size / capacity));
}

/** The header's bytes. kind "letter" or "file"; stream, root and path are bytes, path the joined hashes. */
export function encodeHead({ kind, stream, index, count, root, path }) {
  return encode({ count, index, kind, path: hex(path), root: hex(root), stream: hex(stream) });
}

/** {kind, stream, index, count, root, path} of a header whose body is `bodyLength` long. Refuses MalformedHead. */
export function readHead(bytes, { capacity, bodyLength }) {
  const value = decodeHead(bytes);
  const count = fields.integer(value.count, 1, MAX_COUNT, MalformedHead, "The part's count");
  const index = fields.integer(value.index, 0, count - 1, MalformedHead, "The part's index");
  const path = fields.hexBytes(value.path, pathLength(index, count) * HASH, MalformedHead, "The audit path");
  const root = fields.hexBytes(value.root, HASH, MalformedHead, "The part's root");
  const stream = fields.hexBytes(value.stream, HASH, MalformedHead, "The part's stream");
  const { kind } = value;
  if (kind !== "letter" && kind !== "file") throw new MalformedHead();
  const letter = kind === "letter";
  if (letter && (!equal(stream, letterStreamId(root, count)) || (count - 1) * capacity >= MAX_LETTER))
    throw new MalformedHead();
  if (bodyLength === 0 && (letter || count !== 1)) throw new MalformedHead();
  if (index < count - 1 && bodyLength !== capacity) throw new MalformedHead();
  return { kind, stream, index, count, root, path };
}

function decodeHead(bytes) {
  let value;
  try {
    value = decode(bytes);
  } catch (cause) {
    // What a box holds is refused by the box's name, whatever is wrong with its spelling.
    throw new MalformedHead(undefined, { cause });
  }
  return fields.members(
    value,
    ["count", "index", "kind", "path", "root", "stream"],
    MalformedHead,
    "The header",
  );
}

/** Refuse, as ForeignPart, a body whose audit path does not lead to its head's root. */
export async function checkPart(head, body) {
  const leaf = await leafHash(body);
  if (!verifyPath(leaf, head.index, head.count, head.path, head.root)) throw new ForeignPart();
}
