import assert from "node:assert/strict";
import { createCipheriv, createHmac } from "node:crypto";
import test from "node:test";
import { Geometry, HEAD, parseBox, wrapInfo } from "../box.js";
import { concat, hex, u32 } from "../bytes.js";
import { decrypt, encrypt, engine, noble, webcrypto } from "../cobblestone.js";
import { spareWrap, unwrap, wrap } from "../hpke.js";
import { derive, sha256 } from "../kdf.js";
import { openBox } from "../open.js";
import { idOfPart, sealBox } from "../seal.js";
import { encodeHead, letterStreamId, leafHash } from "../stream.js";
import { DROP_ID, EPOCH, epochKey, refusal, seedOf } from "./make.js";

const GEOMETRY = new Geometry(2 ** 18, 3);
const [DANA, ELI, FAY] = ["Dana", "Eli", "Fay"].map((name) => epochKey(name, EPOCH));
const THREAD_SECRET = seedOf("thread");

async function partOf(body, changes = {}) {
  const root = await leafHash(body);
  const head = { kind: "file", stream: seedOf("stream"), root, index: 0, count: 1, path: new Uint8Array(0) };
  return { header: encodeHead({ ...head, ...changes }), body };
}

async function seal(body, changes = {}) {
  const base = { geometry: GEOMETRY, epoch: EPOCH, dropId: DROP_ID, threadSecret: THREAD_SECRET };
  const part = await partOf(body);
  return sealBox({ ...base, recipients: [DANA.publicKey, ELI.publicKey], ...part, ...changes });
}

function open({ id, box }, changes = {}) {
  const base = { geometry: GEOMETRY, epoch: EPOCH, dropId: DROP_ID, id, keys: [DANA.seed] };
  return openBox(box, { ...base, ...changes });
}

const bodyOf = (length) => Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);

test("1 MiB and 4 slots hold 1,042,808 bytes of plaintext", () => {
  assert.equal(new Geometry(2 ** 20, 4).plaintext, 1_042_808);
});

test("every size and slot count has one plaintext length that fills the payload", () => {
  for (let size = 2 ** 18; size <= 2 ** 24; size *= 2) {
    for (let slots = 1; slots <= 16; slots++) {
      const { plaintext, payload, capacity } = new Geometry(size, slots);
      assert.equal(56 + plaintext + 16 * (Math.floor(plaintext / 16384) + 1), payload);
      assert.equal(capacity, plaintext - 2048);
    }
  }
});

const { capacity: CAPACITY } = GEOMETRY;
for (const length of [0, 1, 16383, 16384, 16385, 14335, 14336, 14337, CAPACITY - 1, CAPACITY]) {
  test(`a body of ${length} bytes comes back, by every recipient's key`, async () => {
    const sealed = await seal(bodyOf(length));
    assert.equal(sealed.box.length, GEOMETRY.size);
    for (const { seed } of [DANA, ELI]) {
      const { head, body } = await open(sealed, { keys: [seed] });
      assert.deepEqual(body, bodyOf(length));
      assert.deepEqual([head.kind, head.index, head.count], ["file", 0, 1]);
    }
  });
}

test("every geometry's full box comes back", async () => {
  for (const [size, slots] of [
    [2 ** 18, 1],
    [2 ** 19, 16],
    [2 ** 20, 4],
  ]) {
    const geometry = new Geometry(size, slots);
    const sealed = await seal(bodyOf(geometry.capacity), { geometry, recipients: [DANA.publicKey] });
    assert.deepEqual((await open(sealed, { geometry })).body, bodyOf(geometry.capacity));
  }
});

test("both engines seal and open the same bytes", async () => {
  const [key, salt] = [seedOf("key"), seedOf("salt").slice(0, 24)];
  const context = seedOf("context");
  for (const length of [0, 1, 16383, 16384, 16385, 40_000]) {
    const plaintext = bodyOf(length);
    const native = await encrypt(key, salt, context, plaintext, webcrypto);
    assert.deepEqual(await encrypt(key, salt, context, plaintext, noble), native);
    assert.equal(native.length, 56 + length + 16 * (Math.floor(length / 16384) + 1));
    assert.deepEqual(await decrypt(key, context, native, noble), plaintext);
    assert.deepEqual(await decrypt(key, context, native, webcrypto), plaintext);
  }
  const sealed = await seal(bodyOf(99), { use: noble });
  assert.deepEqual((await open(sealed, { use: webcrypto })).body, bodyOf(99));
});

