// IPTC's record of a picture, and the Photoshop resources in which it mostly travels (IIM 4.2; Adobe's file format notes).

import { decode } from "./text.js";

const RECORDS = new Map([
  [5, "text"], // ObjectName
  [25, "text"], // Keywords
  [40, "text"], // SpecialInstructions
  [55, "taken"],
  [65, "software"],
  [80, "author"], // By-line
  [90, "place"], // City
  [92, "place"],
  [95, "place"],
  [101, "place"],
  [103, "id"], // OriginalTransmissionReference
  [105, "text"],
  [110, "author"], // Credit
  [115, "owner"], // Source
  [116, "owner"],
  [118, "author"], // Contact
  [120, "text"], // Caption
  [122, "author"], // its writer
]);
const MAX_RECORDS = 1000;

/** IPTC-IIM: datasets of five bytes' head each. */
export function iptc(bytes, found) {
  for (let at = 0, n = 0; at + 5 <= bytes.length && bytes[at] === 0x1c && n < MAX_RECORDS; n++) {
    const length = (bytes[at + 3] << 8) | bytes[at + 4];
    // The first bit would say that the length is longer than two bytes, which nothing that is read here is.
    if (length > 0x7fff || at + 5 + length > bytes.length) break;
    const what = bytes[at + 1] === 2 ? RECORDS.get(bytes[at + 2]) : undefined;
    if (what) found.text(what, decode(bytes.subarray(at + 5, at + 5 + length)));
    at += 5 + length;
  }
}

const IPTC = 0x0404;
const PREVIEWS = [0x0409, 0x040c];
const MAX_RESOURCES = 1000;

/** Photoshop's image resources: "8BIM", a number, a name, a length, bytes; each padded to an even length. */
export function photoshop(bytes, found) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0, n = 0; at + 12 <= bytes.length && n < MAX_RESOURCES; n++) {
    if (decode(bytes.subarray(at, at + 4)) !== "8BIM") return;
    const number = view.getUint16(at + 4);
    const name = bytes[at + 6] + 1;
    const head = at + 6 + name + (name & 1);
    if (head + 4 > bytes.length) return;
    const length = view.getUint32(head);
    const start = head + 4;
    if (number === IPTC) iptc(bytes.subarray(start, start + length), found);
    if (PREVIEWS.includes(number)) found.mark("preview");
    at = start + length + (length & 1);
  }
}
