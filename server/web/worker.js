// The worker: reads one body of a file at a time, hashes it, seals it. It makes no request and keeps nothing but the keys
// of this sending and a few spare wraps; the page ends it when it is done.
//
// A job is {op, job}, its answer {answer} or {error: {name, facts}}: an error's text stays here, it may quote a file's name.

import { Geometry, wrapInfo } from "./box.js";
import { spareWrap, tryPublicKey } from "./hpke.js";
import { BadRecipientKey } from "./errors.js";
import { leafHash } from "./merkle.js";
import { solveProof } from "./proof.js";
import { idOfPart, sealBox } from "./seal.js";
import { equal } from "./bytes.js";

// Spare wraps cost as much as real ones and depend on nothing that is typed: they are made while the person types.
const STOCK = 96;
const spares = [];
let warming = null;
let setting = null;

const OPS = {
  /** Begin to make spare wraps for an epoch. */
  warm({ dropId, epoch }) {
    spares.length = 0;
    if (warming === null) setTimeout(stock, 0);
    warming = { epoch, info: wrapInfo(dropId, epoch) };
    return null;
  },

  /** Whether a public key can be sealed to. */
  try({ key }) {
    try {
      tryPublicKey(key);
      return true;
    } catch (error) {
      if (error instanceof BadRecipientKey) return false;
      throw error;
    }
  },

  /** What all parts of a sending share: {dropId, threadSecret, sealing, earlier}; the last two are epochs to seal for or ask about. */
  setup({ dropId, threadSecret, sealing, earlier }) {
    const weeks = [sealing, ...(earlier ? [earlier] : [])].map(({ epoch, size, slots, recipients }) => ({
      epoch,
      recipients,
      geometry: new Geometry(size, slots),
    }));
    setting = { dropId, threadSecret, weeks };
    // A spare for another week would be refused by nobody and would stand out to whoever holds the keys.
    if (warming?.epoch !== sealing.epoch) spares.length = 0;
    return null;
  },

  /** The leaf hash of a body. */
  async leaf({ source }) {
    return leafHash(await readBody(source));
  },

  /** A part's ids, one for each epoch of the setup. */
  async ids({ source, header }) {
    const body = await readBody(source);
    const { threadSecret, weeks } = setting;
    return Promise.all(weeks.map((week) => idOfPart({ ...week, threadSecret, header, body })));
  },

  /** {id, box} of a part, for the first epoch of the setup. */
  async seal({ source, header }) {
    const body = await readBody(source);
    const { dropId, threadSecret, weeks } = setting;
    return sealBox({ ...weeks[0], dropId, threadSecret, header, body, spareWraps: spares });
  },

  /** The nonce that a permit asks for. */
  proof({ permit, epoch, id, difficulty }) {
    return solveProof(permit, epoch, id, difficulty);
  },
};

// A body is bytes at hand, or a piece of a file that must still be what the first reading saw.
async function readBody({ bytes, file, start, end, leaf, fileKey }) {
  if (bytes) return bytes;
  let body;
  try {
    body = new Uint8Array(await file.slice(start, end).arrayBuffer());
  } catch {
    throw changed(fileKey);
  }
  if (body.length !== end - start) throw changed(fileKey);
  if (leaf && !equal(await leafHash(body), leaf)) throw changed(fileKey);
  return body;
}

function changed(fileKey) {
  return Object.assign(new Error("a file changed"), { name: "FileChanged", facts: { fileKey } });
}

// One at a time, so that a job never waits longer than for one encapsulation.
function stock() {
  if (spares.length < STOCK) spares.push(spareWrap(warming.info));
  setTimeout(stock, spares.length < STOCK ? 5 : 500);
}

self.onmessage = async ({ data: { op, job } }) => {
  try {
    const answer = await OPS[op](job);
    self.postMessage({ answer }, answer?.box ? [answer.box.buffer] : []);
  } catch (error) {
    self.postMessage({ error: { name: String(error?.name ?? "Error"), facts: error?.facts ?? {} } });
  }
};
