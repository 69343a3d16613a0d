// The only randomness of the page: crypto.getRandomValues, which insecure contexts have as well.

/** n fresh random bytes (at most 65,536). */
export function randomBytes(n) {
  return crypto.getRandomValues(new Uint8Array(n));
}

/** A uniform integer below n (n at most 2^32). */
export function randomBelow(n) {
  // Values from the last, incomplete run of n are thrown away: a remainder would favour small numbers.
  const limit = Math.floor(0x100000000 / n) * n;
  const word = new Uint32Array(1);
  do {
    crypto.getRandomValues(word);
  } while (word[0] >= limit);
  return word[0] % n;
}

/** A new list of the same items in uniformly random order (Fisher and Yates). */
export function shuffled(items) {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = randomBelow(i + 1);
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}
