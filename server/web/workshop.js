// The page's workers, all of them: those that seal and those that look into files. They are started when the form is
// there, for everybody at the same moment: their scripts are as long as all else together, and nobody who reads needs them.

import { equal } from "./bytes.js";
import { unusable } from "./drop.js";
import { Examining } from "./examining.js";
import { Pool, poolSize } from "./pool.js";
import { Problem } from "./problems.js";
import { startExaminer, startWorker } from "./workers.js";

/** The workers of one page. */
export class Workshop {
  #examining = null;
  #pool = null;
  #tried = null; // {hash, epoch, done}: of which roster the keys are being tried, or were

  /** What looks into chosen files; until `ready` is called, files wait in it. */
  get examining() {
    this.#examining ??= new Examining(startExaminer);
    return this.#examining;
  }

  /** The workers that seal, or null when they were not started. */
  get pool() {
    return this.#pool;
  }

  /**
   * Start what was not started, and resolve once every reader of a drop that was loaded has a key that can be sealed to:
   * one that has not would stop the sending in its middle. Throws Problem "badkey", JobFailed.
   */
  ready(drop) {
    this.#pool ??= new Pool(startWorker, poolSize(navigator.hardwareConcurrency));
    this.examining.start();
    const { epoch, roster } = drop;
    if (this.#tried?.epoch !== epoch || !equal(this.#tried.hash, roster.hash))
      this.#tried = { epoch, hash: roster.hash, done: this.#prepare(drop) };
    return this.#tried.done;
  }

  async #prepare(drop) {
    const bad = await unusable(drop, this.#pool);
    if (bad.length > 0) throw new Problem("badkey", { gone: bad.map(({ name }) => name) });
    await this.#pool.all("warm", { dropId: drop.dropId, epoch: drop.epoch });
  }

  /** End those that seal, and with them every secret that they hold. */
  endSealing() {
    this.#pool?.close();
    this.#pool = null;
    this.#tried = null;
  }

  /** End all. */
  close() {
    this.endSealing();
    this.#examining?.close();
    this.#examining = null;
  }
}
