// The codename: eight words that are the source's only key, and all that follows from them (SPEC section 6).

import { concat, utf8 } from "./bytes.js";
import { publicKeyOf } from "./ed25519.js";
import { BadCodename } from "./errors.js";
import { derive, hkdf, label } from "./kdf.js";
import { randomBelow } from "./random.js";

export const WORDS = 8;

/** Eight words, each chosen uniformly: 103 bits. The argument is the list as words.js gives it. */
export function generateCodename({ list }) {
  return Array.from({ length: WORDS }, () => list[randomBelow(list.length)]);
}

/**
 * The words in what a person typed: letters, with a hyphen only between two of them. Whatever else stands there parts words:
 * commas, a list's numbers, digits of any script. ASCII letters in lower case; no other letter becomes one.
 */
export function typedWords(text) {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).match(/\p{L}+(?:-\p{L}+)*/gu) ?? [];
}

/** The eight words that a person typed, as typedWords finds them; the last argument is the list as words.js gives it. Refuses BadCodename. */
export function parseCodename(text, { known }) {
  const words = typedWords(text);
  if (words.length !== WORDS) {
    throw new BadCodename(
      `There are ${words.length} words here, and a codename has eight; type all of them.`,
    );
  }
  // Which word is wrong may be said: it is on the screen of the one who typed it, and on no other.
  const wrong = words.flatMap((word, i) => (known.has(word) ? [] : [i + 1]));
  if (wrong.length > 0) {
    throw new BadCodename(`Word ${wrong.join(", ")} of the codename is not in the list; check its spelling.`);
  }
  return words;
}

/** What a codename is in one drop: {threadSecret, signSeed, thread, replyKey}, 32 bytes each. */
export function threadKeys(words, dropId) {
  const master = hkdf(utf8(words.join(" ")), concat(label("knothole/1"), dropId), label("master"), 64);
  const signSeed = derive(master, "thread-sign");
  return {
    threadSecret: derive(master, "thread"),
    signSeed,
    thread: publicKeyOf(signSeed),
    replyKey: derive(master, "reply"),
  };
}
