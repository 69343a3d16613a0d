// The first pass, and what is refused before anything is sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readPermit } from "../api.js";
import { threadKeys } from "../codename.js";
import { leafHash, MerkleTree } from "../merkle.js";
import { prepare } from "../prepare.js";
import { utf8 } from "../bytes.js";

const CODENAME = "abacus abdomen abdominal abide abiding ability ablaze able".split(" ");
const DROP = new Uint8Array(32);

async function prepared(file) {
  const bytes = utf8("as it was");
  const tree = new MerkleTree([await leafHash(bytes)]);
  const hashed = [
    { key: 7, name: "a.txt", type: "", size: bytes.length, file, tree, leaves: [], root: tree.root },
  ];
  return prepare({
    dropId: DROP,
    keys: threadKeys(CODENAME, DROP),
    draft: { message: "", language: "" },
    read: [],
    hashed,
    recipients: ["0123456789abcdef"],
    rosterHash: DROP,
    day: "2026-03-02",
    capacity: 100_000,
  });
}

test("a file that changed, shrank or vanished after it was read is named", async () => {
  const holding = (text) => ({ arrayBuffer: async () => utf8(text).buffer });
  assert.equal((await prepared(holding("as it was"))).parts.length, 1);
  const gone = { arrayBuffer: () => Promise.reject(new Error("NotReadableError")) };
  for (const file of [holding("as it is!"), holding("as it"), holding(""), gone]) {
    await assert.rejects(prepared(file), { name: "FileChanged", facts: { fileKey: 7 } });
  }
});

test("a permit that asks for too much work, or is none, is told as such", () => {
  assert.deepEqual(readPermit({ permit: "p", difficulty: 26 }), { permit: "p", difficulty: 26 });
  const bad = [27, -1, 1.5, "3", null].map((difficulty) => ({ permit: "p", difficulty }));
  for (const body of [...bad, { permit: "a b", difficulty: 0 }, { difficulty: 0 }, null]) {
    assert.throws(() => readPermit(body), { kind: "permit" }, JSON.stringify(body));
  }
});
