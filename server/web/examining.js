// Looking into chosen files, one after the other, while the person goes on. Nothing waits for it and nothing of it is sent.

import { Pool } from "./pool.js";

/** Milliseconds that one file may take; whoever needs longer was made for it, or is not worth waiting for. */
export const PATIENCE = 30_000;
// Started once the form is there, for everybody: to fetch a script when a file is chosen, or when one was too much for a
// worker, would tell the server so. When the last is gone, the page says of the other files that it could not look.
const LIVES = 2;

/** What is said of a file that could not be looked into. */
export const UNSEEN = { kind: "other", found: [], looked: false, whole: false, cleaned: null, failed: true };

/** A queue of files. `file.traces` becomes what traces/examine.js answers, and `changed(file, left)` is called, `left` files to go. */
export class Examining {
  #pools = null; // null until they are started
  #queue = [];
  #make;
  #busy = false;
  #patience;

  /** `make()` gives a new Worker that speaks examiner.js's protocol. */
  constructor(make, patience = PATIENCE) {
    this.#make = make;
    this.#patience = patience;
    this.changed = () => {};
  }

  /** Start the workers, and look into what waits. Once is enough, more do nothing. */
  start() {
    this.#pools ??= Array.from({ length: LIVES }, () => new Pool(this.#make, 1));
    this.#run();
  }

  /** Look into these, too, as soon as workers are started; those that were looked into, or wait already, are left alone. */
  add(files) {
    this.#queue.push(...files.filter((file) => !file.traces && !this.#queue.includes(file)));
    this.#run();
  }

  /** Leave out files that are not wanted any more. */
  keep(files) {
    const wanted = new Set(files);
    this.#queue = this.#queue.filter((file) => wanted.has(file));
  }

  /** End the workers. */
  close() {
    this.#queue = [];
    for (const pool of this.#pools?.splice(0) ?? []) pool.close();
  }

  async #run() {
    if (this.#busy || this.#pools === null) return;
    this.#busy = true;
    while (this.#queue.length > 0) {
      const [file] = this.#queue;
      const traces = await this.#look(file.original);
      this.#queue = this.#queue.filter((one) => one !== file);
      file.traces = traces;
      this.changed(file, this.#queue.length);
    }
    this.#busy = false;
  }

  async #look(original) {
    const [pool] = this.#pools;
    if (!pool) return UNSEEN;
    const late = setTimeout(() => pool.close(), this.#patience);
    try {
      return await pool.run("examine", { file: original });
    } catch ({ name }) {
      // Ended for being late, or it could not even start.
      if (name === "Stopped" || name === "WorkerFailed") this.#pools.shift();
      return UNSEEN;
    } finally {
      clearTimeout(late);
    }
  }
}
