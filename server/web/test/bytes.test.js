import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import * as bytes from "../bytes.js";
import * as errors from "../errors.js";
import { randomBelow, shuffled } from "../random.js";

test("hex and base64 come back as they went", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (value) => {
      assert.deepEqual(bytes.unhex(bytes.hex(value)), value);
      assert.deepEqual(bytes.unbase64(bytes.base64(value)), value);
      assert.equal(bytes.base64(value), Buffer.from(value).toString("base64"));
    }),
  );
});

test("hex has one spelling", () => {
  for (const text of ["0", "0g", "AB", " ab", "ab ", "ab\n", "0x"]) {
    assert.throws(() => bytes.unhex(text), errors.KnotholeError, text);
  }
  assert.throws(() => bytes.unhex("abcd", 1), errors.KnotholeError);
});

test("base64 that atob forgives is refused", () => {
  for (const text of ["YQ", "YQ=", "YR==", "YQ==\n", " YQ==", "YQ= =", "Y-==", "Y_==", "====", "Y"]) {
    assert.equal(bytes.unbase64(text), null, text);
  }
});

test("lone surrogates, overlong forms and BOMs do not pass as UTF-8", () => {
  assert.throws(() => bytes.utf8("a\ud800"), errors.KnotholeError);
  assert.throws(() => bytes.fromUtf8(Uint8Array.of(0xc0, 0x80)), errors.KnotholeError);
  assert.throws(() => bytes.fromUtf8(Uint8Array.of(0xed, 0xa0, 0x80)), errors.KnotholeError);
  assert.equal(bytes.fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), "\ufeffa");
});

test("integers are big-endian and never wrap", () => {
  assert.deepEqual(bytes.u32(0x01020304), Uint8Array.of(1, 2, 3, 4));
  assert.equal(bytes.readU32(Uint8Array.of(9, 1, 2, 3, 4).subarray(1)), 0x01020304);
  assert.deepEqual(bytes.u64(2 ** 40 + 1), Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 1));
  for (const value of [-1, 2 ** 32, 1.5, Number.NaN])
    assert.throws(() => bytes.u32(value), errors.KnotholeError);
  for (const value of [-1n, 2n ** 64n]) assert.throws(() => bytes.u64(value), errors.KnotholeError);
});

test("compare orders bytes as a dictionary does", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      assert.equal(Math.sign(bytes.compare(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.equal(bytes.equal(a, b), Buffer.from(a).equals(Buffer.from(b)));
    }),
  );
});

test("every refusal carries its own name and a sentence", () => {
  for (const [name, Refusal] of Object.entries(errors)) {
    const error = new Refusal(name === "KnotholeError" ? "A sentence." : undefined);
    assert.equal(error.name, name);
    assert.ok(error instanceof errors.KnotholeError);
    assert.match(error.message, /^[A-Z].*\.$/);
  }
});

test("random numbers reach every value, evenly enough", () => {
  const seen = new Array(6).fill(0);
  for (let i = 0; i < 6000; i++) seen[randomBelow(6)]++;
  // Ten standard deviations: false alarms are out of the question, a lost or doubled value is not.
  for (const count of seen) assert.ok(Math.abs(count - 1000) < 290, String(seen));
});

test("random numbers from an incomplete run are drawn again", (t) => {
  const words = [0xffffffff, 0xfffffffe, 7];
  t.mock.method(crypto, "getRandomValues", (array) => {
    array[0] = words.shift();
    return array;
  });
  // 2^32 = 6 * 715827882 + 4: the last four values would favour 0 to 3.
  assert.equal(randomBelow(6), 1);
  assert.equal(words.length, 0);
});

test("a shuffle keeps all items and reaches all orders", () => {
  const orders = new Set();
  for (let i = 0; i < 400; i++) orders.add(shuffled(["a", "b", "c"]).join(""));
  assert.deepEqual([...orders].sort(), ["abc", "acb", "bac", "bca", "cab", "cba"]);
});
