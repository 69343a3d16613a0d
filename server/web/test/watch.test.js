// The watch over a sending: time and readers may change while it lasts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY, endOf, startOf } from "../epoch.js";
import { Watch } from "../watch.js";

const EPOCH = 3000;
const START = startOf(EPOCH) + DAY;
const key = (fill) => new Uint8Array(4).fill(fill);
const reader = (id, weekly = 1) => ({ id, name: id, epochs: new Map([[EPOCH, key(weekly)]]) });

function watching({
  expires = endOf(EPOCH) + 9 * DAY,
  root = expires + DAY,
  fresh = [reader("ann"), reader("bo")],
} = {}) {
  const lists = {
    roster: { recipients: [reader("ann"), reader("bo")], expires },
    chain: { current: { expires: root } },
  };
  const world = { now: START, loads: 0, fresh, fails: null };
  const load = async () => {
    world.loads += 1;
    if (world.fails) throw world.fails;
    const renewed = endOf(EPOCH) + 9 * DAY;
    return {
      roster: { recipients: world.fresh, expires: renewed },
      chain: { current: { expires: renewed } },
    };
  };
  const drop = { ...lists, epoch: EPOCH };
  world.watch = new Watch({ drop, chosen: [reader("ann")], load, clock: () => world.now });
  return world;
}

test("the lists are fetched about once an hour, once for all lanes", async () => {
  const world = watching();
  await world.watch.check();
  world.now += 3599;
  await world.watch.check();
  assert.equal(world.loads, 0);
  world.now += 1;
  await Promise.all([1, 2, 3, 4].map(() => world.watch.check()));
  assert.equal(world.loads, 1);
  await world.watch.check();
  assert.equal(world.loads, 1);
});

test("after a long pause they are fetched before the next box, after a short one not", async () => {
  const world = watching();
  world.now += 60;
  world.watch.resumed();
  await world.watch.check();
  assert.equal(world.loads, 0);
  world.now += 600;
  world.watch.resumed();
  await world.watch.check();
  assert.equal(world.loads, 1);
});

test("a clock that was turned back makes the lists old", async () => {
  const world = watching();
  world.now -= 60;
  await world.watch.check();
  assert.equal(world.loads, 1);
});

test("a chosen reader who left, lost the week's key or has another stops the sealing, by name", async () => {
  const away = { ...reader("ann"), epochs: new Map() };
  for (const fresh of [[reader("bo")], [away, reader("bo")], [reader("ann", 2), reader("bo")]]) {
    const world = watching({ fresh });
    world.now += 3600;
    await assert.rejects(world.watch.check(), { kind: "readers", facts: { gone: ["ann"] } });
    await assert.rejects(world.watch.check(), { kind: "readers" });
  }
});

test("a renewed list with the same readers goes on, and so does one that only others left", async () => {
  for (const fresh of [
    [reader("ann"), reader("bo")],
    [reader("ann"), reader("new")],
  ]) {
    const world = watching({ fresh });
    world.now += 3600;
    await world.watch.check();
  }
});

test("when roster or root ran out, only a renewed list lets the sealing go on", async () => {
  const short = START + 500;
  for (const limits of [{ expires: short }, { root: short }]) {
    const world = watching(limits);
    world.now = short - 1;
    await world.watch.check();
    assert.equal(world.loads, 0);
    world.now = short;
    world.fails = Object.assign(new Error(), { name: "RosterExpired" });
    await assert.rejects(world.watch.check(), { name: "RosterExpired" });
    world.fails = null;
    await world.watch.check();
    assert.equal(world.loads, 2);
  }
});

test("a day after its week nothing more is sealed for it", async () => {
  const world = watching();
  world.now = endOf(EPOCH) + DAY - 1;
  await world.watch.check();
  world.now += 1;
  await assert.rejects(world.watch.check(), { kind: "epoch" });
});
