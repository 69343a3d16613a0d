// Looking for answers: the lists, the whole board, and the trial of every slot on this device. The same three requests
// whoever asks, and whatever is found: nobody who watches the server learns for whom something was there.

import { answersOf } from "./answers.js";
import { unhex } from "./bytes.js";
import { readBoard, SLOT } from "./card.js";
import { threadKeys } from "./codename.js";
import { clock, lastsUntil, loadLists, ranOut } from "./drop.js";
import { patiently, Stopped } from "./gate.js";
import { isPassing } from "./reasons.js";

/**
 * What the board holds for a codename: {replies, letters, ignored, incomplete, slots, lapsed}. The first two are answersOf's;
 * `ignored` opened but nobody on the list signed them, `incomplete` lack pieces, `slots` were tried; `lapsed` is the time
 * (seconds) at which the list ran out, or null. `known` are lists seen before ({roster, chain}) or null. `progress` is told
 * {bytes} while the board arrives, then {done, total} while it is tried. Throws what loadLists and Api.board throw, Stopped.
 */
export async function lookForAnswers({ api, dropIdHex, words, known, progress, signal }) {
  const dropId = unhex(dropIdHex, 32);
  const ask = (action) => patiently(action, isPassing, signal);
  const lists = await ask(() => loadLists({ api, dropId, now: clock(), known, signal, lapsed: true }));
  const board = await ask(() => api.board((bytes) => progress({ bytes }), signal));
  if (signal.aborted) throw new Stopped();
  const { replyKey, thread } = threadKeys(words, dropId);
  const { recipients } = lists.roster;
  const found = await readBoard(board, {
    replyKey,
    dropId,
    thread,
    senders: new Map(recipients.map(({ id, key }) => [id, key])),
    progress: (done, total) => {
      if (signal.aborted) throw new Stopped();
      progress({ done, total });
    },
  });
  if (signal.aborted) throw new Stopped();
  const names = new Map(recipients.map(({ id, name }) => [id, name]));
  return {
    ...answersOf(found.cards, names),
    ignored: found.ignored,
    incomplete: found.incomplete,
    slots: board.length / SLOT,
    lapsed: ranOut(lists, clock()) ? lastsUntil(lists) : null,
  };
}
