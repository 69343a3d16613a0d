// The server's interface (SPEC section 12), one method a call. Nothing is tried twice here: patience is gate.js's and
// upload.js's. Only an answer that the server itself would give counts: a login page with status 200 does not.

import { concat, hex, u32 } from "./bytes.js";
import { SLOT } from "./card.js";
import { Problem } from "./problems.js";
import { randomBytes, shuffled } from "./random.js";
import { ask, putBox } from "./transport.js";

export { Slow, Unreachable } from "./transport.js";

const ASKED = 1024;
const ID = 16;
const MAX_WORK = 26; // zero bits; about what a phone computes in minutes: a server that asks for more is not to be served
const BRACE = 0x7b; // with which each note begins
// The list of words has 62,144 bytes.
const MAX_WORDS = 2 ** 17;
// What a server may hold (BOARD_LIMIT in knothole_keys.board); an answer without end would fill the memory.
const MAX_BOARD = 66 * 2048 * SLOT;

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

/** The calls of one server. `fetch`, `Request` (an XMLHttpRequest) and the address are replaced by tests only. */
export class Api {
  #fetch;
  #Request;
  #base;

  constructor({
    fetch = globalThis.fetch.bind(globalThis),
    Request = globalThis.XMLHttpRequest,
    base = "",
  } = {}) {
    this.#fetch = fetch;
    this.#Request = Request;
    this.#base = base;
  }

  /** The chain of roots, bytes. */
  roots(signal) {
    return this.#note("/roots", signal);
  }

  /** The newest roster's note, bytes. */
  roster(signal) {
    return this.#note("/roster", signal);
  }

  /** The list of words that codenames are made of, bytes; whether it is the right one, words.js tells. */
  words(signal) {
    return this.#ask("/words.txt", { signal, most: MAX_WORDS });
  }

  /**
   * The whole board, bytes: the only way of asking, the same for everybody. `arrived(bytes)` is told how much is here. What
   * is no whole number of slots, or has no end, is Problem "board".
   */
  async board(arrived, signal) {
    const bytes = await this.#ask("/board", { signal, arrived, most: MAX_BOARD });
    if (bytes.length % SLOT !== 0 || bytes.length > MAX_BOARD) throw new Problem("board");
    return bytes;
  }

  /** {permit, difficulty}. */
  async permit(signal) {
    const body = json(await this.#ask("/permit", { signal }));
    if (body === null) throw new BadAnswer(200, null);
    return readPermit(body);
  }

  /**
   * For each id (16 bytes; at most 1024) whether the server has *not* stored it. Always asks for 1024, the rest being
   * random, in random order: the question shows neither how many are meant nor how they belong together.
   */
  async missing(epoch, ids, signal) {
    const fill = Array.from({ length: ASKED - ids.length }, () => randomBytes(ID));
    const order = shuffled([...ids, ...fill].map((id, meant) => ({ id, meant })));
    const body = concat(u32(epoch), ...order.map(({ id }) => id));
    const bitmap = await this.#ask("/boxes/missing", { method: "POST", body, signal });
    if (bitmap.length !== ASKED / 8) throw new BadAnswer(200, null);
    const answers = [];
    order.forEach(({ meant }, i) => {
      answers[meant] = (bitmap[i >> 3] & (0x80 >> (i & 7))) !== 0;
    });
    return answers.slice(0, ids.length);
  }

  /**
   * Store one box: resolves when the server says it is stored and durable, or was already. `flight` is line.js's.
   * Throws BadAnswer, Slow, Unreachable.
   */
  async put({ epoch, id, box, permit, proof, flight, signal }) {
    const headers = { "Knothole-Permit": permit, "Knothole-Proof": proof };
    const address = `${this.#base}/boxes/${epoch}/${hex(id)}`;
    const answer = await putBox(this.#Request, address, { body: box, headers, flight, signal });
    if (json(good(answer))?.stored !== true) throw new BadAnswer(answer.status, null);
  }

  // What is no note at all, a login page say, is not an altered one: it is no answer of this server.
  async #note(path, signal) {
    const bytes = await this.#ask(path, { signal });
    if (bytes[0] !== BRACE) throw new BadAnswer(200, null);
    return bytes;
  }

  async #ask(path, options) {
    return good(await ask(this.#fetch, this.#base + path, options));
  }
}

function good({ status, bytes }) {
  if (status >= 200 && status < 300) return bytes;
  throw new BadAnswer(status, json(bytes));
}

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
