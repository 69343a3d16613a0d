// What the page knows of its drop: the chain and the roster, fetched and checked against the drop_id in the page. The page
// came from the same server, so this catches a server that alters lists, not one that serves another page.

import { equal, unhex } from "./bytes.js";
import { epochOf, isOpen, startOf } from "./epoch.js";
import { BrokenChain } from "./errors.js";
import { noteHash, parseNote } from "./note.js";
import { Problem } from "./problems.js";
import { fingerprint, readChain } from "./root.js";
import { readRoster } from "./roster.js";

// A publication between two fetches makes a roster and a chain that do not fit; twice in a row is no coincidence.
const FETCHES = 3;

/** Seconds since 1970 by this device. */
export function clock() {
  return Math.floor(Date.now() / 1000);
}

/**
 * Fetch and check both lists, against those `known` ({roster, chain}) if there are any: {dropId, chain, roster}. `lapsed`
 * takes lists that ran out, which serve for reading replies only. Throws what
 * readChain and readRoster refuse, BrokenChain for a chain that does not begin as the known one, Unreachable, BadAnswer.
 */
export async function loadLists({ api, dropId, now, known, signal, lapsed = false }) {
  for (let fetches = 1; ; fetches++) {
    const [roots, note] = await Promise.all([api.roots(signal), api.roster(signal)]);
    const chain = readChain(roots, { dropId, now, lapsed });
    if (known && !extendsChain(chain, known.chain)) throw new BrokenChain();
    if (fetches < FETCHES && parseNote(note).value.root_version !== chain.current.version) continue;
    return { dropId, chain, roster: readRoster(note, chain, { now, known: known?.roster, lapsed }) };
  }
}

function extendsChain({ roots }, known) {
  return known.roots.every(({ note }, i) => roots[i] && equal(noteHash(roots[i].note), noteHash(note)));
}

/**
 * The lists, and what follows from them: {dropId, name, chain, roster, epoch, geometry, readers, away}. `readers` have a
 * key this week, `away` have none. Throws what loadLists throws, and Problem.
 */
export async function loadDrop({ api, dropIdHex, shownFingerprint, now, known, signal }) {
  const dropId = unhex(dropIdHex, 32);
  if (shownFingerprint !== fingerprint(dropId)) throw new Problem("altered", { detail: "fingerprint" });
  const { chain, roster } = await loadLists({ api, dropId, now, known, signal });
  const epoch = epochOf(now);
  const geometry = chain.current.geometry(epoch);
  const readers = roster.receiving(epoch);
  if (geometry === null || readers.length === 0) throw new Problem("nobody");
  const away = roster.recipients.filter((reader) => !readers.includes(reader));
  return { dropId, name: chain.current.drop, chain, roster, epoch, geometry, readers, away };
}

/** When (seconds) the roster or the root runs out, whichever does first. */
export function lastsUntil({ roster, chain }) {
  return Math.min(roster.expires, chain.current.expires);
}

/** True once the roster or the root has run out: who reads is not known any more. */
export function ranOut(lists, now) {
  return !(now < lastsUntil(lists));
}

/** Those `readers` whose key of the week cannot be sealed to: `pool` encapsulates to each once, and nothing is read. */
export async function unusable({ readers, epoch }, pool) {
  const good = await Promise.all(readers.map(({ epochs }) => pool.run("try", { key: epochs.get(epoch) })));
  return readers.filter((_, i) => !good[i]);
}

/** Why nothing new may be begun with a loaded drop: "epoch" (its week ended), "off" (its lists ran out), or null. */
export function ended(drop, now) {
  if (epochOf(now) !== drop.epoch) return "epoch";
  return ranOut(drop, now) ? "off" : null;
}

/** Why a box of an epoch may not be sealed now, or null: what was begun in its week may go on for a day after it. */
export function unsealable(epoch, now) {
  if (now < startOf(epoch)) return "clock";
  return isOpen(epoch, now) ? null : "epoch";
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
