// Starting the page's workers. CSP asks for trusted types: this policy lets two addresses through, and there is no
// other policy on the page.

const WORKER = "/worker.js";
const EXAMINER = "/examiner.js";
const policy = globalThis.trustedTypes?.createPolicy("knothole-worker", {
  createScriptURL(url) {
    if (url !== WORKER && url !== EXAMINER) throw new TypeError("only the page's own workers may start");
    return url;
  },
});

function start(address) {
  return new Worker(policy ? policy.createScriptURL(address) : address);
}

/** One more worker that seals. */
export function startWorker() {
  return start(WORKER);
}

/** One more worker that looks into files. */
export function startExaminer() {
  return start(EXAMINER);
}
