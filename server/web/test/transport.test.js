// Requests: given up when nothing moves, and not before; a box counts as stored only by the server's own word.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "../api.js";
import { putBox } from "../transport.js";

const LOGIN = [200, "<p>Please log in</p>"];

/** An XMLHttpRequest that follows a script: a list of [milliseconds, "progress", loaded] or [milliseconds, "load", status, text]. */
function requestOf(script) {
  return class {
    upload = {};
    aborted = false;
    headers = {};

    open(method, address) {
      Object.assign(this, { method, address });
    }

    setRequestHeader(name, value) {
      this.headers[name] = value;
    }

    abort() {
      this.aborted = true;
    }

    send() {
      for (const [after, what, ...rest] of script) {
        setTimeout(() => {
          if (this.aborted) return;
          if (what === "progress") return this.upload.onprogress({ loaded: rest[0] });
          [this.status, this.response] = [rest[0], new TextEncoder().encode(rest[1]).buffer];
          this.onload();
        }, after);
      }
    }
  };
}

const flightOf = (silence) => ({ moved() {}, silence: () => silence });

function put(answer) {
  const api = new Api({ fetch, Request: requestOf([[1, "load", ...answer]]) });
  const id = new Uint8Array(16);
  return api.put({ epoch: 9, id, box: id, permit: "p", proof: "0", flight: flightOf(1000) });
}

test("a box is stored when the server says so, and by no other answer of success", async () => {
  await put([201, '{"stored":true,"new":true}   ']);
  await put([200, '{"stored":true,"new":false}']);
  for (const [status, text] of [LOGIN, [200, "{}"], [204, ""], [200, '{"stored":"true"}'], [200, "null"]]) {
    await assert.rejects(put([status, text]), { name: "BadAnswer", status, code: null });
  }
  await assert.rejects(put([507, '{"error":"no_room"}']), {
    name: "BadAnswer",
    status: 507,
    code: "no_room",
  });
});

test("a box that moves is not given up however long it takes; one that stands still is", async () => {
  const moving = Array.from({ length: 8 }, (_, i) => [50 * (i + 1), "progress", i + 1]);
  const done = [450, "load", 201, "{}"];
  const options = { body: new Uint8Array(9), headers: {}, flight: flightOf(200) };
  assert.equal((await putBox(requestOf([...moving, done]), "/", options)).status, 201);
  await assert.rejects(putBox(requestOf([moving[0], done]), "/", options), { name: "Slow" });
});

test("a pause or a stop gives a box up at once", async () => {
  const stop = new AbortController();
  const options = { body: new Uint8Array(9), headers: {}, flight: flightOf(60_000), signal: stop.signal };
  const sending = putBox(requestOf([]), "/", options);
  stop.abort();
  await assert.rejects(sending, { name: "Unreachable" });
  await assert.rejects(putBox(requestOf([]), "/", options), { name: "Unreachable" });
});
