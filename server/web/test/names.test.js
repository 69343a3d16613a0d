import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { utf8 } from "../bytes.js";
import { checkDistinct, checkName, cleanName, foldName } from "../names.js";
import { refusal } from "./make.js";

const clean = (name, taken = new Set()) => cleanName(name, taken);

const CLEANED = {
  "photo.jpg": "photo.jpg",
  "../../etc/passwd": ".._.._etc_passwd",
  "C:\\secret.doc": "C:_secret.doc",
  "a\u0000b\nc": "a_b_c",
  "gpj.\u202etxe": "gpj._txe",
  "a\ud800b": "a_b",
  "e\u0301.txt": "\u00e9.txt",
  " padded .txt ": "padded .txt",
  "": "file",
  " ": "file",
  ".": "file",
  "..": "file",
  "日本語.pdf": "日本語.pdf",
  "\u{1f600}.png": "\u{1f600}.png",
};

for (const [name, expected] of Object.entries(CLEANED)) {
  test(`cleans ${JSON.stringify(name)}`, () => assert.equal(clean(name), expected));
}

test("a taken name gets a number before its extension", () => {
  const taken = new Set();
  const names = ["a.tar.gz", "a.tar.gz", "A.TAR.GZ", ".profile", ".profile", "no extension", "no extension"];
  assert.deepEqual(
    names.map((name) => cleanName(name, taken)),
    [
      "a.tar.gz",
      "a.tar (2).gz",
      "A.TAR (3).GZ",
      ".profile",
      ".profile (2)",
      "no extension",
      "no extension (2)",
    ],
  );
});

test("long names are cut at a character, with their extension and number", () => {
  const long = `${"é".repeat(200)}.jpeg`;
  const taken = new Set();
  const [one, two] = [cleanName(long, taken), cleanName(long, taken)];
  assert.match(one, /^é+\.jpeg$/);
  assert.match(two, /^é+ \(2\)\.jpeg$/);
  for (const name of [one, two]) assert.ok(utf8(name).length >= 253 && utf8(name).length <= 255, name);
  assert.equal(utf8(clean("a".repeat(300))).length, 255);
  assert.equal(utf8(clean(`a.${"b".repeat(300)}`)).length, 255);
});

test("whatever a file is called, its cleaned name passes and is new", () => {
  const odd = fc.constantFrom(
    "/",
    "\\",
    ".",
    " ",
    "\u202e",
    "\u0000",
    "\ud800",
    "e",
    "\u0301",
    "A",
    "a",
    "日",
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(odd).map((l) => l.join("")),
        ),
      ),
      (names) => {
        const taken = new Set();
        const cleaned = names.map((name) => cleanName(name, taken));
        for (const name of cleaned) checkName(name);
        checkDistinct(cleaned);
      },
    ),
  );
});

const BAD = [
  "",
  ".",
  "..",
  "a/b",
  "a\\b",
  "a\u0000",
  "a\u0085",
  "a\u202eb",
  "a\u2028b",
  "a\u061cb",
  "\ud800",
  "é".repeat(128),
  7,
  null,
];
for (const name of BAD) {
  test(`refuses as BadFileName ${JSON.stringify(name)}`, async () => {
    assert.equal(await refusal(() => checkName(name)), "BadFileName");
  });
}

test("names that the limits allow pass", () => {
  for (const name of ["a", "...", " ", "a ", "a".repeat(255), "e\u0301", "\u00a0"])
    assert.equal(checkName(name), name);
});

test("names are compared in NFC and without ASCII case", async () => {
  for (const pair of [
    ["a", "A"],
    ["e\u0301", "\u00e9"],
    ["É", "E\u0301"],
  ]) {
    assert.equal(await refusal(() => checkDistinct(pair)), "BadFileName", pair.join());
  }
  checkDistinct(["\u00e9", "\u00c9", "k", "\u017f"]);
  assert.equal(foldName("\u212a"), "k", "the Kelvin sign is K in NFC");
});
