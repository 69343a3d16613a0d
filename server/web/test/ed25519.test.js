import assert from "node:assert/strict";
import test from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, equal, unhex } from "../bytes.js";
import { publicKeyOf, sign, verifies } from "../ed25519.js";
import { seedOf } from "./make.js";

const { Point } = ed25519;
const SEED = seedOf("signer");
const KEY = publicKeyOf(SEED);
const MESSAGE = seedOf("message");

// A point of order 8, and one of order 2.
const TORSION = Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
const MINUS_ONE = Point.fromHex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
const SMALL = [Point.ZERO, TORSION, TORSION.double(), MINUS_ONE].map((point) => point.toBytes());

const numberOf = (bytes) => Point.Fn.create(bytesToNumberLE(bytes));
const scalarOf = (r, key) => numberOf(sha512(concat(r, key, MESSAGE)));

// Signs with a chosen R, as the key's owner can: S = r + k * a for the R that the hash was told.
function signWith(rPoint, r, key = KEY) {
  const { scalar } = ed25519.utils.getExtendedPublicKey(SEED);
  const encoded = rPoint.toBytes();
  const s = Point.Fn.create(r + scalarOf(encoded, key) * scalar);
  return concat(encoded, Point.Fn.toBytes(s));
}

test("signatures verify, with RFC 8032's first test vector among them", () => {
  assert.ok(verifies(sign(MESSAGE, SEED), MESSAGE, KEY));
  const seed = unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const key = unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  assert.deepEqual(publicKeyOf(seed), key);
  const good = sign(new Uint8Array(0), seed);
  assert.ok(verifies(good, new Uint8Array(0), key));
  assert.equal(Buffer.from(good).toString("hex").slice(0, 16), "e5564300c360ac72");
});

test("a changed bit anywhere does not verify", () => {
  const good = sign(MESSAGE, SEED);
  for (let bit = 0; bit < 512; bit += 37) {
    const bad = good.slice();
    bad[bit >> 3] ^= 1 << (bit & 7);
    assert.ok(!verifies(bad, MESSAGE, KEY), String(bit));
  }
});

test("an R that is off by a point of small order does not verify, though the library would take it", () => {
  const r = 12345678901234567890n;
  assert.ok(verifies(signWith(Point.BASE.multiply(r), r), MESSAGE, KEY));
  const off = signWith(Point.BASE.multiply(r).add(TORSION), r);
  assert.ok(
    ed25519.verify(off, MESSAGE, KEY, { zip215: false }),
    "this test needs a library that multiplies by 8",
  );
  assert.ok(!verifies(off, MESSAGE, KEY));
});

test("an R of small order does not verify", () => {
  const forged = signWith(Point.ZERO, 0n);
  assert.ok(ed25519.verify(forged, MESSAGE, KEY, { zip215: false }));
  assert.ok(!verifies(forged, MESSAGE, KEY));
});

test("a key with a part of small order verifies by the exact equation only", () => {
  const key = Point.fromBytes(KEY).add(TORSION).toBytes();
  // S·B - k·A' is R less k times the torsion: exact when k is a multiple of 8.
  const signed = Array.from({ length: 64 }, (_, i) => {
    const r = BigInt(i + 2);
    const rPoint = Point.BASE.multiply(r);
    return { exact: scalarOf(rPoint.toBytes(), key) % 8n === 0n, signature: signWith(rPoint, r, key) };
  });
  assert.ok(signed.some(({ exact }) => exact) && signed.some(({ exact }) => !exact));
  for (const { exact, signature } of signed) assert.equal(verifies(signature, MESSAGE, key), exact);
});

test("small-order keys, unreduced encodings and unreduced S do not verify", () => {
  for (const key of SMALL) {
    for (const r of SMALL) assert.ok(!verifies(concat(r, new Uint8Array(32)), MESSAGE, key));
  }
  const good = sign(MESSAGE, SEED);
  const order = Point.Fn.ORDER;
  const s = bytesToNumberLE(good.subarray(32)) + order;
  const unreduced = Uint8Array.from({ length: 32 }, (_, i) => Number((s >> BigInt(8 * i)) & 255n));
  assert.ok(!verifies(concat(good.subarray(0, 32), unreduced), MESSAGE, KEY));
});

test("anything of another length is false, not an error", () => {
  const good = sign(MESSAGE, SEED);
  assert.ok(!verifies(good.subarray(1), MESSAGE, KEY));
  assert.ok(!verifies(concat(good, Uint8Array.of(0)), MESSAGE, KEY));
  assert.ok(!verifies(good, MESSAGE, KEY.subarray(1)));
  assert.ok(!verifies(new Uint8Array(0), MESSAGE, new Uint8Array(0)));
  assert.ok(equal(good, sign(MESSAGE, SEED)));
});
