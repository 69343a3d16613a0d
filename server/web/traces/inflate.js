// Unpacking by the browser's own DecompressionStream, up to a limit: what would unpack to gigabytes is left after a little.

import { concat } from "../bytes.js";
import { CannotLook } from "./source.js";

/** Bytes that one packed thing may unpack to; more are left packed. */
export const INFLATE_LIMIT = 8 * 2 ** 20;

/** Whether this browser can unpack at all. */
export function canInflate() {
  return typeof globalThis.DecompressionStream === "function";
}

/**
 * Unpacked bytes, paid from `budget`; `format` is "deflate" (zlib) or "deflate-raw". What comes before an error or before the
 * limit is returned, and `found.whole` says that it is not all. Throws CannotLook when nothing comes.
 */
export async function inflate(bytes, format, budget, found, most = INFLATE_LIMIT) {
  if (!canInflate()) throw new CannotLook("this browser cannot unpack");
  const stream = new DecompressionStream(format);
  const writer = stream.writable.getWriter();
  // Both fail with the stream, and the reader says so.
  writer.write(bytes).catch(() => {});
  writer.close().catch(() => {});
  const reader = stream.readable.getReader();
  const parts = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return concat(...parts);
      parts.push(value);
      size += value.length;
      if (size > most) break;
      budget.read(value.length);
    }
  } catch {
    if (size === 0) throw new CannotLook("not packed as it says");
  }
  reader.cancel().catch(() => {});
  found.whole = false;
  return concat(...parts).subarray(0, most);
}
