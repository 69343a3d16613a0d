import assert from "node:assert/strict";
import test from "node:test";
import { BadAnswer, Unreachable } from "../api.js";
import { WordList } from "../words.js";
import { WORDS_FILE } from "./listed.js";

// A server that gives what `answers` hold, one after the other; errors are thrown.
function serving(...answers) {
  const asked = [];
  const words = async () => {
    asked.push(1);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { wordList: new WordList({ words }), asked };
}

test("the list is fetched when it is first wanted, once", async () => {
  const { wordList, asked } = serving(WORDS_FILE);
  assert.deepEqual([wordList.here, asked.length], [null, 0]);
  const first = await wordList.get();
  assert.equal(await wordList.get(), first);
  assert.deepEqual([wordList.here, asked.length], [first, 1]);
  assert.deepEqual([first.list.length, first.known.size, first.list[0]], [7776, 7776, "abacus"]);
});

const edited = WORDS_FILE.slice();
edited[0] ^= 1;
const OTHERS = {
  "one letter changed": edited,
  "a word less": WORDS_FILE.subarray(7),
  "a byte behind": new Uint8Array([...WORDS_FILE, 10]),
  nothing: new Uint8Array(),
};

for (const [flaw, bytes] of Object.entries(OTHERS)) {
  test(`another list is an alarm and no codename comes of it: ${flaw}`, async () => {
    const { wordList } = serving(bytes);
    await assert.rejects(wordList.get(), { name: "Problem", kind: "altered" });
    assert.equal(wordList.here, null);
  });
}

test("a server that fails for a moment is asked again, and one that has no list is told from a drop that is off", async () => {
  const { wordList, asked } = serving(new Unreachable(), WORDS_FILE);
  assert.equal((await wordList.get()).list.length, 7776);
  assert.equal(asked.length, 2);
  const without = serving(new BadAnswer(404, { error: "not_found" }));
  await assert.rejects(without.wordList.get(), { name: "Problem", kind: "refused" });
});
