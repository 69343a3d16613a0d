import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { concat, hex, utf8 } from "../bytes.js";
import { DAY } from "../epoch.js";
import { fingerprint, parseFingerprint, readChain } from "../root.js";
import {
  ADMINS,
  admin,
  EPOCH,
  NOW,
  nextRootValue,
  refusal,
  rootValue,
  signedNote,
  textHash,
} from "./make.js";

const FIRST = rootValue();
const NEW_ADMINS = ["ana", "dee", "flo"].map(admin);
const SECOND = nextRootValue(FIRST, FIRST, {
  admins: NEW_ADMINS.map(({ name, key }) => ({ key: hex(key), name })),
  boxes: [...FIRST.boxes, { from_epoch: EPOCH + 1, size: 2 ** 20, slots: 4 }],
  issued: NOW,
});
const BOTH = [...ADMINS, ...NEW_ADMINS.slice(1)];

const chain = (...notes) => concat(...notes);
const first = (value = FIRST) => signedNote(value, ADMINS);
const read = (bytes, options = {}) => readChain(bytes, { now: NOW, ...options });
const refused = (bytes, options) => refusal(() => read(bytes, options));

test("a chain of one root is read", () => {
  const { dropId, current, roots } = read(first());
  assert.deepEqual(dropId, textHash(FIRST));
  assert.equal(current, roots[0]);
  assert.equal(current.drop, "The Example Times");
  assert.equal(current.retentionDays, 30);
  assert.deepEqual(current.admins[0], { name: "ana", key: ADMINS[0].key });
});

test("a second root, signed by the old and the new administrators, is in force", () => {
  const { dropId, current } = read(chain(first(), signedNote(SECOND, BOTH)), { dropId: textHash(FIRST) });
  assert.deepEqual(dropId, textHash(FIRST));
  assert.equal(current.version, 2);
  assert.equal(current.geometry(EPOCH).size, 2 ** 18);
  assert.equal(current.geometry(EPOCH + 1).size, 2 ** 20);
  assert.equal(current.geometry(EPOCH + 500).slots, 4);
  assert.equal(current.geometry(EPOCH - 11), null);
});

const key = (name) => ({ key: hex(admin(name).key), name });
const MALFORMED = {
  "another type": { type: "knothole-roster/1" },
  "version 0": { version: 0 },
  "a drop_id in the first root": { drop_id: "00".repeat(32) },
  "an unknown member": { extra: 1 },
  "a threshold of nobody": { threshold: 0 },
  "a threshold above the admins": { threshold: 4 },
  "no admins": { admins: [] },
  "17 admins": { admins: Array.from({ length: 17 }, (_, i) => key(`n${10 + i}`)) },
  "admins out of order": { admins: [key("bo"), key("ana"), key("cy")] },
  "an admin's name twice": { admins: [key("ana"), { ...key("bo"), name: "ana" }, key("cy")] },
  "an admin's key twice": { admins: [key("ana"), { ...key("ana"), name: "bo" }, key("cy")] },
  "an admin's name with a space": { admins: [{ ...key("ana"), name: "a na" }, key("bo"), key("cy")] },
  "an upper-case key": {
    admins: [{ ...key("ana"), key: hex(admin("ana").key).toUpperCase() }, key("bo"), key("cy")],
  },
  "a life of no second": { expires: FIRST.issued },
  "a life of over 13 months": { expires: FIRST.issued + 13 * 31 * DAY + 1 },
  "no retention": { retention_days: 0 },
  "a retention of over a year": { retention_days: 366 },
  "no boxes": { boxes: [] },
  "65 entries of boxes": {
    boxes: Array.from({ length: 65 }, (_, i) => ({ from_epoch: i, size: 2 ** 18, slots: 1 })),
  },
  "boxes out of order": { boxes: [FIRST.boxes[0], { from_epoch: EPOCH - 11, size: 2 ** 18, slots: 2 }] },
  "an epoch of boxes twice": { boxes: [FIRST.boxes[0], FIRST.boxes[0]] },
  "a box size that is no power of two": { boxes: [{ from_epoch: 0, size: 3 * 2 ** 18, slots: 2 }] },
  "a small box": { boxes: [{ from_epoch: 0, size: 2 ** 17, slots: 2 }] },
  "a large box": { boxes: [{ from_epoch: 0, size: 2 ** 25, slots: 2 }] },
  "no slots": { boxes: [{ from_epoch: 0, size: 2 ** 18, slots: 0 }] },
  "17 slots": { boxes: [{ from_epoch: 0, size: 2 ** 18, slots: 17 }] },
  "an epoch beyond u32": { boxes: [{ from_epoch: 2 ** 32, size: 2 ** 18, slots: 2 }] },
  "an empty name": { drop: "" },
  "a name of 65 bytes": { drop: `${"é".repeat(32)}a` },
  "a name that starts with a space": { drop: " a" },
  "a name that ends with a space": { drop: "a " },
  "a name with a direction change": { drop: "a\u202eb" },
  "a name with a line separator": { drop: "a\u2028b" },
  "a name that is a number": { drop: 1 },
  "a threshold that is true": { threshold: true },
};

