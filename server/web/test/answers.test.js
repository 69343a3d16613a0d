// What a board's cards are told as: letters, the newsroom's newest word on each of the source's, and what was read.

import assert from "node:assert/strict";
import { test } from "node:test";
import { answersOf, readOf } from "../answers.js";
import { encode } from "../canonical.js";
import { isHurry } from "../leaving.js";
import { fromUtf8 } from "../bytes.js";
import { next } from "../ui-state.js";

const NAMES = new Map([
  ["d", "Dana"],
  ["l", "Lee"],
]);
const LETTER = "5f".repeat(32);
const reply = (sender, sequence, day, text = "x") => ({ kind: "reply", sender, sequence, day, text });

function word(sender, sequence, counts, { letter = LETTER, day = "2026-03-02" } = {}) {
  const value = { letter, day: "2026-03-01", boxes: 0, expected: 1, files: 0, of: 0, ...counts };
  const text = fromUtf8(encode({ ...value, type: "knothole/1 acknowledgement" }));
  return { kind: "acknowledgement", sender, sequence, day, text };
}

test("replies are letters with their sender's name, the newest first", () => {
  const { replies } = answersOf(
    [reply("l", 9, "2026-03-04"), reply("d", 4, "2026-03-05"), reply("d", 3, "2026-03-05")],
    NAMES,
  );
  assert.deepEqual(
    replies.map(({ name, sequence, day }) => [name, sequence, day]),
    [
      ["Dana", 4, "2026-03-05"],
      ["Dana", 3, "2026-03-05"],
      ["Lee", 9, "2026-03-04"],
    ],
  );
});

test("of each reader only the newest word on a letter counts, even from a desk whose clock went back", () => {
  const old = word("d", 7, { boxes: 3, expected: 12, of: 3 }, { day: "2026-03-09" });
  const now = word("d", 8, { boxes: 12, expected: 12, files: 3, of: 3 }, { day: "2026-03-02" });
  for (const cards of [
    [old, now],
    [now, old],
  ]) {
    // prettier-ignore
    const [{ whole, states }] = answersOf(cards, NAMES).letters;
    assert.deepEqual([whole, states.length, states[0].boxes, states[0].name], [true, 1, 12, "Dana"]);
  }
});

test("a letter is whole once one reader has all boxes and all files, and not by two halves", () => {
  const wholeOf = (...cards) => answersOf(cards, NAMES).letters.map(({ whole }) => whole);
  const half = { boxes: 6, expected: 12 };
  assert.deepEqual(wholeOf(word("d", 1, half), word("l", 1, half)), [false]);
  assert.deepEqual(wholeOf(word("d", 1, { boxes: 12, expected: 12, files: 2, of: 3 })), [false]);
  assert.deepEqual(wholeOf(word("d", 1, half), word("l", 1, { boxes: 12, expected: 12 })), [true]);
  assert.deepEqual(wholeOf(word("d", 1, { boxes: 0, expected: 0 })), [false]);
});

test("what is no acknowledgement says nothing, and stands in nobody's way", () => {
  const bad = { kind: "acknowledgement", sender: "d", sequence: 9, day: "2026-03-02", text: "{}" };
  assert.equal(answersOf([bad, word("d", 1, { boxes: 1 })], NAMES).letters.length, 1);
});

test("a letter names at most 256 replies as read, and the newest of them", () => {
  const cards = Array.from({ length: 300 }, (_, n) => reply("d", n, "2026-03-02"));
  const read = readOf(answersOf(cards, NAMES).replies);
  assert.equal(read.length, 256);
  assert.deepEqual([read[0], read.at(-1)], [{ sender: "d", sequence: 299 }, { sender: "d", sequence: 44 }]); // prettier-ignore
});

test("coming back has a way on and a way home from each of its states, and sends nothing by itself", () => {
  assert.equal(next("compose", "return"), "returning");
  assert.equal(next("returning", "back"), "compose");
  assert.equal(next("looking", "back"), "returning");
  assert.equal(next("looking", "found"), "answers");
  for (const state of ["returning", "answers"]) assert.equal(next(state, "more"), "loading");
  for (const state of ["done", "returning", "answers", "error"]) assert.equal(next(state, "look"), "looking");
  for (const state of ["returning", "looking", "answers"]) {
    for (const event of ["open", "confirm", "submit"]) assert.throws(() => next(state, event));
  }
});

test("leaving is possible from every state, and nothing follows it", () => {
  const states =
    "loading compose hashing codename checking sending done returning looking answers error".split(" ");
  for (const state of states) assert.equal(next(state, "leave"), "left");
  for (const event of ["leave", "ready", "reload", "open", "fail"]) assert.throws(() => next("left", event));
});

test("a hurry is three presses within two seconds, not three in an afternoon", () => {
  assert.ok(isHurry([0, 900, 2000]));
  assert.ok(isHurry([0, 60_000, 60_500, 61_000]));
  for (const times of [[], [5, 6], [0, 900, 2100], [0, 1, 9_000]]) assert.ok(!isHurry(times), String(times));
});
