// What each kind of vector asks of the page's modules: `given` in, the values of `expect` out, or a refusal thrown.

import { Geometry, readPlaintext } from "../box.js";
import { hex, readU32, unhex } from "../bytes.js";
import { decode, encode } from "../canonical.js";
import { readAcknowledgement, readBoard } from "../card.js";
import { parseCodename, threadKeys } from "../codename.js";
import { endOf, epochOf, isOpen, startOf } from "../epoch.js";
import { publicKeyOf, tryPublicKey } from "../hpke.js";
import { derive, sha256 } from "../kdf.js";
import { buildLetter, readLetter } from "../letter.js";
import { checkDistinct, checkName, cleanName, foldName } from "../names.js";
import { noteHash, parseNote, verifyNote } from "../note.js";
import { openBox } from "../open.js";
import { checkProof, solveProof } from "../proof.js";
import { fingerprint, parseFingerprint, readChain } from "../root.js";
import { readRoster } from "../roster.js";
import { idOfPart, sealBox } from "../seal.js";
import { checkPart, encodeHead, fileStreamId, leafHash, MerkleTree, readHead } from "../stream.js";
import { boardOf, edited, plaintext, spell } from "./recipes.js";
import { LISTED } from "./listed.js";

/** Kinds that the page has no layer for: files of boxes are for servers, enrolments, key files and writing cards for desks and administrators. */
export const ELSEWHERE = ["boxes_file", "card", "enrolment", "verifier_key"];

const geometryOf = ({ size, slots }) => new Geometry(size, slots);

function runCanonical({ json }) {
  const bytes = spell(json);
  const value = decode(bytes);
  return hex(encode(value)) === hex(bytes) ? { value } : {};
}

function runDerive({ secret, label, data, length }) {
  return { out: hex(derive(unhex(secret), label, unhex(data), length)) };
}

function runEpoch({ times, epoch, moments }) {
  return {
    epochs: times.map(epochOf),
    start: startOf(epoch),
    end: endOf(epoch),
    accepts: moments.map((now) => isOpen(epoch, now)),
  };
}

function runGeometry({ boxes }) {
  return { plaintext: boxes.map(([size, slots]) => new Geometry(size, slots).plaintext) };
}

function runProof({ permit, epoch, box_id: id, difficulty, nonces }) {
  return {
    smallest: solveProof(permit, epoch, unhex(id), difficulty),
    valid: nonces.map((nonce) => checkProof(permit, epoch, unhex(id), difficulty, nonce)),
  };
}

function runCodename({ text, drop_id: dropId }) {
  const words = parseCodename(text, LISTED);
  const keys = threadKeys(words, unhex(dropId));
  return {
    words: words.join(" "),
    thread_secret: hex(keys.threadSecret),
    signing_seed: hex(keys.signSeed),
    thread: hex(keys.thread),
    reply_key: hex(keys.replyKey),
  };
}

function runFingerprint({ text }) {
  const dropId = hex(parseFingerprint(text));
  return hex(parseFingerprint(fingerprint(unhex(dropId)))) === dropId ? { drop_id: dropId } : {};
}

function runNote({ note, keys, threshold }) {
  const parsed = parseNote(spell(note));
  const trusted = keys.map(({ key, name }) => ({ key: unhex(key), name }));
  verifyNote(parsed, trusted, threshold);
  return { hash: hex(noteHash(parsed)), value: parsed.value };
}

function runRoot({ roots, now, drop_id: dropId, epochs = [] }) {
  const chain = readChain(spell(roots), { dropId: dropId && unhex(dropId), now });
  const looks = epochs.map((epoch) => chain.current.geometry(epoch));
  return {
    drop_id: hex(chain.dropId),
    fingerprint: chain.fingerprint,
    version: chain.current.version,
    hash: hex(noteHash(chain.current.note)),
    geometry: looks.map((look) => (look ? [look.size, look.slots] : [])),
  };
}

// The date of issue that the last note of some bytes carries.
function issuedOf(bytes) {
  return Number(/.*"issued":([0-9]+)/s.exec(new TextDecoder().decode(spell(bytes)))[1]);
}

function runRoster({ roots, roster, now, known, epochs = [] }) {
  // The question is the roster, at `now`; what was known before it was in force in its own time.
  const chain = readChain(spell(roots), { now: issuedOf(roots) });
  const before = known && readRoster(spell(known), chain, { now: issuedOf(known) });
  const read = readRoster(spell(roster), chain, { now, known: before });
  return {
    hash: hex(read.hash),
    version: read.version,
    receiving: epochs.map((epoch) => read.receiving(epoch).map(({ id }) => id)),
  };
}

function runWeeklyKey({ key }) {
  tryPublicKey(spell(key));
  return { usable: true };
}

async function part({ head, body }) {
  return { head: decode(encodeHead(head)), body_length: body.length, leaf: hex(await leafHash(body)) };
}

