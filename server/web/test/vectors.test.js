// The vectors of keys/vectors/ against the page's modules: the same files that the Python implementation is held to.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { KnotholeError } from "../errors.js";
import { VECTORS } from "./recipes.js";
import { ELSEWHERE, KINDS } from "./vector-kinds.js";

const ALL = readdirSync(VECTORS)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(new URL(name, VECTORS), "ascii")));
const MINE = ALL.filter(({ kind }) => !ELSEWHERE.includes(kind));

for (const { name, kind, given, expect } of MINE) {
  test(name, async () => {
    const run = KINDS[kind];
    assert.ok(run, `nobody here knows vectors of the kind ${kind}`);
    if (!expect.refused) {
      assert.deepEqual(await run(given), expect);
      return;
    }
    const refusal = await refusalOf(() => run(given));
    assert.ok(refusal instanceof KnotholeError, `${expect.refused} was due, ${refusal} came`);
    assert.equal(refusal.name, expect.refused);
    assert.match(refusal.message, /^[^\n]+\.$/);
  });
}

async function refusalOf(run) {
  try {
    await run();
  } catch (error) {
    return error;
  }
  return null;
}

test("every kind here has vectors, and most of them must fail", () => {
  assert.deepEqual(Object.keys(KINDS).sort(), [...new Set(MINE.map(({ kind }) => kind))].sort());
  const nothing = ({ refused, cards, acknowledgement }) =>
    refused || cards?.length === 0 || acknowledgement === null;
  const refused = MINE.filter(({ expect }) => nothing(expect)).length;
  assert.ok(MINE.length >= 40 && refused >= 3 * (MINE.length - refused));
});
