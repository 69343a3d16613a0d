import assert from "node:assert/strict";
import test from "node:test";
import { base64, hex } from "../bytes.js";
import { DAY } from "../epoch.js";
import { tryPublicKey } from "../hpke.js";
import { readChain } from "../root.js";
import { readRoster } from "../roster.js";
import * as make from "./make.js";

const { ADMINS, EPOCH, NOW, recipientValue, refusal, rosterValue, signedNote } = make;
const CHAIN = readChain(signedNote(make.rootValue(), ADMINS), { now: NOW });
const GOOD = rosterValue(CHAIN.dropId);
const [ONE, TWO] = GOOD.recipients;

const note = (changes = {}) => signedNote({ ...GOOD, ...changes }, ADMINS.slice(0, 2));
const read = (bytes, options = {}) => readRoster(bytes, CHAIN, { now: NOW, ...options });
const refused = (bytes, options) => refusal(() => read(bytes, options));

test("a roster is read with the keys of each week", () => {
  const roster = read(note());
  assert.deepEqual(roster.hash, make.textHash(GOOD));
  assert.deepEqual(
    roster
      .receiving(EPOCH)
      .map(({ name }) => name)
      .sort(),
    ["Dana", "Eli"],
  );
  assert.deepEqual(
    roster.receiving(EPOCH + 1).map(({ name }) => name),
    ["Dana"],
  );
  assert.deepEqual(roster.receiving(EPOCH + 2), []);
  const dana = roster.recipients.find(({ name }) => name === "Dana");
  assert.deepEqual(dana.epochs.get(EPOCH), make.epochKey("Dana", EPOCH).publicKey);
});

const with1 = (changes) => ({ recipients: [{ ...ONE, ...changes }, TWO] });
const [weekly] = TWO.epochs;
const MALFORMED = {
  "another type": { type: "knothole-root/1" },
  "version 0": { version: 0 },
  "a previous roster of the first": { previous: "00".repeat(32) },
  "an unknown member": { extra: 1 },
  "a life of no second": { expires: GOOD.issued },
  "a life of over 35 days": { expires: GOOD.issued + 35 * DAY + 1 },
  "recipients out of order": { recipients: [TWO, ONE] },
  "a recipient twice": { recipients: [ONE, ONE] },
  "more recipients than slots": { recipients: sorted([ONE, TWO, recipientValue("Fay", [])]) },
  "an id of another key": with1({ id: "0000000000000000" }),
  "a short key": with1({ key: ONE.key.slice(2) }),
  "an unknown member of a recipient": with1({ extra: 1 }),
  "an empty name": with1({ name: "" }),
  "a name with a newline": with1({ name: "a\nb" }),
  "a note of 501 bytes": with1({ note: "a".repeat(501) }),
  "a note that turns the line around": with1({ note: "a\u2067b" }),
  "epochs out of order": with1({
    epochs: [
      { ...weekly, epoch: 9 },
      { ...weekly, epoch: 8 },
    ],
  }),
  "an epoch twice": with1({
    epochs: [ONE.epochs[0], { ...ONE.epochs[0], key: base64(make.epochKey("Fay", EPOCH).publicKey) }],
  }),
  "one key for two weeks": with1({
    epochs: [
      { ...weekly, epoch: 8 },
      { ...weekly, epoch: 9 },
    ],
  }),
  "61 epochs": with1({ epochs: Array.from({ length: 61 }, (_, epoch) => ({ ...weekly, epoch })) }),
  "a weekly key of two recipients": with1({ epochs: [weekly] }),
  "a weekly key of 1215 bytes": with1({ epochs: [{ epoch: EPOCH, key: base64(new Uint8Array(1215)) }] }),
  "a weekly key in hex": with1({ epochs: [{ epoch: EPOCH, key: hex(new Uint8Array(1216)) }] }),
  "a weekly key with a newline": with1({ epochs: [{ ...weekly, key: `${weekly.key}\n` }] }),
  "another root version": { root_version: 2 },
};

function sorted(recipients) {
  return recipients.sort((a, b) => (a.id < b.id ? -1 : 1));
}

