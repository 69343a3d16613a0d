// What can go wrong in the page, by kind. The formats refuse by name (errors.js); a person needs to know which of a few
// things to do. Pure: who shows it is ui-error.js.

/** One kind of trouble, with the facts its sentence needs. Each kind has its texts in strings.js ("error.KIND"). */
export class Problem extends Error {
  constructor(kind, facts = {}, options = undefined) {
    super(kind, options);
    this.name = "Problem";
    this.kind = kind;
    this.facts = facts;
  }
}

/** The server's code for a roster that has run out: the one 503 that waiting a minute does not mend. */
export const SEALING_OFF = "sealing_off";

// What only a server that shows something else than the administrators signed can cause.
const ALTERED = new Set([
  "MalformedNote",
  "MalformedJSON",
  "BadSignature",
  "NotEnoughSignatures",
  "MalformedRoot",
  "BrokenChain",
  "WrongDrop",
  "MalformedRoster",
  "RosterRollback",
  "RosterFork",
]);

// A worker cannot pass a class to the page, so errors are told apart by their names.
const KINDS = new Map([
  ["RosterExpired", "off"],
  ["RootExpired", "off"],
  ["RosterFromFuture", "clock"],
  ["RootFromFuture", "clock"],
  ["Unreachable", "unreachable"],
  ["Slow", "unreachable"],
  ["FileChanged", "file"],
  ["MalformedBoard", "board"],
]);

/** Any error as a Problem. What nobody foresaw is "broken", with its name and nothing of its text. */
export function problemOf(error) {
  if (error instanceof Problem) return error;
  const name = typeof error?.name === "string" ? error.name : "Error";
  if (name === "BadAnswer") {
    const { status } = error;
    return new Problem(unanswered(error), { status, what: "lists", detail: `answer ${status}` });
  }
  const kind = ALTERED.has(name) ? "altered" : (KINDS.get(name) ?? "broken");
  return new Problem(kind, { detail: name, ...error?.facts }, { cause: error });
}

// While lists are fetched: a drop without a published roster has none to give.
function unanswered(answer) {
  const { status, code } = answer;
  if (code === SEALING_OFF || (status === 404 && code !== null)) return "off";
  if (isForeign(answer)) return "between";
  return status >= 500 ? "trouble" : "refused";
}

/** Whether an answer can only come from something between the page and its server: the server's own refusals have a code. */
export function isForeign({ status, code }) {
  return code === null && (status < 500 || status === 511);
}

/** What a person can do on the page about a problem: "retry", "back" (to the draft), "goon", or null for nothing. */
export function wayOut(kind) {
  if (kind === "altered" || kind === "unable") return null;
  if (kind === "file") return "back";
  return kind === "epoch" || kind === "readers" ? "goon" : "retry";
}

/** What the page's browser lacks for sealing, as a list of names; empty when it has all of it. */
export function missingAbilities(scope = globalThis) {
  const needed = {
    "secure random numbers": typeof scope.crypto?.getRandomValues === "function",
    BigInt: typeof scope.BigInt === "function",
    "Web Workers": typeof scope.Worker === "function",
    "reading files": typeof scope.Blob?.prototype?.arrayBuffer === "function",
    fetch: typeof scope.fetch === "function" && typeof scope.AbortController === "function",
  };
  return Object.keys(needed).filter((name) => !needed[name]);
}
