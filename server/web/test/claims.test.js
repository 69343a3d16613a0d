// What the page says of its success: the server's word is told as the server's word, and nobody's receipt is claimed.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { t } from "../strings.js";

const READERS = "Dana and Lee";
const source = await readFile(new URL("../strings.js", import.meta.url), "utf8");
const keys = [...source.matchAll(/^ {2}"((?:done|sending)\.[a-z0-9.]+)":/gm)].map(([, key]) => key);
const said = keys.flatMap((key) => [1, 2].map((n) => [key, t(key, { n, readers: READERS })]));

// "Only they can open it" and "whether they have it is unknown" claim nothing.
const RECEIPT = new RegExp(
  `\\b(newsroom|journalists?|readers?|they|${READERS})( now| already)? (has|have|got|received|reads?|opened)\\b`,
  "i",
);
const UNKNOWN = /more than this page can know|cannot tell you whether/;

test("no text of sending or success says that a person has received anything", () => {
  assert.ok(keys.length > 30, "the texts were not found");
  for (const [key, text] of said) {
    for (const sentence of text.split(/(?<=\.) /)) {
      assert.ok(!RECEIPT.test(sentence) || UNKNOWN.test(sentence), `${key}: ${sentence}`);
    }
    assert.doesNotMatch(text, /\b(delivered|received|arrived|reached|succeeded)\b/i, key);
  }
});

test("that something is stored is what the server says, and what nobody knows is said", () => {
  for (const [key, text] of said.filter(([key]) => /^(done\.title|done\.known|sending\.count)$/.test(key))) {
    assert.match(text, /server says|it says/, key);
  }
  assert.match(t("done.unknown"), UNKNOWN);
});