for (const [flaw, changes] of Object.entries(MALFORMED)) {
  test(`refuses as MalformedRoot ${flaw}`, async () => {
    assert.equal(await refused(first(rootValue(changes))), "MalformedRoot");
  });
}

test("names that the limits allow are read", () => {
  for (const drop of ["a", "é".repeat(32), "a b", "日本", "\u00a0a"])
    assert.equal(read(first(rootValue({ drop }))).current.drop, drop);
});

test("a missing member is MalformedRoot, a malformed note MalformedNote", async () => {
  const short = { ...FIRST };
  delete short.drop;
  assert.equal(await refused(first(short)), "MalformedRoot");
  assert.equal(await refused(first().slice(0, -1)), "MalformedNote");
});

test("the first root needs all its administrators, not the threshold", async () => {
  assert.equal(await refused(signedNote(FIRST, ADMINS.slice(0, 2))), "NotEnoughSignatures");
});

test("a root with a false signature is BadSignature", async () => {
  const forged = { ...ADMINS[0], seed: admin("eve").seed };
  assert.equal(await refused(signedNote(FIRST, [forged, ...ADMINS.slice(1)])), "BadSignature");
});

test("another drop's roots are WrongDrop", async () => {
  assert.equal(await refused(first(), { dropId: textHash(SECOND) }), "WrongDrop");
});

test("an expired root is RootExpired at its last second, an earlier one may have expired", async () => {
  assert.equal(await refused(first(), { now: undefined }), "RootFromFuture");
  assert.equal(await refused(first(), { now: FIRST.expires }), "RootExpired");
  read(first(), { now: FIRST.expires - 1 });
  const later = nextRootValue(FIRST, FIRST, { issued: FIRST.expires, expires: FIRST.expires + DAY });
  read(chain(first(), signedNote(later, ADMINS)), { now: FIRST.expires });
});

test("a root may be issued a day ahead of the clock, and not a second more", async () => {
  read(first(), { now: FIRST.issued - DAY });
  assert.equal(await refused(first(), { now: FIRST.issued - DAY - 1 }), "RootFromFuture");
});

const CHAINS = {
  "no roots": new Uint8Array(0),
  "something before the roots": chain(utf8("x\n"), first()),
  "a second root alone": signedNote(SECOND, BOTH),
  "the first root twice": chain(first(), first()),
  "a gap in versions": chain(first(), signedNote({ ...SECOND, version: 3 }, BOTH)),
  "another drop_id": chain(first(), signedNote({ ...SECOND, drop_id: "00".repeat(32) }, BOTH)),
  "another previous root": chain(first(), signedNote({ ...SECOND, previous: "00".repeat(32) }, BOTH)),
  "a root issued before its predecessor": chain(
    first(),
    signedNote({ ...SECOND, issued: FIRST.issued - 1 }, BOTH),
  ),
  "a changed size of a begun week": chain(
    first(),
    signedNote({ ...SECOND, boxes: [{ ...FIRST.boxes[0], size: 2 ** 19 }] }, BOTH),
  ),
  "a new size for this week": chain(
    first(),
    signedNote({ ...SECOND, boxes: [...FIRST.boxes, { from_epoch: EPOCH, size: 2 ** 19, slots: 2 }] }, BOTH),
  ),
};

for (const [flaw, bytes] of Object.entries(CHAINS)) {
  test(`refuses as BrokenChain ${flaw}`, async () => {
    assert.equal(await refused(bytes), "BrokenChain");
  });
}

test("the next root needs the old administrators and the new ones", async () => {
  const two = (signers) => refused(chain(first(), signedNote(SECOND, signers)));
  assert.equal(await two(NEW_ADMINS), "NotEnoughSignatures");
  assert.equal(await two(ADMINS), "NotEnoughSignatures");
  // ana stands in both lists and may count in both.
  assert.equal(await two([ADMINS[0], ADMINS[1], NEW_ADMINS[1]]), "nothing was refused");
});

test("a fingerprint is 13 groups of four that come back as the drop_id", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (dropId) => {
      const text = fingerprint(dropId);
      assert.match(text, /^([a-z2-7]{4}-){12}[a-z2-7]{4}$/);
      assert.deepEqual(parseFingerprint(text), dropId);
      assert.deepEqual(parseFingerprint(` ${text.replaceAll("-", " ").toUpperCase()} `), dropId);
    }),
  );
});

test("a fingerprint with a letter too few, too many or changed at its end is refused", async () => {
  const text = fingerprint(textHash(FIRST));
  const odd = [
    text.slice(0, -1),
    `${text}a`,
    "",
    `${text.slice(0, -1)}b`,
    `1${text.slice(1)}`,
    `${text.slice(0, -1)}=`,
    `\u212a${text.slice(1)}`,
  ];
  for (const bad of odd) assert.equal(await refusal(() => parseFingerprint(bad)), "WrongDrop", bad);
});
