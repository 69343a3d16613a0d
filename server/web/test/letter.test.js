import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { concat, hex, readU32, u32, utf8 } from "../bytes.js";
import { decode, encode } from "../canonical.js";
import { threadKeys } from "../codename.js";
import { sign } from "../ed25519.js";
import { label } from "../kdf.js";
import { buildLetter, planLetter, readLetter } from "../letter.js";
import { fileStreamId, leafHash, readHead, verifyPath } from "../stream.js";
import { DROP_ID, refusal, seedOf } from "./make.js";

const CAPACITY = 5000;
const KEYS = threadKeys("abacus abdomen zoom zone yo-yo wreath able acid".split(" "), DROP_ID);
const DRAFT = {
  dropId: DROP_ID,
  keys: KEYS,
  message: "The original is attached.\n“Ça alors !” 日本 \u{1f600}",
  language: "fr-CA",
  day: "2026-11-18",
  files: [],
  recipients: ["ffff000011112222", "0000000000000001"],
  rosterHash: seedOf("roster"),
  read: [
    { sender: "ffff000011112222", sequence: 10 },
    { sender: "ffff000011112222", sequence: 9 },
  ],
  capacity: CAPACITY,
};

async function fileOf(name, size, type = "image/jpeg") {
  const bytes = new Uint8Array(size).fill(name.length);
  const root = await leafHash(bytes);
  return { name, size, type, bytes, root, stream: fileStreamId(KEYS.threadSecret, root) };
}

const build = (changes = {}) => buildLetter({ ...DRAFT, ...changes });
const read = (bytes, options = {}) => readLetter(bytes, { dropId: DROP_ID, capacity: CAPACITY, ...options });

test("a letter is read as it was written", async () => {
  const files = [await fileOf("a.jpg", 1000), await fileOf("b.jpg", 99_999), await fileOf("empty", 0, "")];
  const letter = await read((await build({ files })).bytes);
  assert.equal(letter.message, DRAFT.message);
  assert.deepEqual(letter.thread, KEYS.thread);
  assert.deepEqual(letter.replyKey, KEYS.replyKey);
  assert.deepEqual(letter.roster, DRAFT.rosterHash);
  assert.deepEqual(letter.recipients, ["0000000000000001", "ffff000011112222"]);
  assert.deepEqual(
    letter.read.map(({ sequence }) => sequence),
    [9, 10],
  );
  assert.deepEqual(
    letter.files.map(({ name, size, inside }) => [name, size, inside]),
    [
      ["a.jpg", 1000, true],
      ["b.jpg", 99_999, false],
      ["empty", 0, true],
    ],
  );
  assert.deepEqual(letter.files[0].bytes, files[0].bytes);
  assert.deepEqual(letter.files[1].stream, files[1].stream);
  assert.equal(letter.files[1].bytes, undefined);
});

test("the same letter is the same stream, another day's another", async () => {
  const [a, b, c] = [await build(), await build(), await build({ day: "2026-11-19" })];
  assert.deepEqual(a.bytes, b.bytes);
  assert.deepEqual(a.stream, b.stream);
  assert.notDeepEqual(a.stream, c.stream);
});

test("a long letter is cut, and each part proves its place", async () => {
  const letter = await build({ message: "x".repeat(3 * CAPACITY) });
  assert.equal(letter.count, 4);
  assert.deepEqual(concat(...letter.bodies), letter.bytes);
  for (let i = 0; i < letter.count; i++) {
    const { header, body } = letter.part(i);
    const head = readHead(header, { capacity: CAPACITY, bodyLength: body.length });
    assert.deepEqual(head.stream, letter.stream);
    assert.ok(verifyPath(await leafHash(body), i, letter.count, head.path, head.root));
  }
  await read(letter.bytes);
});

test("a letter that fills its boxes exactly has no empty one", async () => {
  const room = CAPACITY - (await build({ message: "" })).bytes.length;
  for (const [length, count] of [
    [room - 1, 1],
    [room, 1],
    [room + 1, 2],
    [room + CAPACITY, 2],
  ]) {
    const letter = await build({ message: "x".repeat(length) });
    assert.equal(letter.count, count);
    assert.equal(letter.bodies.at(-1).length, letter.bytes.length - (count - 1) * CAPACITY);
    await read(letter.bytes);
  }
});

