// The list of words, from the file that Python reads.

import { readFile } from "node:fs/promises";
import { readWords } from "../words.js";

/** The file's bytes. */
export const WORDS_FILE = new Uint8Array(
  await readFile(new URL("../../../keys/knothole_keys/words.txt", import.meta.url)),
);
/** The list, as words.js gives it. */
export const LISTED = readWords(WORDS_FILE);
