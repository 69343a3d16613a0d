// PNG: a row of chunks, each with its length, name and checksum.

import { inflate } from "./inflate.js";
import { iptc, photoshop } from "./iptc.js";
import { CannotLook, Source } from "./source.js";
import { decode, latin1 } from "./text.js";
import { tiff } from "./tiff.js";
import { xmp } from "./xmp.js";

export const PNG_SIGNATURE = "\x89PNG\r\n\x1a\n";
const MAX_TEXT = 2 ** 20;

/** What makes the picture: everything else tells something else. The last three make it move. */
export const PIXELS = new Set(
  "IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT bKGD pHYs hIST sPLT acTL fcTL fdAT".split(
    " ",
  ),
);

/** The chunks up to IEND: {chunks: [{name, start, end}], end}; `end` is null when IEND is missing. Throws CannotLook. */
export async function pngChunks(source) {
  if (source.size < 8 || latin1(await source.bytes(0, 8)) !== latin1(bytesOf(PNG_SIGNATURE))) {
    throw new CannotLook("not a PNG");
  }
  const chunks = [];
  let at = 8;
  while (at + 12 <= source.size) {
    source.budget.step();
    const view = await source.view(at, 8);
    const end = at + 12 + view.getUint32(0);
    const name = latin1(new Uint8Array(view.buffer, view.byteOffset + 4, 4));
    if (end > source.size || !/^[A-Za-z]{4}$/.test(name)) break;
    chunks.push({ name, start: at, end });
    if (name === "IEND") return { chunks, end };
    at = end;
  }
  return { chunks, end: null };
}

function bytesOf(text) {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Look through a PNG: {orientation}. Throws CannotLook. */
export async function png(source, found) {
  const { chunks, end } = await pngChunks(source);
  let orientation = 1;
  for (const { name, start, end: after } of chunks) {
    if (PIXELS.has(name)) continue;
    await found.attempt(async () => {
      const bytes = (await source.some(start + 8, after - start - 12, MAX_TEXT)).slice();
      const seen = await chunk(name, bytes, source.budget, found);
      if (seen?.orientation > 1) orientation = seen.orientation;
    });
  }
  if (end === null) found.whole = false;
  else found.count("tail", source.size - end);
  return { orientation };
}

async function chunk(name, bytes, budget, found) {
  switch (name) {
    case "eXIf":
      return tiff(Source.over(bytes, budget), found);
    case "tIME":
      if (bytes.length === 7) found.text("changed", time(bytes));
      return null;
    case "tEXt":
    case "zTXt":
    case "iTXt":
      return words(name, bytes, budget, found);
    default:
      found.mark("extra");
      return null;
  }
}

function time([high, low, ...rest]) {
  const [month, day, hour, minute, second] = rest.map((n) => String(n).padStart(2, "0"));
  return `${high * 256 + low}-${month}-${day} ${hour}:${minute}:${second}`;
}

async function words(kind, bytes, budget, found) {
  const [keyword, rest] = cut(bytes);
  const name = latin1(keyword);
  if (kind === "tEXt") return keyed(name, rest, budget, found);
  if (kind === "zTXt")
    return keyed(name, await inflate(rest.subarray(1), "deflate", budget, found), budget, found);
  // iTXt: flag, method, then a language and a translated keyword.
  const [, packed] = [rest[1], rest[0] === 1];
  const [, afterLanguage] = cut(rest.subarray(2));
  const [, text] = cut(afterLanguage);
  return keyed(name, packed ? await inflate(text, "deflate", budget, found) : text, budget, found);
}

function cut(bytes) {
  const at = bytes.indexOf(0);
  if (at < 0) throw new CannotLook("no end of a keyword");
  return [bytes.subarray(0, at), bytes.subarray(at + 1)];
}

const KEYWORDS = {
  author: "author",
  artist: "author",
  copyright: "owner",
  software: "software",
  source: "device",
  make: "device",
  model: "device",
  "creation time": "made",
  "date:create": "made",
  "date:modify": "changed",
  "date:timestamp": "changed",
};

async function keyed(keyword, bytes, budget, found) {
  const name = keyword.toLowerCase();
  if (name === "xml:com.adobe.xmp") return xmp(decode(bytes), found);
  const profile = /^raw profile type (\w{1,10})$/.exec(name)?.[1];
  if (profile) return rawProfile(profile, decode(bytes), budget, found);
  const what = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name] : "text";
  found.text(
    what,
    what === "text" ? `${keyword}: ${decode(bytes.subarray(0, 4000))}` : decode(bytes.subarray(0, 4000)),
  );
  return null;
}

// ImageMagick's way: a name, a length, and hex.
async function rawProfile(kind, text, budget, found) {
  const digits = (/^\s*\w+\s+\d+\s([\s0-9a-fA-F]*)$/.exec(text)?.[1] ?? "").replace(/\s+/g, "");
  const bytes = Uint8Array.from({ length: digits.length >> 1 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
  if (bytes.length === 0) throw new CannotLook("an empty profile");
  if (kind === "exif" || kind === "app1") {
    if (latin1(bytes.subarray(0, 4)) === "Exif") return tiff(Source.over(bytes.slice(6), budget), found);
    if (latin1(bytes.subarray(0, 4)) === "http") return xmp(decode(bytes), found);
    return tiff(Source.over(bytes, budget), found);
  }
  if (kind === "iptc" || kind === "8bim") {
    if (latin1(bytes.subarray(0, 4)) === "8BIM") photoshop(bytes, found);
    else iptc(bytes, found);
    return null;
  }
  if (kind === "xmp") return xmp(decode(bytes), found);
  if (kind !== "icc" && kind !== "icm") found.mark("extra");
  return null;
}