test("the plan is what comes to be, and files fill a box to its last byte", async () => {
  const names = fc.constantFrom("a", "bb", "ccc", "dddd");
  const table = fc.uniqueArray(fc.record({ name: names, size: fc.nat({ max: CAPACITY }) }), {
    selector: ({ name }) => name,
  });
  await fc.assert(
    fc.asyncProperty(table, fc.nat({ max: CAPACITY }), async (drafts, length) => {
      const files = await Promise.all(drafts.map(({ name, size }) => fileOf(name, size)));
      const message = "m".repeat(length);
      const plan = planLetter({ ...DRAFT, files, message });
      const letter = await build({ files, message });
      assert.deepEqual(
        letter.files.map(({ inside }) => inside),
        plan.inside,
      );
      assert.equal(letter.bytes.length, plan.length);
      assert.equal(letter.count, plan.count);
      if (plan.inside.includes(true)) assert.equal(letter.count, 1);
      assert.equal((await read(letter.bytes)).files.length, files.length);
    }),
    { numRuns: 40 },
  );
});

test("a file that just fits travels inside, a byte more and it does not", async () => {
  // 1000 has as many digits as the sizes that follow.
  const room = CAPACITY - (await build({ files: [await fileOf("a", 1000)] })).bytes.length + 1000;
  const fits = await build({ files: [await fileOf("a", room)] });
  assert.deepEqual([fits.files[0].inside, fits.bytes.length], [true, CAPACITY]);
  const tooLong = await build({ files: [await fileOf("a", room + 1)] });
  assert.equal(tooLong.files[0].inside, false);
});

test("one file under two names is one stream, and both names are kept", async () => {
  const big = await fileOf("a", CAPACITY + 1);
  const small = await fileOf("b", 10);
  const files = [big, { ...big, name: "copy of a" }, small, { ...small, name: "copy of b" }];
  const letter = await read((await build({ files })).bytes);
  assert.deepEqual(
    letter.files.map(({ name }) => name),
    ["a", "copy of a", "b", "copy of b"],
  );
  assert.deepEqual(letter.files[0].stream, letter.files[1].stream);
});

test("odd types and half characters are mended, not refused", async () => {
  const files = [
    await fileOf("a", 1, "é"),
    await fileOf("bb", 1, "x".repeat(128)),
    await fileOf("ccc", 1, "text/plain"),
  ];
  const letter = await read((await build({ files, message: "half \ud83d" })).bytes);
  assert.deepEqual(
    letter.files.map(({ type }) => type),
    ["", "", "text/plain"],
  );
  assert.equal(letter.message, "half \ufffd");
});

test("CannotSeal: limits, and what a reader would refuse", async () => {
  const big = await fileOf("big", CAPACITY + 1);
  const cases = {
    "no recipient": { recipients: [] },
    "17 recipients": { recipients: Array.from({ length: 17 }, (_, i) => hex(seedOf(`${i}`).slice(0, 8))) },
    "a recipient twice": { recipients: ["0000000000000001", "0000000000000001"] },
    "a false day": { day: "2026-02-30" },
    "a false language": { language: "fr_CA" },
    "a reply read twice": { read: [DRAFT.read[0], DRAFT.read[0]] },
    "a changed file": { files: [{ ...(await fileOf("a", 10)), bytes: new Uint8Array(10) }] },
    "a file without its bytes": { files: [{ ...(await fileOf("a", 10)), bytes: undefined }] },
    "over 32 MiB": { message: "x".repeat(2 ** 25), capacity: 2 ** 20 },
    "65,537 files": { files: new Array(65_537).fill(big) },
  };
  for (const [flaw, changes] of Object.entries(cases)) {
    assert.equal(await refusal(() => build(changes)), "CannotSeal", flaw);
  }
});

test("one file under two names is two entries of one stream", async () => {
  const big = await fileOf("big", CAPACITY + 1);
  const letter = await read((await build({ files: [big, { ...big, name: "same" }] })).bytes);
  assert.deepEqual(letter.files[0].stream, letter.files[1].stream);
});

test("BadFileName keeps its name while sealing", async () => {
  assert.equal(await refusal(async () => build({ files: [await fileOf("a/b", 1)] })), "BadFileName");
  const twice = [await fileOf("a", 1), await fileOf("A", 2)];
  assert.equal(await refusal(() => build({ files: twice })), "BadFileName");
});

// A letter with a flaw, signed by its thread as if nothing were wrong.
async function forged(change, { inside = new Uint8Array(0), dropId = DROP_ID, seed = KEYS.signSeed } = {}) {
  const { bytes } = await build({ files: [await fileOf("a.jpg", 100_000)] });
  const value = decode(bytes.subarray(4, 4 + readU32(bytes)));
  change(value);
  const text = encode(value);
  return concat(u32(text.length), text, sign(concat(label("knothole/1 letter"), dropId, text), seed), inside);
}

