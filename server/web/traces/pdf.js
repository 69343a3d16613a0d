// PDF, as well as can be told without being a PDF reader: what stands in the open, and in the streams that the browser can
// unpack. Of a large file only the beginning and the end are read.

import { inflate } from "./inflate.js";
import { pictureTells } from "./pictures.js";
import { CannotLook } from "./source.js";
import { decode, latin1, utf16 } from "./text.js";
import { xmp } from "./xmp.js";

const HALF = 12 * 2 ** 20;
const MAX_STREAMS = 2000;
const MAX_STREAM = 4 * 2 ** 20;
const MAX_UNPACKED = 24 * 2 ** 20;
const MAX_PICTURES = 16;
const MAX_MATCHES = 5000;
const MAX_XMP = 2 ** 20;

const KEYS = new Map([
  ["Author", "author"],
  ["Creator", "software"],
  ["Producer", "software"],
  ["CreationDate", "made"],
  ["ModDate", "changed"],
  ["Title", "text"],
  ["Subject", "text"],
  ["Keywords", "text"],
  ["Company", "company"],
  ["Manager", "author"],
  ["SourceModified", "changed"],
]);

/** Look through a PDF. Throws CannotLook. */
export async function pdf(source, found) {
  const parts = await ends(source, found);
  const open = parts.map(latin1);
  // Encrypted even without a password: texts are not what they seem, streams do not unpack.
  const encrypted = open.some((text) => /\/Encrypt[\s\d<]/.test(text));
  let pictures = 0;
  for (const [i, bytes] of parts.entries()) {
    if (encrypted) continue;
    tell(open[i], found);
    pictures += await streams(source, bytes, open[i], found);
  }
  found.count("pictures", pictures);
  found.count("earlier", versions(open));
  if (encrypted) throw new CannotLook("encrypted");
}

async function ends(source, found) {
  if (source.size <= 2 * HALF) return [(await source.bytes(0, source.size)).slice()];
  found.whole = false;
  return [(await source.bytes(0, HALF)).slice(), (await source.bytes(source.size - HALF, HALF)).slice()];
}

// Each saving adds a table and its place; one of a file made for the web has two from the start.
function versions(texts) {
  const places = texts.reduce(
    (sum, text) => sum + (text.match(/startxref\s{1,4}[1-9]\d{0,12}\s{1,4}%%EOF/g)?.length ?? 0),
    0,
  );
  return places - 1;
}

// What one stretch of objects tells.
function tell(text, found) {
  for (const match of first(text, /\/([A-Z][A-Za-z]{4,15})\s{0,4}(?=[(<][^<])/g)) {
    const what = KEYS.get(match[1]);
    if (what) found.text(what, string(text, match.index + match[0].length));
  }
  const packet = text.indexOf("<x:xmpmeta");
  if (packet >= 0) xmp(decode(bytesOf(text.slice(packet, packet + MAX_XMP))), found);
  const files = first(text, /\/EF\s{0,4}<</g);
  const names = files.flatMap(({ index }) => near(text, index, /\/UF\s{0,4}(?=[(<][^<])/));
  const attached = text.match(/\/Type\s{0,4}\/EmbeddedFile\b/g)?.length ?? 0;
  const pinned = text.match(/\/Subtype\s{0,4}\/FileAttachment\b/g)?.length ?? 0;
  found.count("attachments", Math.max(files.length, attached, pinned), names);
  // Remarks: their author is /T.
  const remarks = first(
    text,
    /\/Subtype\s{0,4}\/(Text|FreeText|Highlight|Underline|StrikeOut|Ink|Stamp|Caret)\b/g,
  );
  const people = remarks.flatMap(({ index }) => near(text, index, /\/T\s{0,4}(?=[(<][^<])/));
  found.count("comments", remarks.length, people);
}

// The first matches of an expression: a text made of nothing else would take too long.
function first(text, expression) {
  const found = [];
  for (const match of text.matchAll(expression)) {
    if (found.push(match) === MAX_MATCHES) break;
  }
  return found;
}

// The string after a key that stands near `at`: the order of keys is any.
function near(text, at, key) {
  const piece = text.slice(Math.max(0, at - 600), at + 600);
  const match = key.exec(piece);
  return match ? [string(piece, match.index + match[0].length)] : [];
}

// The string that begins at `at`: in parentheses with escapes, or in hex.
function string(text, at) {
  const raw = text[at] === "(" ? literal(text, at + 1) : fromHex(text.slice(at + 1, at + 2000));
  if (raw.startsWith("\xfe\xff")) return utf16(bytesOf(raw.slice(2)), false);
  if (raw.startsWith("\xef\xbb\xbf")) return decode(bytesOf(raw.slice(3)));
  return decode(bytesOf(raw));
}

const ESCAPES = { n: "\n", r: "\r", t: "\t", b: "", f: "" };

function literal(text, at) {
  let out = "";
  for (let depth = 1, end = Math.min(text.length, at + 2000); at < end; at++) {
    const letter = text[at];
    if (letter === "\\") {
      const octal = /^[0-7]{1,3}/.exec(text.slice(at + 1, at + 4))?.[0];
      out += octal
        ? String.fromCharCode(Number.parseInt(octal, 8) & 255)
        : (ESCAPES[text[at + 1]] ?? text[at + 1] ?? "");
      at += octal ? octal.length : 1;
      continue;
    }
    if (letter === "(") depth += 1;
    if (letter === ")") depth -= 1;
    if (depth === 0) break;
    out += letter;
  }
  return out;
}

function fromHex(text) {
  const end = text.indexOf(">");
  const digits = text.slice(0, Math.max(0, end)).replace(/\s+/g, "");
  if (!/^[0-9a-f]*$/i.test(digits)) return "";
  return digits.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)));
}

function bytesOf(text) {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 255);
}

// Unpack the streams that hold objects or XMP, and look into JPEGs. Returns how many pictures tell something.
async function streams(source, bytes, text, found) {
  let unpacked = 0;
  let pictures = 0;
  let looked = 0;
  let seen = 0;
  const begin = />>\s{0,8}stream\r?\n/g;
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    seen += 1;
    if (seen > MAX_STREAMS || unpacked > MAX_UNPACKED) {
      found.whole = false;
      break;
    }
    const head = text.slice(Math.max(0, match.index - 500), match.index);
    const about = head.slice(head.lastIndexOf("obj") + 3);
    const start = match.index + match[0].length;
    const end = text.indexOf("endstream", start);
    if (end < 0) break;
    begin.lastIndex = end;
    const body = bytes.subarray(start, Math.min(end, start + MAX_STREAM));
    if (/\/DCTDecode/.test(about) && !/\/FlateDecode/.test(about) && looked++ < MAX_PICTURES) {
      if (await pictureTells(body.slice(), source.budget, found)) pictures += 1;
    }
    if (!/\/Type\s{0,4}\/(ObjStm|Metadata)\b/.test(about) || !/\/FlateDecode/.test(about)) continue;
    await found.attempt(async () => {
      const plain = await inflate(trimmed(body), "deflate", source.budget, found, MAX_STREAM);
      unpacked += plain.length;
      tell(latin1(plain), found);
    });
  }
  return pictures;
}

// DecompressionStream takes what follows the packed data for an error: the line break before "endstream".
function trimmed(body) {
  let end = body.length;
  if (body[end - 1] === 0x0a) end -= 1;
  if (body[end - 1] === 0x0d) end -= 1;
  return body.subarray(0, end);
}
