// Cleaned copies of JPEG and PNG: the same compressed picture in the same bytes, without what was written beside it. A copy is
// made of slices of the original and holds nothing in memory.

import { concat, u32 } from "../bytes.js";
import { jpegSegments } from "./jpeg.js";
import { PIXELS, pngChunks } from "./png.js";
import { CannotLook } from "./source.js";
import { latin1 } from "./text.js";

// A TIFF block that says how to turn the picture, and nothing else.
function turning(orientation) {
  const head = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8]; // big end first; the directory follows
  const entry = [0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
  return Uint8Array.from([...head, ...entry, 0, 0, 0, 0]);
}

const JPEG_APP = (marker) => marker >= 0xe0 && marker <= 0xef;
const JPEG_COMMENT = 0xfe;
// Reserved for extensions, which no picture needs.
const JPEG_OTHER = (marker) => marker >= 0xf0 || marker <= 0xbf;

/** A cleaned copy of a JPEG as a Blob. Throws CannotLook where its end is not found. */
export async function cleanJpeg(source, orientation) {
  const { segments, end } = await jpegSegments(source);
  if (end === null) throw new CannotLook("no end");
  const first = [Uint8Array.of(0xff, 0xd8)];
  const parts = [];
  for (const segment of segments) {
    const kept = await keptOfJpeg(source, segment);
    if (kept) (isJfif(segment) ? first : parts).push(kept);
  }
  if (orientation > 1) {
    const body = concat(
      Uint8Array.from("Exif\0\0", (letter) => letter.charCodeAt(0)),
      turning(orientation),
    );
    first.push(Uint8Array.of(0xff, 0xe1, 0, body.length + 2), body);
  }
  return new Blob([...first, ...parts, Uint8Array.of(0xff, 0xd9)], { type: "image/jpeg" });
}

const isJfif = ({ marker }) => marker === 0xe0;

async function keptOfJpeg({ blob }, { marker, start, end }) {
  if (marker === JPEG_COMMENT || JPEG_OTHER(marker)) return null;
  if (!JPEG_APP(marker)) return blob.slice(start, end);
  const body = new Uint8Array(await blob.slice(start + 4, Math.min(end, start + 20)).arrayBuffer());
  const name = latin1(body);
  // Resolution, without the preview that may follow it.
  if (marker === 0xe0 && name.startsWith("JFIF\0") && body.length >= 14) {
    return concat(Uint8Array.of(0xff, 0xe0, 0, 16), body.subarray(0, 12), Uint8Array.of(0, 0));
  }
  // Without these two, colours would be others.
  if (marker === 0xe2 && name.startsWith("ICC_PROFILE\0")) return blob.slice(start, end);
  if (marker === 0xee && name.startsWith("Adobe") && body.length >= 12) {
    return concat(Uint8Array.of(0xff, 0xee, 0, 14), body.subarray(0, 12));
  }
  return null;
}

/** A cleaned copy of a PNG as a Blob. Throws CannotLook where its end is not found. */
export async function cleanPng(source, orientation) {
  const { chunks, end } = await pngChunks(source);
  if (end === null || chunks[0].name !== "IHDR") throw new CannotLook("no end");
  const parts = [source.blob.slice(0, chunks[0].end)];
  if (orientation > 1) parts.push(chunk("eXIf", turning(orientation)));
  for (const { name, start, end: after } of chunks.slice(1)) {
    if (PIXELS.has(name)) parts.push(source.blob.slice(start, after));
  }
  return new Blob(parts, { type: "image/png" });
}

function chunk(name, body) {
  const named = concat(
    Uint8Array.from(name, (letter) => letter.charCodeAt(0)),
    body,
  );
  return concat(u32(body.length), named, u32(crc32(named)));
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
