import assert from "node:assert/strict";
import test from "node:test";
import { generateCodename, parseCodename, threadKeys } from "../codename.js";
import { sign, verifies } from "../ed25519.js";
import { refusal, seedOf } from "./make.js";
import { LISTED } from "./listed.js";

const WORDS = "abacus abdomen zoom zone yo-yo wreath able acid".split(" ");

test("a codename is eight words of the list, and never the same", () => {
  const seen = new Set();
  for (let i = 0; i < 200; i++) {
    const words = generateCodename(LISTED);
    assert.equal(words.length, 8);
    for (const word of words) assert.ok(LISTED.list.includes(word), word);
    assert.deepEqual(parseCodename(words.join(" "), LISTED), words);
    seen.add(words.join(" "));
  }
  assert.equal(seen.size, 200);
});

test("every eighth of the list is drawn from in every place", () => {
  const drawn = Array.from({ length: 8 }, () => new Set());
  for (let i = 0; i < 300; i++) {
    generateCodename(LISTED).forEach((word, place) => {
      drawn[place].add(Math.floor(LISTED.list.indexOf(word) / 972));
    });
  }
  for (const eighths of drawn) assert.equal(eighths.size, 8);
});

test("case and white space are forgiven", () => {
  assert.deepEqual(parseCodename(`\n\t ${WORDS.join(" \u00a0\u3000\r\n").toUpperCase()}  `, LISTED), WORDS);
});

const BAD = {
  nothing: "",
  "seven words": WORDS.slice(1).join(" "),
  "nine words": [...WORDS, "able"].join(" "),
  "an unlisted word": ["abacuss", ...WORDS.slice(1)].join(" "),
  commas: WORDS.join(", "),
  hyphens: WORDS.join("-"),
  "a capital that is not ASCII": WORDS.join(" ").replace("k", "\u212a").replace("abacus", "abacu\u017f"),
  "a zero-width space": WORDS.join(" ").replace(" ", "\u200b"),
};

for (const [flaw, text] of Object.entries(BAD)) {
  test(`refuses as BadCodename ${flaw}`, async () => {
    assert.equal(await refusal(() => parseCodename(text, LISTED)), "BadCodename");
  });
}

test("a refusal says which word is wrong and never what it was", () => {
  const text = [...WORDS.slice(0, 7), "secretword"].join(" ");
  assert.throws(
    () => parseCodename(text, LISTED),
    (error) => /Word 8 /.test(error.message) && !error.message.includes("secretword"),
  );
});

test("keys differ from each other, by drop and by word, and sign", () => {
  const all = [
    threadKeys(WORDS, seedOf("drop")),
    threadKeys(WORDS, seedOf("another drop")),
    threadKeys([...WORDS].reverse(), seedOf("drop")),
  ];
  const values = all.flatMap((keys) => Object.values(keys).map((key) => Buffer.from(key).toString("hex")));
  assert.equal(new Set(values).size, 12);
  const message = seedOf("message");
  assert.ok(verifies(sign(message, all[0].signSeed), message, all[0].thread));
  assert.ok(!verifies(sign(message, all[0].signSeed), message, all[1].thread));
});
