// One sending, from the lists that were just checked to the server's last word.

import { keepAwake } from "./awake.js";
import { clock, ended, loadLists, weeksFor } from "./drop.js";
import { Problem } from "./problems.js";
import { Upload } from "./upload.js";
import { Watch } from "./watch.js";

/**
 * {upload, run()}: an upload of `parts` to the readers `chosen` of a drop that was loaded a moment ago. `changed(upload)` is
 * called when something changed, and every second, because speed and time left also change when nothing arrives. `run()`
 * resolves when the server says that it has all. `drop.chain` and `drop.roster` become the newest that were seen, while
 * `drop.readers` stay, so that a person can be told who left.
 */
export function newSending({ api, pool, drop, parts, chosen, keys, changed }) {
  const weeks = weeksFor(drop, chosen);
  const { dropId } = drop;
  const load = async (signal) => {
    const { chain, roster } = await loadLists({ api, dropId, now: clock(), known: drop, signal });
    return Object.assign(drop, { chain, roster });
  };
  const watch = new Watch({ drop, chosen, load, clock });
  const upload = new Upload({ api, pool, parts, weeks, watch, changed });
  const run = async () => {
    const tick = setInterval(() => changed(upload), 1000);
    const letSleep = keepAwake();
    try {
      await pool.all("setup", { dropId, threadSecret: keys.threadSecret, ...weeks });
      await upload.run();
    } catch (error) {
      throw error.kind === "notopen" ? whyNotOpen(drop) : error;
    } finally {
      clearInterval(tick);
      letSleep();
    }
  };
  return { upload, run };
}

// A server that refuses the week: it turned or the roster ran out while sending, or this device or the server has the wrong time.
function whyNotOpen(drop) {
  return new Problem(ended(drop, clock()) ?? "clock");
}
