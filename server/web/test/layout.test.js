import assert from "node:assert/strict";
import test from "node:test";
import { Geometry, HEAD, layPlaintext, readPlaintext } from "../box.js";
import { u32, utf8 } from "../bytes.js";
import { refusal } from "./make.js";

const GEOMETRY = new Geometry(2 ** 18, 1);
const HEADER = utf8("{}");

function laid(change) {
  const plaintext = layPlaintext(HEADER, Uint8Array.of(1, 2, 3), GEOMETRY);
  change(plaintext);
  return refusal(() => readPlaintext(plaintext, GEOMETRY));
}

test("header and body come back from a plaintext", () => {
  const { header, body } = readPlaintext(layPlaintext(HEADER, Uint8Array.of(0, 0), GEOMETRY), GEOMETRY);
  assert.deepEqual([header, body], [HEADER, Uint8Array.of(0, 0)]);
});

const FLAWS = {
  "a header of no bytes": (p) => p.set(u32(0), 0),
  "a header of 2041 bytes": (p) => p.set(u32(2041), 0),
  "a header of 4 GiB": (p) => p.set(u32(0xffffffff), 0),
  "a body over the capacity": (p) => p.set(u32(GEOMETRY.capacity + 1), 4),
  "a body of 4 GiB": (p) => p.set(u32(0xffffffff), 4),
  "a byte right after the header": (p) => p.fill(1, 10, 11),
  "a byte right before the body": (p) => p.fill(1, HEAD - 1, HEAD),
  "a byte right after the body": (p) => p.fill(1, HEAD + 3, HEAD + 4),
  "a byte at the very end": (p) => p.fill(1, p.length - 1),
  "a body shorter than its bytes": (p) => p.set(u32(2), 4),
};

for (const [flaw, change] of Object.entries(FLAWS)) {
  test(`refuses as MalformedHead ${flaw}`, async () => {
    assert.equal(await laid(change), "MalformedHead");
  });
}

test("the longest header and body pass", () => {
  const header = new Uint8Array(2040).fill(0x20);
  const body = new Uint8Array(GEOMETRY.capacity).fill(7);
  const read = readPlaintext(layPlaintext(header, body, GEOMETRY), GEOMETRY);
  assert.deepEqual(read, { header, body });
});