test("a page without WebCrypto seals all the same", async (t) => {
  assert.equal(engine(), webcrypto);
  t.mock.getter(crypto, "subtle", () => undefined);
  assert.equal(engine(), noble);
  const sealed = await seal(bodyOf(99));
  assert.deepEqual((await open(sealed)).body, bodyOf(99));
});

test("Cobblestone-256 is as SPEC 7 writes it, worked out by another library", async () => {
  const [key, salt, context] = [seedOf("key"), seedOf("salt").slice(0, 24), seedOf("context")];
  const plaintext = bodyOf(3 * 16384 + 5);
  const info = Buffer.concat([
    Buffer.from("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"),
    salt,
    context,
  ]);
  const block = (...parts) => createHmac("sha512", key).update(Buffer.concat(parts)).digest();
  const first = block(info, Buffer.of(1));
  const okm = Buffer.concat([first, block(first, info, Buffer.of(2))]);
  const expected = [Buffer.from(salt), okm.subarray(44, 76)];
  for (let i = 0; i < 4; i++) {
    const nonce = Buffer.from(okm.subarray(32, 44));
    nonce[11] ^= i;
    const cipher = createCipheriv("aes-256-gcm", okm.subarray(0, 32), nonce);
    expected.push(cipher.update(plaintext.subarray(i * 16384, (i + 1) * 16384)), cipher.final());
    expected.push(cipher.getAuthTag());
  }
  assert.deepEqual(await encrypt(key, salt, context, plaintext), new Uint8Array(Buffer.concat(expected)));
});

for (const use of [webcrypto, noble]) {
  test(`Cobblestone by ${use.name} refuses every cut, longer and changed message`, async () => {
    const [key, context] = [seedOf("key"), seedOf("context")];
    const good = await encrypt(key, null, context, bodyOf(16384 + 100), use);
    const chunks = 56 + 16400;
    const cuts = [0, 55, 56, 71, chunks - 1, chunks, chunks + 15, good.length - 1];
    const flips = [0, 24, 56, 56 + 16399, chunks, good.length - 1].map((at) => {
      const bad = good.slice();
      bad[at] ^= 1;
      return bad;
    });
    const swapped = concat(good.subarray(0, 56), good.subarray(chunks), good.subarray(56, chunks));
    const bad = [
      ...cuts.map((end) => good.subarray(0, end)),
      ...flips,
      swapped,
      concat(good, Uint8Array.of(0)),
    ];
    for (const message of bad)
      assert.equal(await refusal(() => decrypt(key, context, message, use)), "BoxDamaged");
    assert.equal(await refusal(() => decrypt(key, seedOf("other"), good, use)), "BoxDamaged");
    assert.equal(await refusal(() => decrypt(seedOf("other"), context, good, use)), "BoxDamaged");
  });
}

test("a wrap opens with its key, its info and nothing else", async () => {
  const info = wrapInfo(DROP_ID, EPOCH);
  const wrapped = wrap(seedOf("box"), DANA.publicKey, info);
  assert.equal(wrapped.length, 1168);
  assert.deepEqual(unwrap(wrapped, DANA.seed, info), seedOf("box"));
  assert.equal(await refusal(() => unwrap(wrapped, ELI.seed, info)), "NotForUs");
  assert.equal(await refusal(() => unwrap(wrapped, DANA.seed, wrapInfo(DROP_ID, EPOCH + 1))), "NotForUs");
  assert.equal(await refusal(() => unwrap(wrapped.subarray(1), DANA.seed, info)), "NotForUs");
});

