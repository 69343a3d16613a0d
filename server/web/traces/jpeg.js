// JPEG: a row of segments, the compressed picture between them, and whatever somebody put behind its end.

import { photoshop } from "./iptc.js";
import { CannotLook, Source } from "./source.js";
import { decode, latin1 } from "./text.js";
import { tiff } from "./tiff.js";
import { xmp } from "./xmp.js";

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP0 = 0xe0;
const COM = 0xfe;
const SCAN = 2 ** 18;
const MAX_TEXT = 4000;

const startsWith = (bytes, text) => latin1(bytes.subarray(0, text.length)) === text;
const isRestart = (marker) => marker >= 0xd0 && marker <= 0xd7;

/**
 * The segments up to the picture's end: {segments: [{marker, start, end}], end}. A scan's segment holds the compressed data
 * that follows it. `end` is null when the picture never ends. Throws CannotLook for what is no JPEG.
 */
export async function jpegSegments(source) {
  const [a, b, c] = await source.bytes(0, 3);
  if (a !== 0xff || b !== SOI || c !== 0xff) throw new CannotLook("not a JPEG");
  const segments = [];
  let at = 2;
  while (at + 2 <= source.size) {
    source.budget.step();
    const [fill, marker] = await source.bytes(at, 2);
    if (fill !== 0xff) return { segments, end: null };
    if (marker === EOI) return { segments, end: at + 2 };
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    if (at + 4 > source.size || isRestart(marker) || marker === 0) return { segments, end: null };
    const length = (await source.view(at + 2, 2)).getUint16(0);
    let end = at + 2 + length;
    if (length < 2 || end > source.size) return { segments, end: null };
    if (marker === SOS) {
      end = await scanEnd(source, end);
      if (end === null) return { segments, end: null };
    }
    segments.push({ marker, start: at, end });
    at = end;
  }
  return { segments, end: null };
}

// Where compressed data ends: at the first marker that is neither a stuffed byte nor a restart.
async function scanEnd(source, start) {
  let at = start;
  while (at < source.size) {
    const bytes = await source.bytes(at, Math.min(SCAN, source.size - at));
    let i = bytes.indexOf(0xff);
    while (i >= 0 && i + 1 < bytes.length) {
      const next = bytes[i + 1];
      if (next !== 0 && next !== 0xff && !isRestart(next)) return at + i;
      i = bytes.indexOf(0xff, i + (next === 0xff ? 1 : 2));
    }
    if (bytes.length < SCAN) return null;
    // One byte again, where a piece ends in the middle of a marker.
    at += bytes.length - (i >= 0 ? 1 : 0);
  }
  return null;
}

/** Look through a JPEG: {orientation}. Throws CannotLook. */
export async function jpeg(source, found) {
  const { segments, end } = await jpegSegments(source);
  let orientation = 1;
  const parts = [];
  for (const { marker, start, end: after } of segments) {
    const body = () => source.bytes(start + 4, after - start - 4);
    await found.attempt(async () => {
      if (marker === COM)
        found.text("text", decode(await source.some(start + 4, after - start - 4, MAX_TEXT)));
      if (marker < APP0 || marker > 0xef) return;
      const bytes = (await body()).slice();
      const seen = await application(marker, bytes, source.budget, found, parts);
      if (seen?.orientation > 1) orientation = seen.orientation;
    });
  }
  if (parts.length > 0) xmp(parts.join(""), found);
  if (end === null) found.whole = false;
  else found.count("tail", source.size - end);
  return { orientation };
}

const EXIF = "Exif\0\0";
const XMP = "http://ns.adobe.com/xap/1.0/\0";
const XMP_MORE = "http://ns.adobe.com/xmp/extension/\0";
const PHOTOSHOP = "Photoshop 3.0\0";

// One application's segment. What nobody here knows is told as that.
async function application(marker, bytes, budget, found, parts) {
  switch (marker) {
    case 0xe0:
      // JFIF's own preview, and the extension that is nothing else.
      if (startsWith(bytes, "JFXX\0") || (startsWith(bytes, "JFIF\0") && bytes[12] * bytes[13] > 0))
        found.mark("preview");
      else if (!startsWith(bytes, "JFIF\0")) found.mark("extra");
      return null;
    case 0xe1:
      if (startsWith(bytes, EXIF)) return tiff(Source.over(bytes.slice(EXIF.length), budget), found);
      if (startsWith(bytes, XMP)) xmp(decode(bytes.subarray(XMP.length)), found);
      // After the name: a digest, the whole length, this part's place.
      else if (startsWith(bytes, XMP_MORE)) parts.push(decode(bytes.subarray(XMP_MORE.length + 40)));
      else found.mark("extra");
      return null;
    case 0xe2:
      if (startsWith(bytes, "ICC_PROFILE\0")) return null;
      found.mark(startsWith(bytes, "MPF\0") ? "preview" : "extra");
      return null;
    case 0xed:
      if (!startsWith(bytes, PHOTOSHOP)) found.mark("extra");
      photoshop(bytes.subarray(PHOTOSHOP.length), found);
      return null;
    case 0xee:
      if (!startsWith(bytes, "Adobe")) found.mark("extra");
      return null;
    default:
      found.mark("extra");
      return null;
  }
}
