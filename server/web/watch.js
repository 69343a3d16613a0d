// Whether what is being sealed may still be sealed: asked of the clock before every box, and of the lists themselves about
// once an hour, after a long pause, and when they have run out. A sending can last for days, and readers come and go.

import { equal } from "./bytes.js";
import { ranOut, unsealable } from "./drop.js";
import { Problem } from "./problems.js";

const HOUR = 3600;
const LONG_PAUSE = 300; // seconds

/** The watch over one sending. */
export class Watch {
  #lists;
  #epoch;
  #chosen;
  #load;
  #clock;
  #fetched;
  #asked = false;
  #fetching = null;

  /**
   * `drop` as loaded a moment ago, `chosen` its readers who are sealed to; `load(signal)` fetches and checks the lists anew,
   * against the newest ones known: {chain, roster}; `clock()` gives seconds.
   */
  constructor({ drop, chosen, load, clock }) {
    this.#lists = drop;
    this.#epoch = drop.epoch;
    this.#chosen = chosen;
    this.#load = load;
    this.#clock = clock;
    this.#fetched = clock();
  }

  /** Sending goes on after a pause: what is older than a short one is fetched again. */
  resumed() {
    this.#asked ||= this.#age > LONG_PAUSE;
  }

  /** Throws Problem "epoch", "clock" or "readers", or what `load` throws: then nothing more may be sealed. */
  async check(signal) {
    const now = this.#clock();
    const why = unsealable(this.#epoch, now);
    if (why) throw new Problem(why);
    if (!this.#asked && this.#age < HOUR && !ranOut(this.#lists, now)) return;
    // All lanes ask at once, and one answer serves them.
    this.#fetching ??= this.#refresh(signal).finally(() => {
      this.#fetching = null;
    });
    await this.#fetching;
  }

  // A clock that was turned back makes everything old.
  get #age() {
    const age = this.#clock() - this.#fetched;
    return age < 0 ? HOUR : age;
  }

  async #refresh(signal) {
    const lists = await this.#load(signal);
    const gone = this.#chosen.filter((reader) => !this.#reads(reader, lists.roster));
    if (gone.length > 0) throw new Problem("readers", { gone: gone.map(({ name }) => name) });
    this.#lists = lists;
    this.#fetched = this.#clock();
    this.#asked = false;
  }

  // Still on the list, with the very key of the week that boxes are sealed to.
  #reads({ id, epochs }, roster) {
    const now = roster.recipients.find((one) => one.id === id)?.epochs.get(this.#epoch);
    return now !== undefined && equal(now, epochs.get(this.#epoch));
  }
}
