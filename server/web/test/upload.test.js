// Sending: never loses its place, never gives a box up, never shows more than the server said.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, BadAnswer, Slow, Unreachable } from "../api.js";
import { hex } from "../bytes.js";
import { backoff, Gate } from "../gate.js";
import { Line } from "../line.js";
import { Problem } from "../problems.js";
import { Upload } from "../upload.js";

const WEEKS = { sealing: { epoch: 9 }, earlier: { epoch: 8 } };

function partsOf(files) {
  const part = (kind, n) => ({ kind, size: 10, source: { n }, header: () => n });
  return [part("letter", 0), ...Array.from({ length: files }, (_, i) => part("file", i + 1))];
}

const idOf = (n, epoch) => Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? n : i === 1 ? epoch : 7));

/** A server in memory; `faults` are thrown, one a PUT, before it works. */
function world({ files = 5, faults = [], stored = [], difficulty = 0, check = async () => {} } = {}) {
  const log = [];
  let flying = 0;
  const state = { most: 0, flights: [], log, kept: new Set(stored), seen: [] };
  const api = {
    permit: async () => ({ permit: `p${log.length}`, difficulty }),
    missing: async (epoch, ids) => {
      log.push(`missing ${epoch} ${ids.length}`);
      return ids.map((id) => !state.kept.has(hex(id)));
    },
    put: async ({ id, permit, proof, signal }) => {
      log.push(`put ${id[0]} ${permit === "fresh" ? "fresh" : ""}${proof === "0" ? "" : "worked"}`.trim());
      flying += 1;
      state.most = Math.max(state.most, flying);
      state.flights.push(flying);
      await new Promise((resolve) => setTimeout(resolve, 1));
      flying -= 1;
      if (signal.aborted) throw new Unreachable();
      const fault = faults.shift();
      if (fault) throw fault;
      state.kept.add(hex(id));
    },
  };
  const pool = {
    run: async (op, job) => {
      if (op === "ids") return [idOf(job.header, 9), idOf(job.header, 8)];
      if (op === "seal") return { id: idOf(job.header, 9), box: new Uint8Array(4) };
      return "42";
    },
  };
  const upload = new Upload({
    api,
    pool,
    parts: partsOf(files),
    weeks: WEEKS,
    watch: { check, resumed() {} },
    changed: (view) => state.seen.push([view.stored, view.waiting]),
  });
  // Patience is tested by itself; here nobody waits.
  upload.gate.sleep = async () => {};
  return { upload, state };
}

test("the letter is stored before the first file, and at most four boxes are in the air", async () => {
  const { upload, state } = world({ files: 30 });
  await upload.run();
  assert.equal(state.log.filter((line) => line.startsWith("put")).length, 31);
  assert.deepEqual(state.log.slice(0, 3), ["missing 9 1", "missing 8 1", "put 0"]);
  assert.ok(state.most <= 4);
  assert.deepEqual([upload.stored, upload.sent, upload.bytes], [31, 31, 310]);
});

test("what the server has, in this epoch or the one before, is not sent again, and not called sent", async () => {
  const { upload, state } = world({ stored: [hex(idOf(2, 9)), hex(idOf(3, 8))] });
  await upload.run();
  const sent = state.log.filter((line) => line.startsWith("put")).map((line) => line.slice(4));
  assert.deepEqual(sent.sort(), ["0", "1", "4", "5"]);
  assert.deepEqual([upload.stored, upload.sent], [6, 4]);
});

test("no fault that waiting mends costs a box: network, 5xx, busy, full, a permit too old", async () => {
  const permit = { permit: "fresh", difficulty: 0 };
  const faults = [
    new Unreachable(),
    new BadAnswer(500, null),
    new BadAnswer(503, { error: "busy" }),
    new BadAnswer(503, { error: "store" }),
    new BadAnswer(507, { error: "no_room" }),
    new BadAnswer(502, null),
    new BadAnswer(429, { error: "permit", ...permit }),
  ];
  const { upload, state } = world({ faults });
  await upload.run();
  assert.equal(state.kept.size, 6);
  assert.equal(upload.stored, 6);
  assert.ok(state.log.some((line) => line.endsWith("fresh")));
  assert.ok(
    ["unreachable", "server", "busy", "full"].every((why) => state.seen.some(([, now]) => now === why)),
  );
  assert.equal(upload.waiting, null);
});

test("a refusal that waiting does not mend stops all lanes and keeps what was counted", async () => {
  for (const [fault, kind] of [
    [new BadAnswer(503, { error: "sealing_off" }), "off"],
    [new BadAnswer(409, { error: "epoch" }), "notopen"],
    [new BadAnswer(400, { error: "NotABox" }), "refused"],
    [new BadAnswer(413, { error: "too_long" }), "refused"],
  ]) {
    const { upload, state } = world({ files: 20, faults: [null, fault] });
    await assert.rejects(upload.run(), { kind });
    assert.ok(upload.gate.stopped);
    await new Promise((resolve) => setTimeout(resolve, 20));
    // The letter, and the four that were in the air: what failed was not followed by another.
    assert.ok(state.log.filter((line) => line.startsWith("put")).length <= 5);
    assert.ok(upload.stored <= state.kept.size);
  }
});

test("a slow line carries one box at a time, and more again as boxes get through", async () => {
  const faults = [null, new Slow(), new Slow(), new Slow(), new Slow()];
  const { upload, state } = world({ files: 12, faults });
  await upload.run();
  assert.equal(upload.stored, 13);
  assert.ok(state.seen.some(([, waiting]) => waiting === "slow"));
  // The letter alone, four that stood still, then one, then one more with each that was stored.
  assert.deepEqual(state.flights.slice(0, 5), [1, 1, 2, 3, 4]);
  assert.equal(state.flights[5], 1);
  assert.equal(state.flights.at(-1) > 1, true);
});

