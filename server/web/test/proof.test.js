import assert from "node:assert/strict";
import test from "node:test";
import { concat, u32, u64, utf8 } from "../bytes.js";
import { label, sha256 } from "../kdf.js";
import { checkProof, solveProof } from "../proof.js";
import { EPOCH, refusal, seedOf } from "./make.js";

const ID = seedOf("box").slice(0, 16);

test("a solved proof passes, and is the first that does", () => {
  for (const difficulty of [0, 1, 7, 8, 9, 12]) {
    const nonce = solveProof("a permit", EPOCH, ID, difficulty);
    assert.ok(checkProof("a permit", EPOCH, ID, difficulty, nonce));
    for (let i = 0; i < Number(nonce); i++) {
      assert.ok(!checkProof("a permit", EPOCH, ID, difficulty, String(i)));
    }
  }
});

test("a proof is for one permit, one epoch and one box", () => {
  const nonce = solveProof("a permit", EPOCH, ID, 16);
  assert.ok(!checkProof("another", EPOCH, ID, 16, nonce));
  assert.ok(!checkProof("a permit", EPOCH + 1, ID, 16, nonce));
  assert.ok(!checkProof("a permit", EPOCH, seedOf("other").slice(0, 16), 16, nonce));
});

test("the hash is SPEC 11's", () => {
  const message = concat(label("knothole/1 proof"), sha256(utf8("p")), u32(EPOCH), ID, u64(2 ** 33 + 5));
  const bits = Math.clz32(new DataView(sha256(message).buffer).getUint32(0));
  assert.ok(checkProof("p", EPOCH, ID, bits, String(2 ** 33 + 5)));
  assert.ok(!checkProof("p", EPOCH, ID, bits + 1, String(2 ** 33 + 5)));
});

test("nonces have one spelling and 64 bits", () => {
  for (const nonce of [
    "",
    "-1",
    "01",
    "1.0",
    "1e3",
    " 1",
    "0x1",
    "18446744073709551616",
    "99999999999999999999",
  ]) {
    assert.ok(!checkProof("p", EPOCH, ID, 0, nonce), nonce);
  }
  assert.ok(checkProof("p", EPOCH, ID, 0, "18446744073709551615"));
});

test("a server cannot ask for work without end", async () => {
  for (const difficulty of [41, 256, -1, 1.5, Number.NaN, "8", undefined]) {
    assert.equal(await refusal(() => solveProof("p", EPOCH, ID, difficulty)), "KnotholeError");
  }
});
