// The page's rules: what may follow what, and what a person is told.

import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../bytes.js";
import { sha256 } from "../kdf.js";
import { missingAbilities, Problem, problemOf, wayOut } from "../problems.js";
import * as rules from "../ui-state.js";
import { aidFor, wordsState } from "../ui-returning.js";
import { LISTED } from "./listed.js";

const GOOD = "abacus abdomen abdominal abide abiding ability ablaze able";

test("nothing is sent from a state in which the codename was not confirmed", () => {
  assert.equal(rules.next("codename", "confirm"), "checking");
  assert.equal(rules.next("checking", "open"), "sending");
  for (const state of ["compose", "hashing", "codename"]) assert.throws(() => rules.next(state, "open"));
  for (const state of ["loading", "compose", "hashing", "checking", "sending", "done", "error"]) {
    assert.throws(() => rules.next(state, "confirm"));
  }
  assert.throws(() => rules.next("done", "reload"));
  assert.throws(() => rules.next("loading", "constructor"));
});

test("leaving warns while something would be lost, and lets a person flee from an empty form", () => {
  const empty = { message: " \n", files: [] };
  const held = (draft) => Object.keys(STATES).filter((state) => rules.holdsOn(state, { ...empty, ...draft }));
  const STATES = {
    loading: 0,
    compose: 0,
    hashing: 1,
    codename: 1,
    checking: 1,
    sending: 1,
    error: 0,
    done: 0,
    returning: 0,
    looking: 0,
    answers: 0,
  };
  const busy = Object.keys(STATES).filter((state) => STATES[state]);
  assert.deepEqual(held({}), busy);
  for (const draft of [{ message: "x" }, { files: [{}] }]) {
    assert.deepEqual(held(draft), Object.keys(STATES), JSON.stringify(draft));
  }
});

test("a draft for nobody or with nothing is named", () => {
  const draft = { message: "x", files: [], chosen: ["a"] };
  assert.equal(rules.lacking(draft), null);
  assert.equal(rules.lacking({ ...draft, message: "", files: [{}] }), null);
  assert.equal(rules.lacking({ ...draft, message: " \n" }), "compose.nothing");
  assert.equal(rules.lacking({ ...draft, chosen: [] }), "compose.nobody");
});

test("a reader who left is told and not chosen; a new one is chosen only beside all the others", () => {
  const readers = (ids) => [...ids].map((id) => ({ id }));
  const after = (before, now, chosen) => {
    const change = rules.readersAfter(readers(before), readers(now), new Set(chosen));
    return [[...change.chosen], ...[change.left, change.joined].map((list) => list.map(({ id }) => id))].map(
      (ids) => ids.join(""),
    );
  };
  assert.deepEqual(after("ab", "ab", "a"), ["a", "", ""]);
  assert.deepEqual(after("ab", "a", "ab"), ["a", "b", ""]);
  assert.deepEqual(after("ab", "a", "a"), ["a", "", ""]);
  assert.deepEqual(after("ab", "abc", "ab"), ["abc", "", "c"]);
  assert.deepEqual(after("ab", "abc", "a"), ["a", "", "c"]);
  assert.deepEqual(after("ab", "c", "b"), ["", "b", "c"]);
});

test("the two words asked for are of different halves, and all can be asked", () => {
  const seen = new Set();
  for (let i = 0; i < 4; i++) {
    const [first, second] = rules.askedWords(8, (n) => Math.min(i, n - 1));
    assert.ok(first >= 1 && first <= 4 && second >= 5 && second <= 8);
    seen.add(first).add(second);
  }
  assert.equal(seen.size, 8);
});

test("a wrong, an empty and a misplaced answer are wrong; case and spaces are not", () => {
  const words = GOOD.split(" ");
  const wrong = (entries) => rules.wrongAnswers(words, new Map(entries));
  assert.deepEqual(wrong([[1, " ABACUS "], [8, "able"]]), []); // prettier-ignore
  assert.deepEqual(wrong([[1, "1. abacus,"]]), []);
  assert.deepEqual(wrong([[1, ""], [8, "abacus"]]), [1, 8]); // prettier-ignore
  assert.deepEqual(wrong([[1, "abacus able"], [8, "8."]]), [1, 8]); // prettier-ignore
});

test("a codename copied with its numbers or commas is counted as its words", () => {
  for (const typed of [
    "1. zebra 2. absurd",
    "zebra, absurd,",
    "１．zebra；absurd。",
    "yo-yo  /  drop-down - ",
  ]) {
    assert.match(aidFor(typed, false, LISTED), /^2 words found.*eight/);
    assert.match(aidFor(typed, false, null), /^2 words found.*eight/);
  }
  assert.match(aidFor(`1) ${GOOD} 9) zebra`, false, LISTED), /^9 words found.*eight/);
  assert.equal(aidFor(" 1. ", true, LISTED), "");
});

