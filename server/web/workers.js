// Starting the page's workers. CSP asks for trusted types: this policy lets one address through, and there is no other
// policy on the page.

const WORKER = "/worker.js";
const policy = globalThis.trustedTypes?.createPolicy("knothole-worker", {
  createScriptURL(url) {
    if (url !== WORKER) throw new TypeError("only the page's own worker may start");
    return url;
  },
});

/** One more worker. */
export function startWorker() {
  return new Worker(policy ? policy.createScriptURL(WORKER) : WORKER);
}
