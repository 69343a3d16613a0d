// Patience: pausing, stopping, and waiting longer and longer between tries. No request is made here.

import { randomBelow } from "./random.js";

const FIRST = 1000;
const LONGEST = 60_000;
const TRIES = 3;

/** The upload was stopped for good; nobody is told, whoever stopped it knows why. */
export class Stopped extends Error {}
Stopped.prototype.name = "Stopped";

function chance() {
  return randomBelow(2 ** 32) / 2 ** 32;
}

/** Milliseconds before try number `attempt` (from 0): doubling, and anywhere in the upper half, so that not all come at once. */
export function backoff(attempt, random = chance) {
  const most = Math.min(LONGEST, FIRST * 2 ** attempt);
  return most / 2 + (random() * most) / 2;
}

/** What `action` gives, tried three times while `passes(error)`, unless the signal ends that. */
export async function patiently(action, passes, signal) {
  for (let tries = 0; ; tries++) {
    try {
      return await action();
    } catch (error) {
      if (!passes(error) || tries + 1 >= TRIES || signal?.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, backoff(tries)));
    }
  }
}

/** What a promise gives; Stopped as soon as the signal ends, for what goes on by itself. */
export function unlessStopped(promise, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Stopped());
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    promise.then(resolve, reject).finally(() => signal?.removeEventListener("abort", stop));
  });
}

/** What all lanes of an upload pass before each step. */
export class Gate {
  #controller = new AbortController();
  #waiting = new Set();
  #wakers = new Set();
  paused = false;
  stopped = false;

  /** Ends with whatever is under way at the next pause or stop. */
  get signal() {
    return this.#controller.signal;
  }

  /** Resolves while the gate is open. Throws Stopped. */
  async open() {
    while (this.paused && !this.stopped) await new Promise((resolve) => this.#waiting.add(resolve));
    if (this.stopped) throw new Stopped();
  }

  /** Close: requests under way are given up, and made again after `resume`. */
  pause() {
    this.paused = true;
    this.#controller.abort();
    this.wake();
  }

  /** Give up what is under way and make it again at once: the line came back, and old requests may hang on the dead one. */
  restart() {
    if (this.paused || this.stopped) return;
    this.#controller.abort();
    this.#controller = new AbortController();
    this.wake();
  }

  resume() {
    if (!this.paused || this.stopped) return;
    this.paused = false;
    this.#controller = new AbortController();
    this.#release();
  }

  stop() {
    this.stopped = true;
    this.#controller.abort();
    this.wake();
    this.#release();
  }

  /** Wait, or less when woken: by a pause, a stop, or the connection coming back. */
  sleep(milliseconds) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wakers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#wakers.add(done);
    });
  }

  wake() {
    for (const done of [...this.#wakers]) done();
  }

  #release() {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
