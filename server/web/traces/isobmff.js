// ISO base media files (ISO 14496-12): boxes in boxes, in films (MP4, MOV) and in HEIC and AVIF pictures.

import { CannotLook } from "./source.js";
import { latin1 } from "./text.js";

const MAX_DEPTH = 12;

/** The boxes between two offsets: {type, start, end, from (where its contents begin), depth}. */
export async function* boxes(source, from = 0, to = source.size, depth = 0) {
  if (depth > MAX_DEPTH) throw new CannotLook("boxes too deep");
  let at = from;
  while (at + 8 <= to) {
    source.budget.step();
    const view = await source.view(at, 8);
    let length = view.getUint32(0);
    let head = 8;
    const type = latin1(new Uint8Array(view.buffer, view.byteOffset + 4, 4));
    if (length === 1) {
      const long = await source.view(at + 8, 8);
      length = long.getUint32(0) * 2 ** 32 + long.getUint32(4);
      head = 16;
    } else if (length === 0) {
      // To the end of what it lies in.
      length = to - at;
    }
    if (length < head || at + length > to) throw new CannotLook("a box that does not fit");
    yield { type, start: at, from: at + head, end: at + length, depth };
    at += length;
  }
}

/** The boxes in a box; `skip` bytes of its contents come before them. */
export function inside(source, box, skip = 0) {
  return boxes(source, box.from + skip, box.end, box.depth + 1);
}

/** Names the kind of a file that begins with "ftyp": its brand, or "" where there is none. */
export async function brand(source) {
  if (source.size < 12) return "";
  const head = latin1(await source.bytes(0, 12));
  return head.slice(4, 8) === "ftyp" ? head.slice(8, 12) : "";
}
