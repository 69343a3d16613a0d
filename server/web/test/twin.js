// The JavaScript twin, for the Python tests: one JSON request a line on stdin, one JSON answer a line on stdout.
// A request is {"do": name, ...}, bytes in base64; an answer is {"gave": ...} or {"refused": name}.
// Run as: node --import ./test/text.js test/twin.js

import { createInterface } from "node:readline";
import { Geometry } from "../box.js";
import { base64, unbase64 } from "../bytes.js";
import { decode, encode } from "../canonical.js";
import { readAcknowledgement, readBoard } from "../card.js";
import { generateCodename, parseCodename, threadKeys } from "../codename.js";
import * as cobblestone from "../cobblestone.js";
import { KnotholeError } from "../errors.js";
import { publicKeyOf, tryPublicKey } from "../hpke.js";
import { buildLetter, readLetter } from "../letter.js";
import { leafHash } from "../merkle.js";
import { checkName, cleanName, foldName } from "../names.js";
import { parseNote, verifyNote } from "../note.js";
import { openBox } from "../open.js";
import { checkProof, solveProof } from "../proof.js";
import { parseFingerprint, readChain } from "../root.js";
import { readRoster } from "../roster.js";
import { idOfPart, sealBox } from "../seal.js";
import { encodeHead, fileStreamId, merkleRoot } from "../stream.js";
import { LISTED } from "./listed.js";

const un = (text) => (text === undefined ? undefined : unbase64(text));
const rosterOf = ({ roster, chain, now, known }) =>
  readRoster(un(roster), readChain(un(chain), { now }), { now, known });

function sealing(request) {
  const { head } = request;
  return {
    geometry: new Geometry(request.size, request.slots),
    epoch: request.epoch,
    dropId: un(request.dropId),
    recipients: request.recipients.map(un),
    threadSecret: un(request.threadSecret),
    header: encodeHead({ ...head, stream: un(head.stream), root: un(head.root), path: un(head.path) }),
    body: un(request.body),
    use: cobblestone[request.engine ?? "webcrypto"],
  };
}

function letterOf({ draft, dropId, codename, capacity }) {
  const files = draft.files.map((file) => ({
    ...file,
    root: un(file.root),
    stream: un(file.stream),
    bytes: un(file.bytes),
  }));
  const keys = threadKeys(parseCodename(codename, LISTED), un(dropId));
  const rosterHash = un(draft.rosterHash);
  return buildLetter({ ...draft, files, rosterHash, keys, dropId: un(dropId), capacity });
}

const COMMANDS = {
  canonical: ({ bytes }) => encode(decode(un(bytes))),
  note({ bytes, keys, threshold }) {
    const note = parseNote(un(bytes));
    verifyNote(
      note,
      keys.map(({ name, key }) => ({ name, key: un(key) })),
      threshold,
    );
    return { text: note.text, signers: note.signatures.map(({ name }) => name) };
  },
  chain({ chain, dropId, now, epochs = [] }) {
    const { dropId: found, fingerprint, current, roots } = readChain(un(chain), { dropId: un(dropId), now });
    const { version, drop, threshold, admins, issued, expires, retentionDays } = current;
    const boxes = epochs.map((epoch) => {
      const geometry = current.geometry(epoch);
      return geometry && [geometry.size, geometry.slots, geometry.capacity];
    });
    const shown = { version, drop, threshold, admins, issued, expires, retentionDays, boxes };
    return { dropId: found, fingerprint, count: roots.length, ...shown };
  },
  roster(request) {
    const known = request.known && rosterOf({ ...request, roster: request.known, known: undefined });
    const { hash, version, issued, expires, recipients } = rosterOf({ ...request, known });
    const shown = recipients.map(({ epochs, ...rest }) => ({ ...rest, epochs: [...epochs] }));
    return { hash, version, issued, expires, recipients: shown };
  },
  fingerprint: ({ text }) => parseFingerprint(text),
  generate: () => generateCodename(LISTED),
  codename({ text, dropId }) {
    const words = parseCodename(text, LISTED);
    return { words, ...threadKeys(words, un(dropId)) };
  },
  publicKey: ({ seed }) => publicKeyOf(un(seed)),
  tryKey: ({ key }) => tryPublicKey(un(key)) ?? true,
  seal: (request) => sealBox(sealing(request)),
  id: (request) => idOfPart(sealing(request)),
  open({ box, id, size, slots, epoch, dropId, keys, engine = "webcrypto" }) {
    const geometry = new Geometry(size, slots);
    const use = cobblestone[engine];
    return openBox(un(box), { geometry, epoch, dropId: un(dropId), id: un(id), keys: keys.map(un), use });
  },
  async leaves({ bodies, threadSecret }) {
    const root = merkleRoot(await Promise.all(bodies.map((body) => leafHash(un(body)))));
    return { root, stream: fileStreamId(un(threadSecret), root) };
  },
  async letter(request) {
    const letter = await letterOf(request);
    const parts = letter.bodies.map((_, i) => letter.part(i));
    return { bytes: letter.bytes, stream: letter.stream, inside: letter.files.map((f) => f.inside), parts };
  },
  readLetter: ({ bytes, dropId, capacity }) => readLetter(un(bytes), { dropId: un(dropId), capacity }),
  board({ board, replyKey, dropId, thread, senders, engine = "webcrypto" }) {
    const keys = new Map(Object.entries(senders).map(([sender, key]) => [sender, un(key)]));
    const given = { replyKey: un(replyKey), dropId: un(dropId), thread: un(thread), senders: keys };
    return readBoard(un(board), { ...given, use: cobblestone[engine] });
  },
  acknowledgement: ({ text }) => readAcknowledgement(text),
  checkName: ({ name }) => checkName(name),
  foldName: ({ name }) => foldName(name),
  cleanNames({ names }) {
    const taken = new Set();
    return names.map((name) => cleanName(name, taken));
  },
  solve: ({ permit, epoch, id, difficulty }) => solveProof(permit, epoch, un(id), difficulty),
  check: ({ permit, epoch, id, difficulty, nonce }) => checkProof(permit, epoch, un(id), difficulty, nonce),
};

async function answer(request) {
  try {
    return { gave: await COMMANDS[request.do](request) };
  } catch (error) {
    if (error instanceof KnotholeError) return { refused: error.name };
    // A refusal without a name is a defect: the tests must see it as one.
    return { broke: String(error?.stack ?? error) };
  }
}

const bytesAsText = (_, value) => (value instanceof Uint8Array ? base64(value) : value);
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)), bytesAsText)}\n`);
}