test("eight listed words are not called the source's own", () => {
  assert.match(aidFor(GOOD, true, LISTED), /cannot know/);
});

test("the speed is known on a line that needs half a minute and more for a box", () => {
  for (const every of [20, 31, 40, 61, 120]) {
    const meter = new rules.Meter();
    let known = 0;
    for (let s = 0; s < 1200; s++) {
      meter.mark(s, Math.floor(s / every));
      const speed = meter.speed(s);
      if (speed === null) continue;
      known += 1;
      assert.ok(speed * every > 0.5 && speed * every < 1.1, `${speed * every} of the true speed`);
    }
    assert.ok(known >= 1200 - 2 * every - 2, `known ${known} of 1200 s with a box every ${every} s`);
  }
});

test("a mistyped word is named with its neighbours, and one still being typed is not", () => {
  assert.match(aidFor("abacus evidnet ", true, LISTED), /Word 2.*evident/);
  assert.match(aidFor("abacus evidnet", true, LISTED), /1|2 words/);
  assert.doesNotMatch(aidFor("abacus evidnet", true, LISTED), /Word 2/);
  assert.match(aidFor("abacus evidnet", false, LISTED), /Word 2/);
  assert.match(aidFor(GOOD, true, LISTED), /eight words/);
  assert.deepEqual(
    [wordsState(" ", LISTED), wordsState("abacus", LISTED), wordsState(GOOD, LISTED)],
    ["none", "bad", "good"],
  );
});

test("near words are one letter or one swap away, or begun alike", () => {
  const list = ["evident", "event", "elephant", "evidence"];
  assert.deepEqual(rules.nearWords("evidnet", list), ["evident"]);
  assert.deepEqual(rules.nearWords("evnt", list), ["event"]);
  assert.deepEqual(rules.nearWords("eevent", list), ["event"]);
  assert.deepEqual(rules.nearWords("evid", list), ["evident", "evidence"]);
  assert.deepEqual(rules.nearWords("zz", list), []);
});

test("of equal contents the first is kept, whatever the names", () => {
  const file = (name, size, text) => ({ name, size, root: sha256(utf8(text)) });
  const { kept, same } = rules.distinctFiles([file("a", 1, "x"), file("b", 1, "y"), file("c", 1, "x")]);
  assert.deepEqual([kept.map(({ name }) => name), same.map(({ name }) => name)], [["a", "b"], ["c"]]); // prettier-ignore
});

test("speed is of the last minute, and unknown after a pause", () => {
  const meter = new rules.Meter();
  for (let s = 0; s <= 100; s++) meter.mark(s, s <= 40 ? 0 : (s - 40) * 3);
  assert.ok(Math.abs(meter.speed(100) - 3) < 0.1);
  assert.ok(meter.speed(160) < 2);
  meter.reset();
  assert.equal(meter.speed(200), null);
  meter.mark(201, 180);
  meter.mark(204, 181);
  assert.equal(meter.speed(204), null);
});

test("the estimate is near what a letter and its files fill", () => {
  const capacity = 1_000_000;
  const estimate = (sizes) =>
    rules.estimateBoxes({ files: sizes.map((size) => ({ name: "n", size })), message: "m" }, capacity);
  assert.deepEqual([[], [10], [3_500_000], [600_000, 600_000]].map(estimate), [1, 1, 5, 2]);
});

test("altered lists raise an alarm with no way on; unknown failures say no more than their name", () => {
  for (const name of ["BadSignature", "WrongDrop", "BrokenChain", "MalformedRoster", "NotEnoughSignatures"]) {
    assert.equal(problemOf({ name }).kind, "altered");
  }
  assert.equal(wayOut("altered"), null);
  assert.equal(problemOf({ name: "RosterExpired" }).kind, "off");
  assert.equal(problemOf({ name: "RosterFromFuture" }).kind, "clock");
  assert.equal(problemOf({ name: "BadAnswer", status: 404, code: "no_roster" }).kind, "off");
  assert.equal(problemOf({ name: "RootFromFuture" }).kind, "clock");
  for (const status of [200, 403, 404, 511]) {
    assert.equal(problemOf({ name: "BadAnswer", status, code: null }).kind, "between");
  }
  for (const status of [500, 502, 503]) {
    assert.equal(problemOf({ name: "BadAnswer", status, code: null }).kind, "trouble");
  }
  assert.equal(problemOf(new Problem("epoch")).kind, "epoch");
  const unknown = problemOf(new TypeError("a secret in a text"));
  assert.deepEqual([unknown.kind, unknown.facts.detail], ["broken", "TypeError"]);
});

test("a browser without random numbers, BigInt or workers is told so", () => {
  assert.deepEqual(missingAbilities({}).length, 5);
  const able = { crypto, BigInt, fetch, AbortController, Blob, Worker: class {} };
  assert.deepEqual(missingAbilities(able), []);
  assert.deepEqual(missingAbilities({ ...able, crypto: undefined }), ["secure random numbers"]);
});
