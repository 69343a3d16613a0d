// Sending: asks what the server has already, seals what is missing, a few boxes at a time, and puts each until the server
// says that it has stored it. Never loses its place, never gives a box up; what cannot be mended by waiting is thrown.

import { BadAnswer, readPermit } from "./api.js";
import { backoff, Gate, Stopped } from "./gate.js";
import { LANES, Line } from "./line.js";
import { reasonOf } from "./reasons.js";

// Parts whose ids are asked for at once; ids mean reading, so a long film starts to move before it was read again.
const ASKED_TOGETHER = 128;
// A permit lives ten minutes and the next ten: renewed before it must be.
const PERMIT_LIFE = 8 * 60_000;
const HARD = 18; // zero bits from which a person would notice the computing

/** One sending. `changed(view)` is told after every step; `run()` resolves when the server says it has all. */
export class Upload {
  #api;
  #pool;
  #parts;
  #weeks;
  #watch;
  #changed;
  #permit = null;
  #fetching = null;
  #trouble = new Map();
  #offline = false;
  gate = new Gate();
  line = new Line(() => this.#changed());
  stored = 0; // boxes that the server says it has
  sent = 0; // of these, the ones sent now
  looked = 0; // boxes of files that the server was asked for
  found = 0; // of these, the ones that it had
  bytes = 0; // of the letter and the files, in the stored boxes
  asking = false;

  /** `weeks` as of drop.js's weeksFor; the pool's workers are set up for them already. `watch` is watch.js's. */
  constructor({ api, pool, parts, weeks, watch, changed }) {
    this.#api = api;
    this.#pool = pool;
    this.#parts = parts;
    this.#weeks = [weeks.sealing, ...(weeks.earlier ? [weeks.earlier] : [])].map(({ epoch }) => epoch);
    this.#watch = watch;
    this.#changed = () => changed(this);
  }

  /** Why it is not moving, or null: a reason of reasons.js, "work" or "quiet". */
  get waiting() {
    if (this.#offline) return "offline";
    const reason = [...this.#trouble.values()].at(-1) ?? null;
    return reason ?? (this.line.quiet && !this.gate.paused ? "quiet" : null);
  }

  /** Send everything, the letter before the files: its table makes sense of parts that come alone. */
  async run() {
    try {
      for (const kind of ["letter", "file"]) {
        const parts = this.#parts.filter((part) => part.kind === kind);
        for (let at = 0; at < parts.length; at += ASKED_TOGETHER) {
          await this.#sendMissing(parts.slice(at, at + ASKED_TOGETHER));
        }
      }
    } catch (error) {
      this.gate.stop();
      throw error;
    }
  }

  pause() {
    this.gate.pause();
    this.#trouble.clear();
    this.#changed();
  }

  resume() {
    this.#watch.resumed();
    this.line.heard();
    this.gate.resume();
    this.#changed();
  }

  /** What the browser says of its network: `online` or not. */
  network(online) {
    if (online && this.#offline) this.gate.restart();
    this.#offline = !online;
    if (online) this.gate.wake();
    this.#changed();
  }

  async #sendMissing(parts) {
    this.asking = true;
    this.#changed();
    const missing = await this.#missing(parts);
    this.asking = false;
    for (const part of parts.filter((one) => !missing.includes(one))) this.#count(part);
    const files = parts.filter(({ kind }) => kind === "file").length;
    this.looked += files;
    this.found += Math.max(0, files - missing.length);
    let next = 0;
    const lane = async () => {
      while (next < missing.length) await this.#send(missing[next++]);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }

  // New sources ask as well, with ids that nobody can know to be new: returning must not show.
  async #missing(parts) {
    const jobs = parts.map((part) => ({ source: part.source, header: part.header() }));
    const ids = await Promise.all(jobs.map((job) => this.#work("ids", job)));
    let missing = parts.map((part, i) => ({ part, ids: ids[i] }));
    for (const [week, epoch] of this.#weeks.entries()) {
      const asked = missing.map((one) => one.ids[week]);
      const answers = await this.#ask(epoch, asked, week > 0);
      missing = missing.filter((_, i) => answers[i]);
    }
    return missing.map(({ part }) => part);
  }

  // A server that has forgotten the earlier week keeps none of its boxes.
  async #ask(epoch, ids, earlier) {
    try {
      return await this.#patiently("missing", (signal) => this.#api.missing(epoch, ids, signal));
    } catch (error) {
      if (earlier && error.kind === "notopen") return ids.map(() => true);
      throw error;
    }
  }

  async #send(part) {
    await this.gate.open();
    await this.#patiently("lists", (signal) => this.#watch.check(signal));
    const [epoch] = this.#weeks;
    const { id, box } = await this.#work("seal", { source: part.source, header: part.header() });
    await this.#patiently("box", (signal) =>
      this.line.fly(async (flight) => {
        const { permit, difficulty } = await this.#currentPermit(signal);
        const proof = await this.#prove({ permit, epoch, id, difficulty });
        await this.#api.put({ epoch, id, box, permit, proof, flight, signal });
      }),
    );
    this.sent += 1;
    this.#count(part);
  }

  async #prove({ permit, epoch, id, difficulty }) {
    if (difficulty === 0) return "0";
    const token = {};
    if (difficulty >= HARD) this.#tell(token, "work");
    try {
      return await this.#work("proof", { permit, epoch, id, difficulty });
    } finally {
      this.#tell(token, null);
    }
  }

  // A worker's answer is a sign of life, too: a slow device is not a quiet line.
  async #work(op, job) {
    const answer = await this.#pool.run(op, job);
    this.line.heard();
    return answer;
  }

  // All lanes share one permit, and one request for it.
  async #currentPermit(signal) {
    if (this.#permit && performance.now() < this.#permit.until) return this.#permit;
    this.#fetching ??= this.#api.permit(signal).finally(() => {
      this.#fetching = null;
    });
    return this.#keep(await this.#fetching);
  }

  #keep(permit) {
    this.#permit = { ...permit, until: performance.now() + PERMIT_LIFE };
    return this.#permit;
  }

  // Again and again until it succeeds, is stopped, or fails in a way that waiting does not mend.
  async #patiently(what, action) {
    const token = {};
    for (let tries = 0; ;) {
      await this.gate.open();
      const { signal } = this.gate;
      try {
        const answer = await action(signal);
        this.line.heard();
        this.#tell(token, null);
        return answer;
      } catch (error) {
        if (this.gate.stopped) throw new Stopped();
        if (this.gate.paused || signal.aborted) continue;
        this.#tell(token, this.#reason(error, what, tries));
        await this.gate.sleep(backoff(tries));
        tries += 1;
      }
    }
  }

  #reason(error, what, tries) {
    if (error instanceof BadAnswer && error.status === 429) {
      this.#permit = null;
      if (error.body?.permit) this.#keep(readPermit(error.body));
    }
    return reasonOf(error, { what, tries, online: globalThis.navigator?.onLine !== false });
  }

  #tell(token, reason) {
    if (reason === null) {
      if (!this.#trouble.delete(token)) return;
    } else {
      this.#trouble.set(token, reason);
    }
    this.#changed();
  }

  #count(part) {
    this.stored += 1;
    this.bytes += part.size;
    this.#changed();
  }
}
