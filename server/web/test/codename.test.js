import assert from "node:assert/strict";
import test from "node:test";
import { generateCodename, parseCodename, threadKeys, typedWords } from "../codename.js";
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

const numbered = (mark) => WORDS.map((word, i) => mark(i + 1) + word);

const FORGIVEN = {
  "case and white space": `\n\t ${WORDS.join(" \u00a0\u3000\r\n").toUpperCase()}  `,
  commas: WORDS.join(", "),
  "commas without spaces, and a full stop": `${WORDS.join(",")}.`,
  "semicolons, slashes, bars, underscores": WORDS.map((word, i) => word + ";/|_"[i % 4]).join(""),
  "numbers with full stops": numbered((n) => `${n}. `).join(" "),
  "numbers with brackets, without a space": numbered((n) => `${n})`).join(" "),
  "full-width digits": numbered((n) => `${String.fromCodePoint(0xff10 + n)}．`).join("　"),
  "Arabic and Persian digits": numbered((n) => `${String.fromCodePoint((n % 2 ? 0x660 : 0x6f0) + n)}- `).join(
    "\n",
  ),
  "Chinese and Arabic punctuation": WORDS.map((word, i) => word + "、，。；،؛"[i % 6]).join(""),
  "a list with hyphens": numbered(() => "- ").join("\n"),
  "quotation marks": `“${WORDS.join("” ‘")}’`,
  "zero-width spaces": WORDS.join("\u200b"),
};

for (const [what, text] of Object.entries(FORGIVEN)) {
  test(`forgives ${what}`, () => assert.deepEqual(parseCodename(text, LISTED), WORDS));
}

test("a hyphen within a word stays, and one between two words makes them one that is not listed", () => {
  assert.deepEqual(typedWords("Yo-Yo, t-shirt; drop-down."), ["yo-yo", "t-shirt", "drop-down"]);
  assert.deepEqual(typedWords("abacus-zoom -acid- a--b"), ["abacus-zoom", "acid", "a", "b"]);
});

test("says how many words there are when there are not eight", () => {
  for (const [n, words] of [
    [7, WORDS.slice(1)],
    [9, [...WORDS, "able"]],
    [0, ["1.", "2.", "３"]],
  ]) {
    assert.throws(() => parseCodename(words.join(", "), LISTED), new RegExp(`There are ${n} words.* eight`));
  }
});

const BAD = {
  nothing: "",
  "seven words": WORDS.slice(1).join(" "),
  "nine words": [...WORDS, "able"].join(" "),
  "an unlisted word": ["abacuss", ...WORDS.slice(1)].join(" "),
  hyphens: WORDS.join("-"),
  "a capital that is not ASCII": WORDS.join(" ").replace("k", "\u212a").replace("abacus", "abacu\u017f"),
  "full-width letters": WORDS.join(" ").replace("abacus", "ａｂａｃｕｓ"),
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