async function runPart(given) {
  const geometry = geometryOf(given);
  const { header, body } = readPlaintext(plaintext(given.plaintext, geometry), geometry);
  const head = readHead(header, { capacity: geometry.capacity, bodyLength: body.length });
  await checkPart(head, body);
  return part({ head, body });
}

async function runBox(given) {
  return part(
    await openBox(await edited(given.box, geometryOf(given)), {
      geometry: geometryOf(given),
      epoch: given.epoch,
      dropId: unhex(given.drop_id),
      id: unhex(given.box_id),
      keys: given.seeds.map((seed) => unhex(seed)),
    }),
  );
}

async function runMerkle({ bodies, thread_secret: secret }) {
  const tree = new MerkleTree(await Promise.all(bodies.map((body) => leafHash(spell(body)))));
  return {
    root: hex(tree.root),
    paths: bodies.map((_, i) => hex(tree.path(i))),
    stream: hex(fileStreamId(unhex(secret), tree.root)),
  };
}

function toSeal(given, recipients) {
  return {
    geometry: geometryOf(given),
    epoch: given.epoch,
    dropId: unhex(given.drop_id),
    recipients,
    threadSecret: unhex(given.thread_secret),
    header: spell(given.header),
    body: spell(given.body),
  };
}

async function runBoxId(given) {
  const recipients = given.seeds.map((seed) => publicKeyOf(unhex(seed)));
  return { box_id: hex(await idOfPart(toSeal(given, recipients))) };
}

async function runSeal(given) {
  const { id } = await sealBox(toSeal(given, given.recipients.map(spell)));
  return { box_id: hex(id) };
}

async function runLetter({ letter, drop_id: dropId, capacity }) {
  const bytes = spell(letter);
  const read = await readLetter(bytes, { dropId: unhex(dropId), capacity });
  const inside = read.files.filter((file) => file.inside).map((file) => [file.name, hex(file.bytes)]);
  return {
    type: decode(bytes.subarray(4, 4 + readU32(bytes))).type,
    nonce: hex(read.nonce),
    day: read.day,
    files: read.files.map((file) => ({
      inside: file.inside,
      name: file.name,
      root: hex(file.root),
      size: file.size,
      stream: hex(file.stream),
      type: file.type,
    })),
    language: read.language,
    message: read.message,
    read: read.read,
    recipients: read.recipients,
    reply_key: hex(read.replyKey),
    roster: hex(read.roster),
    thread: hex(read.thread),
    contents: Object.fromEntries(inside),
  };
}

function runFileNames({ names }) {
  names.forEach(checkName);
  checkDistinct(names);
  return { folded: names.map(foldName) };
}

function runCleanedNames({ names }) {
  const taken = new Set();
  return { names: names.map((name) => cleanName(name, taken)) };
}

async function runWrittenLetter(given) {
  const keys = threadKeys(parseCodename(given.codename, LISTED), unhex(given.drop_id));
  const files = given.files.map(async ({ name, type, bytes: recipe }) => {
    const bytes = spell(recipe);
    const root = await leafHash(bytes);
    return { name, type, size: bytes.length, root, stream: fileStreamId(keys.threadSecret, root), bytes };
  });
  const letter = await buildLetter({
    dropId: unhex(given.drop_id),
    keys,
    message: new TextDecoder().decode(spell(given.message)),
    language: given.language,
    day: given.day,
    files: await Promise.all(files),
    recipients: given.recipients,
    rosterHash: unhex(given.roster),
    read: given.read,
    capacity: given.capacity,
  });
  return {
    inside: letter.files.map(({ inside }) => inside),
    length: letter.bytes.length,
    sha256: hex(sha256(letter.bytes)),
    stream: hex(letter.stream),
  };
}

async function runBoard({ board, reply_key: replyKey, drop_id: dropId, thread, senders }) {
  return readBoard(await boardOf(board), {
    replyKey: unhex(replyKey),
    dropId: unhex(dropId),
    thread: unhex(thread),
    senders: new Map(Object.entries(senders).map(([sender, key]) => [sender, unhex(key)])),
  });
}

function runAcknowledgement({ text }) {
  return { acknowledgement: readAcknowledgement(text) };
}

export const KINDS = {
  acknowledgement: runAcknowledgement,
  board: runBoard,
  box: runBox,
  box_id: runBoxId,
  canonical: runCanonical,
  cleaned_names: runCleanedNames,
  codename: runCodename,
  derive: runDerive,
  epoch: runEpoch,
  file_names: runFileNames,
  fingerprint: runFingerprint,
  geometry: runGeometry,
  letter: runLetter,
  merkle: runMerkle,
  note: runNote,
  part: runPart,
  proof: runProof,
  root: runRoot,
  roster: runRoster,
  seal: runSeal,
  weekly_key: runWeeklyKey,
  written_letter: runWrittenLetter,
};
