// The board in the page: what the vectors and the Python twin cannot ask, because it is about time and callers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, u32 } from "../bytes.js";
import { PAUSE, readAcknowledgement, readBoard, SLOT } from "../card.js";
import { encrypt, trial } from "../cobblestone.js";
import { randomBytes } from "../random.js";

const KEYS = {
  replyKey: randomBytes(32),
  dropId: randomBytes(32),
  thread: randomBytes(32),
  senders: new Map(),
};
const NOTHING = { cards: [], ignored: 0, incomplete: 0 };

test("the board's reader lets others run between slots, and tells how far it is", async () => {
  const told = [];
  const board = concat(...Array.from({ length: 3 * PAUSE + 1 }, () => randomBytes(SLOT)));
  let ran = 0;
  const others = setInterval(() => ran++).unref();
  const read = await readBoard(board, { ...KEYS, progress: (done, total) => told.push([done, total, ran]) });
  clearInterval(others);
  assert.deepEqual(read, NOTHING);
  const total = 3 * PAUSE + 1;
  assert.deepEqual(
    told.map(([done, all]) => [done, all]),
    [PAUSE, 2 * PAUSE, 3 * PAUSE, total].map((done) => [done, total]),
  );
  assert.ok(told.at(-1)[2] > 0, "nobody else ran while the board was read");
});

test("an empty board is read, and its end is told", async () => {
  const told = [];
  const progress = (...done) => told.push(done);
  assert.deepEqual(await readBoard(new Uint8Array(0), { ...KEYS, progress }), NOTHING);
  assert.deepEqual(told, [[0, 0]]);
});

test("the cheap trial passes what opens, and nothing of another key, context or salt", async () => {
  const [key, context] = [randomBytes(32), randomBytes(48)];
  const message = await encrypt(key, null, context, new Uint8Array(1976));
  assert.ok(trial(key, context)(message));
  assert.ok(!trial(randomBytes(32), context)(message));
  assert.ok(!trial(key, randomBytes(48))(message));
  // Salt, and the commitment's first twenty bytes.
  for (const at of [0, 23, 24, 43]) {
    const changed = message.slice();
    changed[at] ^= 1;
    assert.ok(!trial(key, context)(changed), `byte ${at}`);
  }
  for (const length of [0, 23, 24, 43, 55]) assert.ok(!trial(key, context)(message.subarray(0, length)));
});

test("a slot that passes the trial and does not open is nobody's", async () => {
  const context = concat(new TextEncoder().encode("knothole/1 slot\0"), KEYS.dropId);
  const slot = await encrypt(KEYS.replyKey, null, context, new Uint8Array(1976));
  for (const at of [44, 55, 56, SLOT - 1]) {
    const changed = slot.slice();
    changed[at] ^= 1;
    assert.deepEqual(await readBoard(changed, KEYS), NOTHING, `byte ${at}`);
  }
  assert.deepEqual(await readBoard(slot, KEYS), { ...NOTHING, ignored: 1 });
});

// What whoever has the reply key can post: slots that open, well-formed replies, each another, that nobody signed.
async function flood(n) {
  const context = concat(new TextEncoder().encode("knothole/1 slot\0"), KEYS.dropId);
  const forged = Array.from({ length: n }, (_, i) => {
    const plaintext = new Uint8Array(1976);
    const [day, sender, digest] = [u32(20000), randomBytes(8), randomBytes(16)];
    plaintext.set(concat([1], day, sender, u32(0), u32(i), digest, [0, 0, 0, 1, 0, 1, 65]));
    plaintext.set(randomBytes(64), 1912);
    return encrypt(KEYS.replyKey, null, context, plaintext);
  });
  return concat(...(await Promise.all(forged)));
}

test("a flood of slots that open and nobody signed lets others run, is told as it goes, and counts", async () => {
  const told = [];
  let ran = 0;
  const others = setInterval(() => ran++).unref();
  const progress = (done) => told.push([done, ran]);
  assert.deepEqual(await readBoard(await flood(48), { ...KEYS, progress }), { ...NOTHING, ignored: 48 });
  clearInterval(others);
  assert.ok(told.length >= 48 / 4, `${told.length} pauses`);
  assert.ok(told.at(-1)[1] > told[0][1], "nobody else ran while the forgeries were looked at");
  const board = await flood(1);
  assert.deepEqual(await readBoard(concat(board, board), KEYS), { ...NOTHING, ignored: 1 });
});

test("whoever stops looking is not made to wait for a flood", async () => {
  let asked = 0;
  const senders = { get: () => void asked++ };
  const progress = () => {
    if (asked > 0) throw new Error("stopped");
  };
  await assert.rejects(readBoard(await flood(48), { ...KEYS, senders, progress }), { message: "stopped" });
  assert.ok(asked <= 4, `${asked} slots were looked at`);
});

test("anything but a text is no acknowledgement", () => {
  for (const text of ["", "null", "{}", "[".repeat(1869), '{"__proto__":1}']) {
    assert.equal(readAcknowledgement(text), null);
  }
});