const FILE_FLAWS = {
  "an unknown member": { extra: 1 },
  "an upper-case root": { root: "A".repeat(64) },
  "a short stream": { stream: "00" },
  "a type that is not ASCII": { type: "é" },
  "a type of 128 characters": { type: "x".repeat(128) },
  "an inside that is text": { inside: "true" },
  "an inside file without bytes": { inside: true, size: 5 },
};
const FLAWS = {
  "another type": (v) => Object.assign(v, { type: "knothole-letter/2" }),
  "an unknown member": (v) => Object.assign(v, { extra: 1 }),
  "a false day": (v) => Object.assign(v, { day: "2026-02-30" }),
  "a long language": (v) => Object.assign(v, { language: "a".repeat(36) }),
  "a language with a space": (v) => Object.assign(v, { language: "fr " }),
  "a message that is a number": (v) => Object.assign(v, { message: 1 }),
  "a short nonce": (v) => Object.assign(v, { nonce: "00" }),
  "a short reply key": (v) => Object.assign(v, { reply_key: "00" }),
  "a short roster hash": (v) => Object.assign(v, { roster: "00" }),
  "no recipients": (v) => Object.assign(v, { recipients: [] }),
  "recipients out of order": (v) => v.recipients.reverse(),
  "a recipient with another id": (v) => v.recipients.push("zz"),
  "replies out of order": (v) => v.read.reverse(),
  "257 replies": (v) =>
    Object.assign(v, {
      read: Array.from({ length: 257 }, (_, i) => ({ sender: "00".repeat(8), sequence: i })),
    }),
  ...Object.fromEntries(
    Object.entries(FILE_FLAWS).map(([flaw, change]) => [
      `a file with ${flaw}`,
      (v) => Object.assign(v.files[0], change),
    ]),
  ),
};

for (const [flaw, change] of Object.entries(FLAWS)) {
  test(`refuses as MalformedLetter ${flaw}`, async () => {
    assert.equal(await refusal(async () => read(await forged(change))), "MalformedLetter");
  });
}

test("refuses names that could do harm, whoever signed them", async () => {
  for (const name of ["", "..", "a/b", "a\\b", "a\u0000b", "a\u202eb", "a".repeat(256)]) {
    assert.equal(
      await refusal(async () => read(await forged((v) => Object.assign(v.files[0], { name })))),
      "BadFileName",
    );
  }
  const second = (v) => v.files.push({ ...v.files[0], name: "A.JPG", stream: "00".repeat(32) });
  assert.equal(await refusal(async () => read(await forged(second))), "BadFileName");
});

test("refuses inside bytes that are missing, left over or others", async () => {
  const { bytes } = await build({ files: [await fileOf("a", 50)] });
  const flipped = bytes.slice();
  flipped[bytes.length - 1] ^= 1;
  for (const bad of [bytes.subarray(0, -1), concat(bytes, Uint8Array.of(0)), flipped]) {
    assert.equal(await refusal(() => read(bad)), "MalformedLetter");
  }
});

test("refuses lengths that lie, and JSON that is not canonical", async () => {
  const { bytes } = await build();
  const length = readU32(bytes);
  const lies = [0, length - 1, length + 1, 0xffffffff].map((lie) => concat(u32(lie), bytes.subarray(4)));
  for (const bad of [...lies, bytes.subarray(0, 67), bytes.subarray(0, 3), new Uint8Array(0)]) {
    assert.equal(await refusal(() => read(bad)), "MalformedLetter");
  }
  const spaced = utf8('{"type": "knothole-letter/1"}');
  const signed = sign(concat(label("knothole/1 letter"), DROP_ID, spaced), KEYS.signSeed);
  assert.equal(await refusal(() => read(concat(u32(spaced.length), spaced, signed))), "MalformedLetter");
});

test("refuses inside files in a letter of several boxes", async () => {
  const { bytes } = await build({ files: [await fileOf("a", 50)] });
  assert.equal(await refusal(() => read(bytes, { capacity: bytes.length - 1 })), "MalformedLetter");
  await read(bytes, { capacity: bytes.length });
});

test("refuses, as BadLetterSignature, another thread's hand and another drop", async () => {
  const nothing = () => {};
  assert.equal(
    await refusal(async () => read(await forged(nothing, { seed: seedOf("eve") }))),
    "BadLetterSignature",
  );
  assert.equal(
    await refusal(async () => read(await forged(nothing, { dropId: seedOf("b") }))),
    "BadLetterSignature",
  );
  const { bytes } = await build();
  assert.equal(await refusal(() => read(bytes, { dropId: seedOf("another drop") })), "BadLetterSignature");
  const changed = bytes.slice();
  changed[4 + utf8('{"day":"').length] = 0x33;
  assert.equal(await refusal(() => read(changed)), "BadLetterSignature");
  assert.equal(await refusal(async () => read(await forged(nothing))), "nothing was refused");
});
