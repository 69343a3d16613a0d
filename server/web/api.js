// The server's interface (SPEC section 12), one method a call. Nothing is tried twice here: patience is gate.js's and
// upload.js's. No cookie, no cache, no redirect, no referrer.

import { concat, hex, u32 } from "./bytes.js";
import { Problem } from "./problems.js";
import { randomBytes, shuffled } from "./random.js";

const ASKED = 1024;
const ID = 16;
// Time for one box even on a slow circuit: a request that hangs longer is dead, and another circuit may live.
const PATIENCE = 60_000;
const MAX_WORK = 26; // zero bits; about what a phone computes in minutes: a server that asks for more is not to be served
const SLOWEST = 8; // bytes a millisecond

/** No answer at all: offline, a dead circuit, a closed server. */
export class Unreachable extends Error {}
Unreachable.prototype.name = "Unreachable";

/** An answer that is not the one asked for; `code` and `body` are what its JSON says, if it is JSON. */
export class BadAnswer extends Error {
  constructor(status, body) {
    super(`answer ${status}`);
    this.status = status;
    this.body = body;
    this.code = typeof body?.error === "string" ? body.error : null;
  }
}
BadAnswer.prototype.name = "BadAnswer";

/** The calls of one server. `fetch` and the address are replaced by tests only. */
export class Api {
  #fetch;
  #base;

  constructor({ fetch = globalThis.fetch.bind(globalThis), base = "" } = {}) {
    this.#fetch = fetch;
    this.#base = base;
  }

  /** The chain of roots, bytes. */
  roots(signal) {
    return this.#bytes("/roots", { signal });
  }

  /** The newest roster's note, bytes. */
  roster(signal) {
    return this.#bytes("/roster", { signal });
  }

  /** {permit, difficulty}. */
  async permit(signal) {
    return readPermit(json(await this.#bytes("/permit", { signal })));
  }

  /**
   * For each id (16 bytes; at most 1024) whether the server has *not* stored it. Always asks for 1024, the rest being
   * random, in random order: the question shows neither how many are meant nor how they belong together.
   */
  async missing(epoch, ids, signal) {
    const fill = Array.from({ length: ASKED - ids.length }, () => randomBytes(ID));
    const order = shuffled([...ids, ...fill].map((id, meant) => ({ id, meant })));
    const body = concat(u32(epoch), ...order.map(({ id }) => id));
    const bitmap = await this.#bytes("/boxes/missing", { method: "POST", body, signal, type: BINARY });
    if (bitmap.length !== ASKED / 8) throw new BadAnswer(200, null);
    const answers = [];
    order.forEach(({ meant }, i) => {
      answers[meant] = (bitmap[i >> 3] & (0x80 >> (i & 7))) !== 0;
    });
    return answers.slice(0, ids.length);
  }

  /** Store one box: resolves when the server says it is stored and durable, or was already. Throws BadAnswer. */
  async put({ epoch, id, box, permit, proof, signal }) {
    const headers = { "Knothole-Permit": permit, "Knothole-Proof": proof };
    const path = `/boxes/${epoch}/${hex(id)}`;
    await this.#bytes(path, { method: "PUT", body: box, headers, signal, type: BINARY });
  }

  async #bytes(path, { method = "GET", body, headers = {}, type, signal }) {
    const patience = AbortSignal.timeout(Math.ceil(PATIENCE + (body?.length ?? 0) / SLOWEST));
    const stop = new AbortController();
    const abort = () => stop.abort();
    for (const one of [patience, signal]) one?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    try {
      const answer = await this.#fetch(this.#base + path, {
        method,
        body,
        headers: type ? { ...headers, "Content-Type": type } : headers,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        referrerPolicy: "no-referrer",
        signal: stop.signal,
      });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (answer.ok) return bytes;
      throw new BadAnswer(answer.status, json(bytes));
    } catch (error) {
      if (error instanceof BadAnswer) throw error;
      throw new Unreachable(undefined, { cause: error });
    } finally {
      for (const one of [patience, signal]) one?.removeEventListener("abort", abort);
    }
  }
}

const BINARY = "application/octet-stream";

// An object, or null for anything else: a proxy's error page must not become our exception.
function json(bytes) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

/** {permit, difficulty} of an answer. Throws Problem "permit": no permit, or work that no server should ask for. */
export function readPermit(body) {
  const { permit, difficulty } = body ?? {};
  const usable = typeof permit === "string" && /^[\x21-\x7e]{1,4096}$/.test(permit);
  if (!usable || !Number.isInteger(difficulty) || difficulty < 0 || difficulty > MAX_WORK) {
    throw new Problem("permit");
  }
  return { permit, difficulty };
}
