// Asking for the board: one way of asking, whole slots or nothing, and no answer without end.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "../api.js";
import { SLOT } from "../card.js";
import { ask } from "../transport.js";

const answer = (body) => new Response(body);

test("the board is asked for in one way, and told as it comes", async () => {
  const asked = [];
  const told = [];
  const fetch = async (address, options) => {
    asked.push([address, options.method, options.body, options.headers]);
    return answer(new Uint8Array(3 * SLOT));
  };
  const api = new Api({ fetch });
  assert.equal((await api.board((bytes) => told.push(bytes))).length, 3 * SLOT);
  await api.board(() => {});
  assert.deepEqual(asked[0], ["/board", "GET", undefined, {}]);
  assert.deepEqual(asked[0], asked[1]);
  assert.deepEqual([told[0], told.at(-1)], [0, 3 * SLOT]);
});

test("a board of no slots is a board; a cut one, a login page and a refusal are not", async () => {
  const board = (body, init) => new Api({ fetch: async () => new Response(body, init) }).board(() => {});
  assert.equal((await board(new Uint8Array())).length, 0);
  for (const body of [new Uint8Array(SLOT - 1), new Uint8Array(2 * SLOT + 1), "<p>Please log in</p>"]) {
    await assert.rejects(board(body), { kind: "board" });
  }
  await assert.rejects(board("no", { status: 403 }), { name: "BadAnswer", status: 403 });
});

test("an answer without end is cut off where it was said to end", async () => {
  let given = 0;
  let cancelled = false;
  const endless = new ReadableStream({
    pull(controller) {
      given += 1000;
      controller.enqueue(new Uint8Array(1000));
    },
    cancel() {
      cancelled = true;
    },
  });
  const { bytes } = await ask(async () => answer(endless), "/board", { most: 5000 });
  assert.equal(bytes.length, 6000);
  assert.ok(cancelled && given < 10_000);
});
