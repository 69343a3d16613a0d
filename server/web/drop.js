// What the page knows of its drop: the chain and the roster, fetched and checked against the drop_id in the page. The page
// came from the same server, so this catches a server that alters lists, not one that serves another page.

import { unhex } from "./bytes.js";
import { epochOf } from "./epoch.js";
import { Problem } from "./problems.js";
import { fingerprint, readChain } from "./root.js";
import { readRoster } from "./roster.js";

/** Seconds since 1970 by this device. */
export function clock() {
  return Math.floor(Date.now() / 1000);
}

/**
 * Fetch and check, against the newest roster `known` if there is one: {dropId, name, roster, epoch, geometry, readers, away, earlier}. `readers` have a key this week, `away`
 * have none. Throws what readChain and readRoster refuse, Unreachable, BadAnswer, Problem.
 */
export async function loadDrop({ api, dropIdHex, shownFingerprint, now, known, signal }) {
  const dropId = unhex(dropIdHex, 32);
  if (shownFingerprint !== fingerprint(dropId)) throw new Problem("altered", { detail: "fingerprint" });
  const [roots, note] = await Promise.all([api.roots(signal), api.roster(signal)]);
  const chain = readChain(roots, { dropId, now });
  const roster = readRoster(note, chain, { now, known });
  const epoch = epochOf(now);
  const geometry = chain.current.geometry(epoch);
  const readers = roster.receiving(epoch);
  if (geometry === null || readers.length === 0) throw new Problem("nobody");
  const away = roster.recipients.filter((reader) => !readers.includes(reader));
  return { dropId, name: chain.current.drop, roster, epoch, geometry, readers, away, chain };
}

/** Why a loaded drop may not be sealed for any more: "epoch" (its week ended), "off" (its roster ran out), or null. */
export function ended({ roster, epoch }, now) {
  if (epochOf(now) !== epoch) return "epoch";
  return now < roster.expires ? null : "off";
}

/**
 * The epoch to seal for and, when a part could have been stored in it for the same people, the one before: what workers
 * are set up with. A box of the week before counts as sent only if every chosen reader could open it.
 */
export function weeksFor({ chain, epoch, geometry }, chosen) {
  const week = (number, { size, slots }) => ({
    epoch: number,
    size,
    slots,
    recipients: chosen.map(({ epochs }) => epochs.get(number)),
  });
  const before = chain.current.geometry(epoch - 1);
  const same = before !== null && before.capacity === geometry.capacity;
  const had = same && chosen.every(({ epochs }) => epochs.has(epoch - 1));
  return { sealing: week(epoch, geometry), earlier: had ? week(epoch - 1, before) : null };
}
