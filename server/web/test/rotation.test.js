// The rotation table (tests/rotation/), asked of the page: the same rows that every reader in Python is held to.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadLists } from "../drop.js";
import { KnotholeError } from "../errors.js";
import { problemOf } from "../problems.js";
import { readChain } from "../root.js";
import { readRoster } from "../roster.js";
import { buildChain, buildRoster, joined, moment, TABLE } from "./rotation.js";

// What was known before was in force in its own time.
function knownOf(row, chain) {
  if (!row.known) return {};
  const { roots, roster } = row.known;
  const before = Array.isArray(roots) ? buildChain(roots) : chain.slice(0, roots);
  const read = readChain(joined(before), { now: moment(before.at(-1).words.issued) });
  if (!roster) return { chain: read };
  const bytes = buildRoster(roster, before);
  return { chain: read, bytes, roster: readRoster(bytes, read, { now: moment(roster.issued ?? -1) }) };
}

async function answer(row) {
  const chain = buildChain(row.roots);
  const known = knownOf(row, chain);
  const note = buildRoster(row.roster, chain, known.bytes);
  const other = row.fingerprint === "another drop" && buildChain([{ drop: "Another" }]);
  const pinned = other ? readChain(joined(other), { now: moment(0) }).dropId : known.chain?.dropId;
  const api = { roots: async () => joined(chain), roster: async () => note };
  const now = moment(row.now ?? 0);
  await loadLists({ api, dropId: pinned, now, known: known.chain && known });
  return "accepted";
}

for (const row of TABLE) {
  test(row.row, async () => {
    const found = await answer(row).catch((error) => error);
    assert.equal(
      found.name ?? found,
      row.but?.page ?? row.expect,
      `${found.stack ?? ""} Due because: ${row.why}`,
    );
    if (found === "accepted") return;
    assert.ok(found instanceof KnotholeError);
    // Nothing that administrators or an altered server cause may look to a source like a defect of the page.
    assert.ok(["altered", "off", "clock"].includes(problemOf(found).kind));
  });
}

test("most rows must be refused", () => {
  const refused = TABLE.filter(({ expect }) => expect !== "accepted").length;
  assert.ok(TABLE.length >= 40 && refused >= 0.75 * TABLE.length);
});
