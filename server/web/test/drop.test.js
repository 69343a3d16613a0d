// The drop's lists: what a server may not change between two looks, and what only looks like it did.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ended, loadLists, unsealable } from "../drop.js";
import { DAY, endOf, startOf } from "../epoch.js";
import { concat } from "../bytes.js";
import * as make from "./make.js";

const { ADMINS, EPOCH, NOW, nextRootValue, rootValue, rosterValue, signedNote, textHash } = make;
const FIRST = rootValue();
const DROP = textHash(FIRST);
const SECOND = nextRootValue(FIRST, FIRST);
const OTHER = nextRootValue(FIRST, FIRST, { issued: SECOND.issued + 1 });
const chainOf = (...values) => concat(...values.map((value) => signedNote(value, ADMINS)));
const rosterOf = (changes) => signedNote(rosterValue(DROP, changes), ADMINS.slice(0, 2));

/** A server that answers one pair of lists after another; the last one for good. */
function serving(...pairs) {
  let at = 0;
  const asked = { fetches: 0 };
  const api = {
    roots: async () => pairs[Math.min(at, pairs.length - 1)][0],
    roster: async () => {
      asked.fetches += 1;
      return pairs[Math.min(at++, pairs.length - 1)][1];
    },
  };
  return { asked, load: (known, more) => loadLists({ api, dropId: DROP, now: NOW, known, ...more }) };
}

const OLD = [chainOf(FIRST), rosterOf()];
const NEW = [chainOf(FIRST, SECOND), rosterOf({ root_version: 2 })];

test("a publication between two fetches is fetched again, whichever list was the newer", async () => {
  for (const torn of [
    [OLD[0], NEW[1]],
    [NEW[0], OLD[1]],
  ]) {
    const { load, asked } = serving(torn, NEW);
    assert.equal((await load()).roster.version, 1);
    assert.equal(asked.fetches, 2);
  }
});

test("lists that never fit are refused, and not asked for without end", async () => {
  const { load, asked } = serving([OLD[0], NEW[1]]);
  await assert.rejects(load(), { name: "MalformedRoster" });
  assert.equal(asked.fetches, 3);
});

test("a chain that does not begin with the roots known before is broken", async () => {
  const known = await serving(NEW).load();
  assert.equal((await serving(NEW).load(known)).chain.roots.length, 2);
  await assert.rejects(serving(OLD).load(known), { name: "BrokenChain" });
  const forked = [chainOf(FIRST, OTHER), NEW[1]];
  await assert.rejects(serving(forked).load(known), { name: "BrokenChain" });
});

test("a roster or a root that ran out within the week is not a new week", () => {
  const far = startOf(3000) + 900;
  const drop = (roster, root) => ({
    epoch: 3000,
    roster: { expires: roster },
    chain: { current: { expires: root } },
  });
  const until = startOf(3000) + 500;
  for (const one of [drop(until, far), drop(far, until)]) {
    assert.equal(ended(one, until - 1), null);
    assert.equal(ended(one, until), "off");
    assert.equal(ended(one, endOf(3000)), "epoch");
  }
});

test("lists that ran out still say who signed an answer, to whoever asks for no more; nothing else is let through", async () => {
  const late = { now: NOW + 400 * DAY };
  await assert.rejects(serving(OLD).load(undefined, late), { name: "RootExpired" });
  await assert.rejects(serving(OLD).load(undefined, { now: NOW + 20 * DAY }), { name: "RosterExpired" });
  const { roster } = await serving(OLD).load(undefined, { ...late, lapsed: true });
  assert.equal(roster.version, 1);
  const forged = signedNote(rosterValue(DROP), ADMINS.slice(0, 1));
  await assert.rejects(serving([OLD[0], forged]).load(undefined, { ...late, lapsed: true }), {
    name: "NotEnoughSignatures",
  });
  const known = await serving(NEW).load();
  await assert.rejects(serving(OLD).load(known, { ...late, lapsed: true }), { name: "BrokenChain" });
});

test("boxes of a week may be sealed in it and for a day after, and never before", () => {
  const at = (now) => unsealable(EPOCH, now);
  assert.equal(at(startOf(EPOCH)), null);
  assert.equal(at(endOf(EPOCH) + DAY - 1), null);
  assert.equal(at(endOf(EPOCH) + DAY), "epoch");
  assert.equal(at(startOf(EPOCH) - 1), "clock");
});
