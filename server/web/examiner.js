// The examiner's worker: looks into one chosen file at a time and makes no request. Apart from worker.js, so that a file that
// was made to hang it takes nothing else along; the page ends it when it takes too long.
//
// Speaks worker.js's protocol: {op: "examine", job: {file}} is answered by {answer} or {error}.

import { examine } from "./traces/examine.js";

self.onmessage = async ({ data: { job } }) => {
  try {
    self.postMessage({ answer: await examine(job.file) });
  } catch (error) {
    self.postMessage({ error: { name: String(error?.name ?? "Error"), facts: {} } });
  }
};
