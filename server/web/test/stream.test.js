import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import fc from "fast-check";
import { concat, utf8 } from "../bytes.js";
import { encode } from "../canonical.js";
import { hmacSha256 } from "../kdf.js";
import { pathLength } from "../merkle.js";
import * as stream from "../stream.js";
import { refusal, seedOf } from "./make.js";

const sha = (...parts) =>
  new Uint8Array(
    createHash("sha256")
      .update(concat(...parts))
      .digest(),
  );

// RFC 6962, section 2.1, word for word: split at the largest power of two below the count.
function slowRoot(leaves) {
  if (leaves.length === 1) return leaves[0];
  const k = splitOf(leaves.length);
  return sha(Uint8Array.of(1), slowRoot(leaves.slice(0, k)), slowRoot(leaves.slice(k)));
}

function slowPath(index, leaves) {
  if (leaves.length === 1) return [];
  const k = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return index < k
    ? [...slowPath(index, left), slowRoot(right)]
    : [...slowPath(index - k, right), slowRoot(left)];
}

function splitOf(count) {
  let k = 1;
  while (k * 2 < count) k *= 2;
  return k;
}

const leavesOf = (count) => Array.from({ length: count }, (_, i) => seedOf(`leaf ${i}`));

test("a leaf is the hash of a zero byte and the body", async () => {
  assert.deepEqual(await stream.leafHash(utf8("body")), sha(Uint8Array.of(0), utf8("body")));
});

test("roots and paths are RFC 6962's for every count up to 40", () => {
  for (let count = 1; count <= 40; count++) {
    const leaves = leavesOf(count);
    const tree = new stream.MerkleTree(leaves);
    assert.deepEqual(tree.root, slowRoot(leaves));
    assert.deepEqual(stream.merkleRoot(leaves), tree.root);
    for (let index = 0; index < count; index++) {
      const path = concat(...slowPath(index, leaves));
      assert.deepEqual(tree.path(index), path);
      assert.deepEqual(stream.auditPath(leaves, index), path);
      assert.equal(pathLength(index, count) * 32, path.length);
      assert.ok(stream.verifyPath(leaves[index], index, count, path, tree.root));
    }
  }
});

test("a path proves one leaf at one place in one tree", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 70 }), fc.nat(), fc.nat(), fc.nat(), (count, at, other, bit) => {
      const leaves = leavesOf(count);
      const tree = new stream.MerkleTree(leaves);
      const index = at % count;
      const path = tree.path(index);
      const ok = (leaf, i, n, p, root) => stream.verifyPath(leaf, i, n, p, root);
      assert.ok(!ok(seedOf("a stranger"), index, count, path, tree.root));
      if (other % count !== index) assert.ok(!ok(leaves[index], other % count, count, path, tree.root));
      const changed = path.slice();
      changed[bit % path.length] ^= 1;
      assert.ok(!ok(leaves[index], index, count, changed, tree.root));
      assert.ok(!ok(leaves[index], index, count, path.subarray(1), tree.root));
      assert.ok(!ok(leaves[index], index, count, concat(path, path.subarray(0, 32)), tree.root));
      assert.ok(!ok(leaves[index], index, count, path, seedOf("another root")));
    }),
    { numRuns: 50 },
  );
});

test("a file's stream id needs the thread secret", () => {
  const root = seedOf("root");
  const id = stream.fileStreamId(seedOf("thread"), root);
  assert.notDeepEqual(id, stream.fileStreamId(seedOf("another"), root));
  assert.notDeepEqual(id, hmacSha256(seedOf("thread"), root));
});

test("count: an empty stream has one body, a full last body adds none", () => {
  assert.deepEqual(
    [0, 1, 9, 10, 11, 20, 21].map((size) => stream.countOf(size, 10)),
    [1, 1, 1, 1, 2, 2, 3],
  );
});

const CAPACITY = 1000;
const tree = new stream.MerkleTree(leavesOf(5));
const HEAD = { kind: "file", stream: seedOf("id"), root: tree.root, index: 3, count: 5, path: tree.path(3) };
const letter = (head) => ({ ...head, kind: "letter", stream: stream.letterStreamId(head.root, head.count) });
const LETTER = letter(HEAD);
const read = (head, bodyLength = CAPACITY, capacity = CAPACITY) =>
  stream.readHead(head instanceof Uint8Array ? head : stream.encodeHead(head), { capacity, bodyLength });

test("heads come back as they went", () => {
  assert.deepEqual(read(HEAD), HEAD);
  assert.deepEqual(read(LETTER), LETTER);
  const last = { ...HEAD, index: 4, path: tree.path(4) };
  assert.deepEqual(read(last, 1), last);
  const one = { ...HEAD, index: 0, count: 1, path: new Uint8Array(0) };
  assert.deepEqual(read(one, 0), one);
});

test("the longest head fits in a box", () => {
  const count = 2 ** 24;
  const path = new Uint8Array(pathLength(0, count) * 32);
  const bytes = stream.encodeHead({ ...HEAD, index: 0, count, path });
  assert.ok(bytes.length <= 2040);
  assert.equal(read(bytes).count, count);
});

const FLAWS = {
  "an unknown kind": [{ ...HEAD, kind: "Letter" }],
  "a count of none": [{ ...HEAD, index: 0, count: 0, path: new Uint8Array(0) }],
  "a count over 2^24": [{ ...HEAD, index: 0, count: 2 ** 24 + 1, path: new Uint8Array(25 * 32) }],
  "an index as high as the count": [{ ...HEAD, index: 5 }],
  "a path too short": [{ ...HEAD, path: HEAD.path.subarray(32) }],
  "a path too long": [{ ...HEAD, path: concat(HEAD.path, seedOf("x")) }],
  "a path that is no whole hash": [{ ...HEAD, path: HEAD.path.subarray(1) }],
  "a short root": [{ ...HEAD, root: HEAD.root.subarray(1) }],
  "a letter whose stream is its root": [{ ...LETTER, stream: tree.root }],
  "a letter whose stream has another count": [{ ...LETTER, stream: stream.letterStreamId(tree.root, 4) }],
  "an empty body among five": [{ ...HEAD, index: 4, path: tree.path(4) }, 0],
  "an empty letter": [letter({ ...HEAD, index: 0, count: 1, path: new Uint8Array(0) }), 0],
  "a body that is not full before the last": [HEAD, CAPACITY - 1],
  "an unknown member": [
    encode({ ...JSON.parse(new TextDecoder().decode(stream.encodeHead(HEAD))), extra: 1 }),
  ],
  "a missing member": [utf8('{"count":1}')],
  "JSON that is not canonical": [concat(stream.encodeHead(HEAD), utf8(" "))],
  "a list": [utf8("[]")],
};

for (const [flaw, [head, bodyLength]] of Object.entries(FLAWS)) {
  test(`refuses as MalformedHead ${flaw}`, async () => {
    assert.equal(await refusal(() => read(head, bodyLength)), "MalformedHead");
  });
}

test("a letter may fill 32 MiB, and not a body more", async () => {
  const capacity = 2 ** 20;
  const head = (count) =>
    letter({ ...HEAD, index: 0, count, path: new Uint8Array(pathLength(0, count) * 32) });
  assert.equal(read(head(32), capacity, capacity).count, 32);
  assert.equal(await refusal(() => read(head(33), capacity, capacity)), "MalformedHead");
  assert.equal(read({ ...head(33), kind: "file" }, capacity, capacity).count, 33);
});
