// The first pass: every file is read once in full, so that each part can prove its place; then the letter is written. What
// comes out is a list of parts in the order of sending. Nothing is sent here, and no file is kept in memory.

import { equal, hex } from "./bytes.js";
import { Stopped } from "./gate.js";
import { buildLetter, planLetter } from "./letter.js";
import { leafHash, MerkleTree } from "./merkle.js";
import { countOf, encodeHead, fileStreamId } from "./stream.js";
import { distinctFiles } from "./ui-state.js";

/** The pieces of a file: {file, start, end, fileKey}, one for each body. */
function* pieces({ file, size, key }, capacity) {
  const count = countOf(size, capacity);
  for (let i = 0; i < count; i++) {
    yield { file, start: i * capacity, end: Math.min(size, (i + 1) * capacity), fileKey: key };
  }
}

/**
 * Read all files: the same ones with `leaves`, `tree` and `root`. `progress(bytes)` is told how much was read; `signal`
 * ends the reading. Throws JobFailed "FileChanged" with the file's key.
 */
export async function hashFiles({ files, pool, capacity, progress, signal }) {
  let read = 0;
  const out = [];
  for (const file of files) {
    const sources = [...pieces(file, capacity)];
    const leaves = new Array(sources.length);
    let next = 0;
    const lane = async () => {
      while (next < sources.length) {
        if (signal.aborted) throw new Stopped();
        const index = next++;
        leaves[index] = await pool.run("leaf", { source: sources[index] });
        read += sources[index].end - sources[index].start;
        progress(read);
      }
    };
    await Promise.all(Array.from({ length: pool.size * 2 }, lane));
    const tree = new MerkleTree(leaves);
    out.push({ ...file, leaves, tree, root: tree.root });
  }
  return out;
}

/**
 * Write the letter and list all parts, the letter's first: {letter, parts, bytes, same}. `letter` is its id, in hex. `read` are the replies that the letter
 * names as read, {sender, sequence}. The letter names every file; `same` are
 * those whose contents another one has already, so that they need no parts of their own. A part is {kind, size, source, header()}: the head is made when it is wanted, because a
 * long film's audit paths would fill more memory than its hashes. Throws CannotSeal, BadFileName, JobFailed, and
 * an error named "FileChanged" with the file's key.
 */
export async function prepare({ dropId, keys, draft, read, hashed, recipients, rosterHash, day, capacity }) {
  const files = hashed.map((file) => ({ ...file, stream: fileStreamId(keys.threadSecret, file.root) }));
  const { message, language } = draft;
  const frame = { message, language, day, recipients, read, capacity };
  const { inside } = planLetter({ ...frame, files });
  for (const file of files.filter((_, i) => inside[i])) {
    file.bytes = await readAgain(file);
  }
  const letter = await buildLetter({ ...frame, dropId, keys, files, rosterHash });
  const parts = Array.from({ length: letter.count }, (_, i) => letterPart(letter, i));
  const { kept, same } = distinctFiles(files.filter((_, i) => !inside[i]));
  for (const file of kept) parts.push(...fileParts(file, capacity));
  return { letter: hex(letter.stream), parts, same, bytes: parts.reduce((sum, { size }) => sum + size, 0) };
}

// What goes into the letter must be what the first pass read; named, so that the page can say which file is not.
async function readAgain({ file, size, root, key }) {
  const bytes = await file.arrayBuffer().then(
    (buffer) => new Uint8Array(buffer),
    () => null,
  );
  if (bytes?.length === size && equal(await leafHash(bytes), root)) return bytes;
  throw Object.assign(new Error("a file changed"), { name: "FileChanged", facts: { fileKey: key } });
}

function letterPart(letter, index) {
  const { header, body } = letter.part(index);
  return { kind: "letter", size: body.length, source: { bytes: body.slice() }, header: () => header };
}

function fileParts(file, capacity) {
  const count = file.leaves.length;
  return [...pieces(file, capacity)].map((source, index) => ({
    kind: "file",
    size: source.end - source.start,
    source: { ...source, leaf: file.leaves[index] },
    header: () =>
      encodeHead({
        kind: "file",
        stream: file.stream,
        index,
        count,
        root: file.root,
        path: file.tree.path(index),
      }),
  }));
}
