// Files that a person chose: by the picker, or dropped, folders included. Nothing is read here; a file is a handle with a
// clean name. A name keeps its folders ("photos/1.jpg" becomes "photos_1.jpg"): they may be evidence, and keep names apart.

import { MAX_FILES } from "./letter-text.js";
import { cleanName } from "./names.js";
import { takenNames } from "./ui-state.js";

let keys = 0;

/**
 * Files with those of `found` added: {files, again}. A file is {key, file, original, given, name, size, type}; `file` is what will be
 * sent, the chosen `original` or a cleaned copy. `found` is an array of {file, path}. Only the very same File object is left out, and `again` says the names: name, size and time can be those of
 * another file, and equal contents are sent once anyway.
 */
export function addFiles(files, found) {
  const taken = takenNames(files);
  const known = new Set(files.map(({ original }) => original));
  const added = [];
  const again = [];
  for (const { file, path } of found) {
    if (known.has(file)) {
      again.push(path);
      continue;
    }
    known.add(file);
    keys += 1;
    const name = cleanName(path, taken);
    added.push({ key: keys, file, original: file, given: path, name, size: file.size, type: file.type });
  }
  return { files: [...files, ...added], again };
}

/** What an <input type="file"> holds now. */
export function pickedFiles(input) {
  return [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

/**
 * What was dropped, folders walked through: {found, unread}, the last one paths of what the browser could not read. Call it
 * inside the event: the browser empties the transfer right after.
 */
export async function droppedFiles(transfer) {
  const items = [...(transfer.items ?? [])].filter(({ kind }) => kind === "file");
  const found = [];
  const unread = [];
  const loose = (file) => file && found.push({ file, path: file.name });
  // Both taken before anything is waited for. Some things have no entry, and are files all the same.
  const taken = items.map((item) => ({ entry: item.webkitGetAsEntry?.(), file: item.getAsFile() }));
  if (taken.length === 0) [...transfer.files].forEach(loose);
  for (const { entry, file } of taken) {
    if (entry) await walk(entry, "", { found, unread });
    else loose(file);
  }
  return { found, unread };
}

async function walk(entry, folder, { found, unread }) {
  // One more than a letter can name is enough to be told so.
  if (found.length > MAX_FILES) return;
  const path = folder + entry.name;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject)).catch(() => null);
    if (file) found.push({ file, path });
    else unread.push(path);
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A reader gives its entries in portions; an empty one is the end.
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve(null)));
    if (some === null) unread.push(`${path}/`);
    if (!some?.length) return;
    for (const one of some) await walk(one, `${path}/`, { found, unread });
  }
}

/** Let a file's cleaned copy travel in its place, or the original again. */
export function sendCleaned(file, clean) {
  file.file = clean ? file.traces.cleaned : file.original;
  file.size = file.file.size;
}
