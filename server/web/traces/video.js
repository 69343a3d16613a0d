// MP4 and MOV: when, where and with what a film was made, as "moov" tells it (ISO 14496-12; Apple's QuickTime format; 3GPP
// TS 26.244). The film itself is stepped over.

import { boxes, inside } from "./isobmff.js";
import { CannotLook } from "./source.js";
import { decode, latin1 } from "./text.js";
import { xmp } from "./xmp.js";

const MAX_TEXT = 4000;
const MAX_BLOCK = 2 ** 20;
// Seconds from 1904 to 1970, and the last day that is likely to be meant.
const EPOCH = 2_082_844_800;
const LATEST = 2 ** 32 + EPOCH;

/** Look through an MP4 or MOV. Throws CannotLook. */
export async function video(source, found) {
  const film = { source, found, keys: [] };
  let seen = false;
  for await (const box of boxes(source)) {
    if (box.type === "moov") {
      seen = true;
      await found.attempt(() => movie(film, box));
    }
    if (box.type === "uuid") await found.attempt(() => uuid(film, box));
    if (box.type === "meta") await found.attempt(() => meta(film, box));
    if (box.type === "udta") await found.attempt(() => userData(film, box));
  }
  if (!seen) throw new CannotLook("no moov");
}

async function movie(film, box) {
  for await (const child of inside(film.source, box)) {
    await film.found.attempt(async () => {
      if (child.type === "mvhd") await created(film, child);
      if (child.type === "udta") await userData(film, child);
      if (child.type === "meta") await meta(film, child);
      if (child.type === "uuid") await uuid(film, child);
      if (child.type === "trak") await track(film, child);
    });
  }
}

async function created({ source, found }, { from }) {
  const view = await source.view(from, 12);
  const long = view.getUint8(0) === 1;
  const seconds = long ? view.getUint32(4) * 2 ** 32 + view.getUint32(8) : view.getUint32(4);
  if (seconds <= EPOCH || seconds > LATEST) return;
  found.text(
    "made",
    `${new Date((seconds - EPOCH) * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`,
  );
}

async function track(film, box) {
  const { source } = film;
  for await (const child of inside(source, box)) {
    if (child.type === "udta") await userData(film, child);
    if (child.type === "meta") await meta(film, child);
    if (child.type !== "mdia") continue;
    for await (const part of inside(source, child)) {
      if (part.type !== "hdlr") continue;
      const kind = latin1(await source.bytes(part.from + 8, 4));
      // Measurements beside the film: positions, movements (GoPro, Apple, Google's CAMM).
      if (kind === "meta" || kind === "camm") film.found.mark("track");
    }
  }
}

const NAMES = new Map([
  ["xyz", "place"],
  ["day", "taken"],
  ["mak", "device"],
  ["mod", "device"],
  ["swr", "software"],
  ["too", "software"],
  ["enc", "software"],
  ["aut", "author"],
  ["ART", "author"],
  ["wrt", "author"],
  ["dir", "author"],
  ["prd", "author"],
  ["cpy", "owner"],
  ["nam", "text"],
  ["cmt", "text"],
  ["des", "text"],
  ["inf", "text"],
  ["ope", "author"],
]);
// 3GPP's and others', whose text follows four bytes of flags and two of language.
const PLAIN = new Map([
  ["titl", "text"],
  ["dscp", "text"],
  ["auth", "author"],
  ["perf", "author"],
  ["cprt", "owner"],
]);

async function userData(film, box) {
  const { source, found } = film;
  // QuickTime ends this list with four zero bytes, which are too short to be a box.
  for await (const child of inside(source, box)) {
    const { type, from, end } = child;
    await found.attempt(async () => {
      if (type === "meta") return meta(film, child);
      if (type === "XMP_") return xmp(decode(await source.some(from, end - from, MAX_BLOCK)), found);
      if (type === "loci") return location(film, child);
      if (type.startsWith("©")) {
        const value = decode(await source.some(from + 4, end - from - 4, MAX_TEXT));
        return found.text(NAMES.get(type.slice(1)) ?? "text", value);
      }
      if (PLAIN.has(type))
        found.text(PLAIN.get(type), decode(await source.some(from + 6, end - from - 6, MAX_TEXT)));
      return null;
    });
  }
}

// A name, a role, then longitude and latitude in sixteenths of bits.
async function location({ source, found }, { from, end }) {
  const bytes = await source.some(from + 6, end - from - 6, MAX_TEXT);
  const zero = bytes.indexOf(0);
  if (zero < 0 || zero + 10 > bytes.length) throw new CannotLook("cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset + zero + 2, 8);
  const [longitude, latitude] = [0, 4].map((at) => view.getInt32(at) / 65536);
  found.text("place", `${decode(bytes.subarray(0, zero))} ${latitude.toFixed(4)}, ${longitude.toFixed(4)}`);
}

const KEYS = new Map([
  ["location.ISO6709", "place"],
  ["location.name", "place"],
  ["location", "place"], // what ffmpeg calls them
  ["creation_time", "made"],
  ["encoder", "software"],
  ["com.android.version", "device"],
  ["make", "device"],
  ["model", "device"],
  ["software", "software"],
  ["creationdate", "taken"],
  ["author", "author"],
  ["artist", "author"],
  ["director", "author"],
  ["copyright", "owner"],
  ["content.identifier", "id"],
  ["camera.identifier", "serial"],
]);

// Two kinds of lists: by names that "keys" counts up (Apple's phones), and by four letters (iTunes, ffmpeg).
async function meta(film, box) {
  const { source, found } = film;
  // In MP4 four bytes of flags come first, in MOV they do not.
  const skip = latin1(await source.bytes(box.from + 4, 4)) === "hdlr" ? 0 : 4;
  let keys = [];
  for await (const child of inside(source, box, skip)) {
    if (child.type === "keys") keys = await names(source, child);
    if (child.type !== "ilst") continue;
    for await (const item of inside(source, child)) {
      await found.attempt(() => listed(film, item, keys));
    }
  }
}

async function names(source, { from, end, depth }) {
  const found = [];
  for await (const { from: start, end: stop } of boxes(source, from + 8, end, depth + 1)) {
    found.push(decode(await source.some(start, stop - start, 200)));
  }
  return found;
}

async function listed({ source, found }, item, keys) {
  const number = (await source.view(item.start + 4, 4)).getUint32(0);
  const key = keys[number - 1]?.replace(/^com\.apple\.quicktime\./, "");
  const four = item.type.startsWith("©") ? NAMES.get(item.type.slice(1)) : PLAIN.get(item.type);
  const what = key === undefined ? (four ?? "text") : (KEYS.get(key) ?? "text");
  for await (const data of inside(source, item)) {
    if (data.type !== "data") continue;
    const view = await source.view(data.from, 8);
    // Type 1 is UTF-8 text; what is no text is a picture or a number.
    if (view.getUint32(0) === 1) {
      const text = decode(await source.some(data.from + 8, data.end - data.from - 8, MAX_TEXT));
      const value = key !== undefined && what === "text" ? `${key}: ${text}` : text;
      found.text(what, value);
    } else if (item.type === "covr") {
      found.mark("preview");
    }
  }
}

const XMP_UUID = [0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8];

async function uuid({ source, found }, { from, end }) {
  const start = await source.bytes(from, 8);
  if (XMP_UUID.every((byte, i) => start[i] === byte)) {
    xmp(decode(await source.some(from + 16, end - from - 16, MAX_BLOCK)), found);
  } else {
    found.mark("extra");
  }
}
