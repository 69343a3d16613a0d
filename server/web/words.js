// The list of words that codenames are made of: 62 kB that many a visit never needs, so it is fetched when it is, once, and
// is the very list that this script was made for or none. The hash is of the file as SPEC section 6 names it.

import { BadAnswer } from "./api.js";
import { equal, unhex } from "./bytes.js";
import { patiently } from "./gate.js";
import { sha256 } from "./kdf.js";
import { Problem } from "./problems.js";
import { isPassing } from "./reasons.js";

const HASH = unhex("6d557f0693958fb5e650b68b5bee585eb82cf4da32965505c789e924743bc522", 32);

/** {list, known} of the file's bytes: the words in its order, and as a set. Throws Problem "altered" for any other bytes. */
export function readWords(bytes) {
  if (!equal(sha256(bytes), HASH)) throw new Problem("altered", { detail: "words.txt" });
  const list = new TextDecoder().decode(bytes).trim().split("\n");
  return { list, known: new Set(list) };
}

/** The list of one visit. */
export class WordList {
  #api;
  #words = null;

  constructor(api) {
    this.#api = api;
  }

  /** What readWords gives, or null as long as it was not fetched. */
  get here() {
    return this.#words;
  }

  /** What readWords gives, fetched if it is not here. Throws what readWords and Api.words throw, Problem "refused". */
  async get(signal) {
    this.#words ??= readWords(await patiently(() => this.#ask(signal), isPassing, signal));
    return this.#words;
  }

  async #ask(signal) {
    try {
      return await this.#api.words(signal);
    } catch (error) {
      // A server has it or is another release's; of the lists, the same answer means that there are none yet.
      const isAbsent = error instanceof BadAnswer && error.status === 404 && error.code !== null;
      throw isAbsent ? new Problem("refused", { status: 404 }) : error;
    }
  }
}
