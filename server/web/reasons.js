// What a failed request means: something to wait for, by name, or the end. Pure.

import { BadAnswer, Slow, Unreachable } from "./api.js";
import { isForeign, Problem, SEALING_OFF } from "./problems.js";

// A login page of a network goes away when somebody logs in, a filter does not: after this many tries a person is asked.
const FOREIGN_TRIES = 6;

/**
 * What waiting mends: "slow", "offline", "unreachable", "between", "busy", "full" or "server". `what` was asked for: "box",
 * "missing", "permit" or "lists"; `tries` before this one. Throws a Problem, or the error itself, for all else.
 */
export function reasonOf(error, { what, tries, online }) {
  if (error instanceof Slow) return "slow";
  if (error instanceof Unreachable) return online ? "unreachable" : "offline";
  if (!(error instanceof BadAnswer)) throw error;
  const { status, code } = error;
  if (code === SEALING_OFF) throw new Problem("off");
  if (status === 429 || (status === 503 && code === "busy")) return "busy";
  if (status === 507) return "full";
  if (isForeign(error)) {
    if (tries < FOREIGN_TRIES) return "between";
    throw new Problem("between", { detail: `answer ${status}` });
  }
  if (status >= 500 || status === 408) return "server";
  // Lists have a way of their own to be judged.
  if (what === "lists") throw error;
  if (status === 409) throw new Problem("notopen");
  throw new Problem("refused", { status, what });
}

/** Whether it is worth asking for the lists once more before a person is told. */
export function isPassing(error) {
  if (error instanceof Unreachable) return true;
  return error instanceof BadAnswer && [502, 503, 504].includes(error.status) && error.code !== SEALING_OFF;
}