test("the same part has the same id and another box each time", async () => {
  const [a, b] = [await seal(bodyOf(9)), await seal(bodyOf(9))];
  assert.deepEqual(a.id, b.id);
  assert.notDeepEqual(a.box, b.box);
  const part = {
    geometry: GEOMETRY,
    epoch: EPOCH,
    threadSecret: THREAD_SECRET,
    ...(await partOf(bodyOf(9))),
  };
  assert.deepEqual(await idOfPart({ ...part, recipients: [ELI.publicKey, DANA.publicKey] }), a.id);
  const others = [
    { recipients: [DANA.publicKey] },
    { recipients: [DANA.publicKey, ELI.publicKey], epoch: EPOCH + 1 },
    { recipients: [DANA.publicKey, ELI.publicKey], threadSecret: seedOf("another") },
  ];
  for (const other of others) assert.notDeepEqual(await idOfPart({ ...part, ...other }), a.id);
});

test("the id is derived as SPEC 7 says", async () => {
  const { header, body } = await partOf(bodyOf(3));
  const { id } = await seal(bodyOf(3), { recipients: [DANA.publicKey] });
  const plaintext = new Uint8Array(GEOMETRY.plaintext);
  plaintext.set(concat(u32(header.length), u32(3), header));
  plaintext.set(body, HEAD);
  const about = concat(u32(EPOCH), sha256(DANA.publicKey), sha256(plaintext));
  assert.deepEqual(id, derive(THREAD_SECRET, "box-id", about, 16));
});

test("a recipient's wrap stands in every slot sooner or later", async () => {
  const geometry = new Geometry(2 ** 18, 3);
  const info = wrapInfo(DROP_ID, EPOCH);
  const spares = Array.from({ length: 60 }, () => spareWrap(info));
  const seen = new Set();
  for (let i = 0; i < 30 && seen.size < 3; i++) {
    const { box } = await seal(bodyOf(1), { geometry, recipients: [DANA.publicKey], spareWraps: spares });
    const { wraps } = parseBox(box, geometry);
    seen.add(wraps.findIndex((wrapped) => opens(wrapped, info)));
  }
  assert.deepEqual([...seen].sort(), [0, 1, 2]);
});

function opens(wrapped, info) {
  try {
    return unwrap(wrapped, DANA.seed, info).length === 32;
  } catch {
    return false;
  }
}

test("spare wraps made ahead are used once each", async () => {
  const spareWraps = Array.from({ length: 3 }, () => spareWrap(wrapInfo(DROP_ID, EPOCH)));
  const [first] = spareWraps;
  const { box } = await seal(bodyOf(1), { recipients: [DANA.publicKey], spareWraps });
  assert.deepEqual(spareWraps, [first]);
  assert.ok(!parseBox(box, GEOMETRY).wraps.some((wrapped) => hex(wrapped) === hex(first)));
});

test("a reader named twice takes one slot", async () => {
  const once = await seal(bodyOf(1), { recipients: [DANA.publicKey] });
  const twice = await seal(bodyOf(1), { recipients: [DANA.publicKey, DANA.publicKey.slice()] });
  assert.deepEqual(twice.id, once.id);
});

test("CannotSeal: nobody, too many, too long, a week before the first", async () => {
  const four = ["Dana", "Eli", "Fay", "Gus"].map((name) => epochKey(name, EPOCH).publicKey);
  const bad = [{ recipients: [] }, { recipients: four }, { body: bodyOf(CAPACITY + 1) }, { geometry: null }];
  const headers = [{ header: new Uint8Array(2041).fill(0x20) }, { header: new Uint8Array(0) }];
  for (const changes of [...bad, ...headers]) {
    assert.equal(
      await refusal(() => seal(bodyOf(1), changes)),
      "CannotSeal",
      JSON.stringify(Object.keys(changes)),
    );
  }
});

test("BadRecipientKey: a malformed key stops before anything is sealed", async () => {
  const unreduced = DANA.publicKey.slice().fill(0xff, 0, 1152);
  assert.equal(await refusal(() => seal(bodyOf(1), { recipients: [unreduced] })), "BadRecipientKey");
});

test("NotABox: another length, prefix or slot count", async () => {
  const { id, box } = await seal(bodyOf(5));
  const prefix = box.slice();
  prefix[14] = 0x0d;
  const slots = box.slice();
  slots[15] = 2;
  for (const bad of [box.subarray(1), concat(box, Uint8Array.of(0)), prefix, slots, new Uint8Array(0)]) {
    assert.equal(await refusal(() => open({ id, box: bad })), "NotABox");
  }
});

