// What an upload knows of its line: how many boxes may be on their way at once, how much silence is borne, and when
// something was last heard. A box that stands still for too long means a slow line: one box at a time then, and more
// patience; each box that is stored lets one more fly beside it.

import { Slow } from "./transport.js";

// Boxes in flight: enough to fill a slow circuit, few enough that sixteen-megabyte boxes fit into a phone.
export const LANES = 4;
// Silence borne, in milliseconds, beside what is handed over already: browsers and Tor take whole boxes into their buffers
// at once, and then nothing shows until they have passed.
const SILENCE = 60_000;
const SLOWEST = 8; // bytes a millisecond
const MOST_PATIENCE = 64;
// After this long without any sign, a person wants to be told.
const QUIET = 20_000;

/** The line of one upload; `changed()` is told when something moves. */
export class Line {
  #flying = new Set();
  #queue = [];
  #lanes = LANES;
  #patience = 1;
  #heard = performance.now();
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  /** Bytes handed over whose box is not known to be stored. */
  get underway() {
    return [...this.#flying].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** True when nothing was heard for a while. */
  get quiet() {
    return performance.now() - this.#heard > QUIET;
  }

  /** Something moved or was answered. */
  heard() {
    this.#heard = performance.now();
  }

  /** What `action(flight)` gives, once there is room for one more box; `flight` is as transport.js wants it. */
  async fly(action) {
    while (this.#flying.size >= this.#lanes) await new Promise((resolve) => this.#queue.push(resolve));
    const flight = this.#flight();
    this.#flying.add(flight);
    try {
      const answer = await action(flight);
      this.#lanes = Math.min(LANES, this.#lanes + 1);
      return answer;
    } catch (error) {
      if (error instanceof Slow) {
        this.#lanes = 1;
        this.#patience = Math.min(MOST_PATIENCE, 2 * this.#patience);
      }
      throw error;
    } finally {
      this.heard();
      this.#flying.delete(flight);
      for (const wake of this.#queue.splice(0)) wake();
    }
  }

  #flight() {
    const flight = {
      bytes: 0,
      moved: (bytes) => {
        flight.bytes = bytes;
        this.heard();
        this.#changed();
      },
      silence: () => this.#patience * (SILENCE + this.underway / SLOWEST),
    };
    return flight;
  }
}