for (const [flaw, changes] of Object.entries(MALFORMED)) {
  test(`refuses as MalformedRoster ${flaw}`, async () => {
    assert.equal(await refused(note(changes)), "MalformedRoster");
  });
}

test("fewer slots in any week of the roster's life are MalformedRoster", async () => {
  const last = Math.floor((GOOD.expires + 3 * DAY) / (7 * DAY));
  const boxes = (from) => [...make.rootValue().boxes, { from_epoch: from, size: 2 ** 18, slots: 1 }];
  const under = (from) => {
    const root = make.rootValue({ boxes: boxes(from) });
    const chain = readChain(signedNote(root, ADMINS), { now: NOW });
    const bytes = signedNote({ ...GOOD, drop_id: hex(chain.dropId) }, ADMINS);
    return refusal(() => readRoster(bytes, chain, { now: NOW }));
  };
  assert.equal(await under(last), "MalformedRoster");
  assert.equal(await under(last + 1), "nothing was refused");
});

test("a roster from before the drop's first week is MalformedRoster", async () => {
  const root = make.rootValue({ boxes: [{ from_epoch: EPOCH + 1, size: 2 ** 18, slots: 2 }] });
  const chain = readChain(signedNote(root, ADMINS), { now: NOW });
  const bytes = signedNote({ ...GOOD, drop_id: hex(chain.dropId) }, ADMINS);
  assert.equal(await refusal(() => readRoster(bytes, chain, { now: NOW })), "MalformedRoster");
});

test("another drop's roster is WrongDrop", async () => {
  assert.equal(await refused(note({ drop_id: "00".repeat(32) })), "WrongDrop");
});

test("a roster with too few or false signatures is refused", async () => {
  assert.equal(await refused(signedNote(GOOD, ADMINS.slice(0, 1))), "NotEnoughSignatures");
  assert.equal(
    await refused(signedNote(GOOD, [make.admin("eve"), make.admin("mal")])),
    "NotEnoughSignatures",
  );
  const forged = { ...ADMINS[0], seed: make.seedOf("eve") };
  assert.equal(await refused(signedNote(GOOD, [forged, ...ADMINS.slice(1)])), "BadSignature");
});

test("a roster is good from a day before its issue to the second before its expiry", async () => {
  assert.equal(await refused(note(), { now: GOOD.issued - DAY - 1 }), "RosterFromFuture");
  read(note(), { now: GOOD.issued - DAY });
  read(note(), { now: GOOD.expires - 1 });
  assert.equal(await refused(note(), { now: undefined }), "RosterFromFuture");
  assert.equal(await refused(note(), { now: GOOD.expires }), "RosterExpired");
});

const later = (changes = {}) =>
  note({ version: 2, previous: hex(make.textHash(GOOD)), issued: NOW, ...changes });

test("the same roster again, the next one and one after a gap are accepted", () => {
  const known = read(note());
  read(note(), { known });
  read(later(), { known });
  read(later({ version: 7, previous: "00".repeat(32) }), { known });
});

test("older rosters are RosterRollback, two of one version RosterFork", async () => {
  const known = read(later());
  assert.equal(await refused(note(), { known }), "RosterRollback");
  const earlier = { version: 4, issued: NOW - 1 };
  assert.equal(await refused(later(earlier), { known }), "RosterRollback");
  assert.equal(await refused(later({ expires: GOOD.expires + 1 }), { known }), "RosterFork");
  assert.equal(await refused(later({ issued: NOW - 1 }), { known }), "RosterFork");
  assert.equal(await refused(later({ version: 3 }), { known }), "RosterFork");
});

test("keys that cannot be encapsulated to are BadRecipientKey", async () => {
  const { publicKey } = make.epochKey("Dana", EPOCH);
  tryPublicKey(publicKey);
  const unreduced = publicKey.slice().fill(0xff, 0, 1152);
  const zero = publicKey.slice().fill(0, 1184);
  const small = publicKey.slice();
  small.set([1, ...new Uint8Array(31)], 1184);
  for (const bad of [unreduced, zero, small, publicKey.slice(1), new Uint8Array(0)]) {
    assert.equal(await refusal(() => tryPublicKey(bad)), "BadRecipientKey");
  }
});