test("NotForUs: other keys, weeks and drops, or a damaged wrap", async () => {
  const sealed = await seal(bodyOf(5));
  assert.equal(await refusal(() => open(sealed, { keys: [] })), "NotForUs");
  assert.equal(await refusal(() => open(sealed, { keys: [FAY.seed] })), "NotForUs");
  assert.equal(await refusal(() => open(sealed, { epoch: EPOCH + 1 })), "NotForUs");
  assert.equal(await refusal(() => open(sealed, { dropId: seedOf("another drop") })), "NotForUs");
  const box = sealed.box.slice();
  for (let slot = 0; slot < GEOMETRY.slots; slot++) box[16 + slot * 1168] ^= 1;
  assert.equal(await refusal(() => open({ ...sealed, box })), "NotForUs");
});

test("BoxDamaged: another id, a changed byte of the payload, salt or commitment, another's wrap", async () => {
  const sealed = await seal(bodyOf(5));
  assert.equal(await refusal(() => open({ ...sealed, id: sealed.id.slice().fill(0) })), "BoxDamaged");
  const { wrapsEnd, size } = GEOMETRY;
  for (const at of [wrapsEnd, wrapsEnd + 24, wrapsEnd + 56, size - 1]) {
    const box = sealed.box.slice();
    box[at] ^= 0x80;
    assert.equal(await refusal(() => open({ ...sealed, box })), "BoxDamaged", String(at));
  }
  const other = await seal(bodyOf(5));
  const mixed = concat(sealed.box.subarray(0, wrapsEnd), other.box.subarray(wrapsEnd));
  assert.equal(await refusal(() => open({ ...sealed, box: mixed })), "BoxDamaged");
});

test("BoxDamaged: a spare wrap swapped after sealing is noticed by everybody", async () => {
  const sealed = await seal(bodyOf(5), { recipients: [DANA.publicKey] });
  const info = wrapInfo(DROP_ID, EPOCH);
  const { wraps } = parseBox(sealed.box, GEOMETRY);
  const slot = wraps.findIndex((wrapped) => !opens(wrapped, info));
  const box = sealed.box.slice();
  box.set(spareWrap(info), 16 + slot * 1168);
  assert.equal(await refusal(() => open({ ...sealed, box })), "BoxDamaged");
});

test("a second, false key in a box for the same reader does not hide the true one", async () => {
  const info = wrapInfo(DROP_ID, EPOCH);
  const falseKey = hex(seedOf("false key"));
  const falseFirst = (box) => hex(unwrap(parseBox(box, GEOMETRY).wraps[0], DANA.seed, info)) === falseKey;
  let sealed;
  do {
    const spareWraps = Array.from({ length: 2 }, () => wrap(seedOf("false key"), DANA.publicKey, info));
    sealed = await seal(bodyOf(5), { recipients: [DANA.publicKey], spareWraps });
    // The order is random, and only a false wrap that is tried first can hide anything.
  } while (!falseFirst(sealed.box));
  assert.deepEqual((await open(sealed)).body, bodyOf(5));
});

test("MalformedHead: a header that is no head", async () => {
  const root = await leafHash(bodyOf(5));
  const changes = [
    { kind: "note" },
    { count: 0 },
    { index: 1 },
    { path: seedOf("a hash") },
    { kind: "letter" },
  ];
  for (const change of changes) {
    const { header } = await partOf(bodyOf(5), change);
    assert.equal(
      await refusal(async () => open(await seal(bodyOf(5), { header }))),
      "MalformedHead",
      Object.keys(change)[0],
    );
  }
  const header = new TextEncoder().encode('{"count": 1}');
  assert.equal(await refusal(async () => open(await seal(bodyOf(5), { header }))), "MalformedHead");
  const letter = encodeHead({
    kind: "letter",
    stream: letterStreamId(root, 1),
    root,
    index: 0,
    count: 1,
    path: new Uint8Array(0),
  });
  assert.equal((await open(await seal(bodyOf(5), { header: letter }))).head.kind, "letter");
});

test("ForeignPart: a body that its path does not lead to", async () => {
  const { header } = await partOf(bodyOf(5));
  assert.equal(await refusal(async () => open(await seal(bodyOf(6), { header }))), "ForeignPart");
});