test("patience grows with what is handed over and with every box that stood still", async () => {
  const line = new Line(() => {});
  const silences = [];
  const fly = (bytes, end) =>
    line.fly(async (flight) => {
      flight.moved(bytes);
      silences.push(flight.silence());
      end();
    });
  await fly(0, () => {});
  await fly(2 ** 20, () => {});
  await assert.rejects(fly(0, () => { throw new Slow(); })); // prettier-ignore
  await fly(0, () => {});
  assert.deepEqual(silences, [60_000, 60_000 + 2 ** 17, 60_000, 120_000]);
  assert.equal(line.underway, 0);
});

test("an answer from something in between is waited out for a while, and then told", async () => {
  const portal = () => new BadAnswer(403, null);
  const passing = world({ faults: [portal(), portal()] });
  await passing.upload.run();
  assert.equal(passing.upload.stored, 6);
  assert.ok(passing.state.seen.some(([, waiting]) => waiting === "between"));
  const lasting = world({ faults: Array.from({ length: 99 }, portal) });
  await assert.rejects(lasting.upload.run(), { kind: "between" });
});

test("the browser's word that the network is gone is told at once, and its return ends the waiting", async () => {
  const { upload, state } = world();
  upload.network(false);
  assert.equal(upload.waiting, "offline");
  upload.network(true);
  assert.equal(upload.waiting, null);
  await upload.run();
  assert.deepEqual(state.seen.slice(0, 2).map(([, why]) => why), ["offline", null]); // prettier-ignore
});

test("nothing is sealed once the watch says no, and the lanes stop", async () => {
  let boxes = 0;
  const check = async () => {
    boxes += 1;
    if (boxes > 3) throw new Problem("epoch");
  };
  const { upload, state } = world({ files: 20, check });
  await assert.rejects(upload.run(), { kind: "epoch" });
  assert.ok(upload.gate.stopped);
  assert.ok(state.kept.size <= 3);
});

test("a returning source's boxes of files are counted as found or not", async () => {
  const { upload } = world({ stored: [hex(idOf(2, 9))] });
  await upload.run();
  assert.deepEqual([upload.looked, upload.found], [5, 1]);
});

test("a permit that costs work is paid for each box", async () => {
  const { upload, state } = world({ difficulty: 5 });
  await upload.run();
  assert.ok(state.log.filter((line) => line.startsWith("put")).every((line) => line.endsWith("worked")));
});

test("a pause gives up what is under way, and going on sends it again", async () => {
  const { upload, state } = world({ files: 8 });
  const running = upload.run();
  await new Promise((resolve) => setTimeout(resolve, 3));
  upload.pause();
  assert.ok(upload.gate.paused);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const before = state.log.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(state.log.length, before);
  upload.resume();
  await running;
  assert.equal(upload.stored, 9);
});

test("waiting doubles up to a minute, is never nothing, and ends early when woken", async () => {
  assert.deepEqual([0, 1, 5, 20].map((n) => backoff(n, () => 1)), [1000, 2000, 32_000, 60_000]); // prettier-ignore
  assert.equal(
    backoff(3, () => 0),
    4000,
  );
  const gate = new Gate();
  const start = performance.now();
  setTimeout(() => gate.wake(), 5);
  await gate.sleep(60_000);
  assert.ok(performance.now() - start < 5000);
  gate.pause();
  const waiting = assert.rejects(gate.open(), { name: "Stopped" });
  gate.stop();
  await waiting;
});

test("asking always names 1024 ids in random order, and reads the answer in its own", async () => {
  const asked = [];
  const fetch = async (path, { body }) => {
    asked.push(body);
    const bitmap = new Uint8Array(128);
    for (let i = 0; i < 1024; i++) {
      const id = body.subarray(4 + 16 * i, 20 + 16 * i);
      if (hex(id) !== hex(idOf(2, 9))) bitmap[i >> 3] |= 0x80 >> (i & 7);
    }
    return new Response(bitmap);
  };
  const ids = [1, 2, 3].map((n) => idOf(n, 9));
  const api = new Api({ fetch });
  assert.deepEqual(await api.missing(9, ids), [true, false, true]);
  await api.missing(9, ids);
  assert.deepEqual(asked.map((body) => body.length), [16_388, 16_388]); // prettier-ignore
  const place = (body) => hex(body).indexOf(hex(ids[0]));
  assert.notEqual(place(asked[0]), place(asked[1]));
});

test("an answer that is not the server's own is refused, not believed", async () => {
  const answering = (answer) => new Api({ fetch: async () => answer });
  for (const call of ["permit", "roots", "roster"]) {
    const error = { name: "BadAnswer", status: 200, code: null };
    await assert.rejects(answering(new Response("<p>sign in</p>"))[call](), error);
  }
  await assert.rejects(answering(new Response('{"permit":"p","difficulty":99}')).permit(), {
    kind: "permit",
  });
  await assert.rejects(answering(new Response(new Uint8Array(127))).missing(9, []), { name: "BadAnswer" });
  const refused = new Response("<p>proxy</p>", { status: 503 });
  await assert.rejects(answering(refused).roots(), { name: "BadAnswer", status: 503, code: null });
  const dead = new Api({ fetch: async () => Promise.reject(new TypeError("fetch failed")) });
  await assert.rejects(dead.roots(), { name: "Unreachable" });
});
