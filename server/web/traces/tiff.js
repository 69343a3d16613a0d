// TIFF and Exif directories: a chain of tables that point at each other, by offsets that may say anything.

import { iptc, photoshop } from "./iptc.js";
import { CannotLook } from "./source.js";
import { IMAGE_TAGS, isUtf16, TAG } from "./tags.js";
import { decode, degrees, utf16 } from "./text.js";
import { xmp } from "./xmp.js";

const MAX_DIRECTORIES = 64;
const MAX_ENTRIES = 1000;
const MAX_TEXT = 1000;
const MAX_BLOCK = 2 ** 20;

// Bytes of one value, by type.
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
const SHORT = 3;

/**
 * Look through a TIFF (`file`) or an Exif block, which lies in a picture of another kind. Returns {orientation}, 1 to 8.
 * Throws CannotLook where there is no TIFF at all; what is damaged inside is noted in `found`.
 */
export async function tiff(source, found, { file = false } = {}) {
  const order = decode(await source.bytes(0, 2));
  if (order !== "II" && order !== "MM") throw new CannotLook("not a TIFF");
  const reader = new Directories(source, found, order === "II", file);
  // 43 is BigTIFF, and some cameras have numbers of their own for what is a TIFF all the same.
  if ((await reader.u16(2)) === 43) throw new CannotLook("a BigTIFF");
  await reader.walk(await reader.u32(4));
  return { orientation: reader.orientation };
}

class Directories {
  #queue = [];
  #seen = new Set();
  #device = {};
  #place = {};
  orientation = 1;

  constructor(source, found, little, file) {
    Object.assign(this, { source, found, little, file });
  }

  async u16(at) {
    return (await this.source.view(at, 2)).getUint16(0, this.little);
  }

  async u32(at) {
    return (await this.source.view(at, 4)).getUint32(0, this.little);
  }

  async walk(first) {
    this.#queue.push({ at: first, kind: "main" });
    while (this.#queue.length > 0) {
      const next = this.#queue.shift();
      // An offset that was here before is a circle.
      if (next.at === 0 || this.#seen.has(next.at)) continue;
      this.#seen.add(next.at);
      if (this.#seen.size > MAX_DIRECTORIES) {
        this.found.whole = false;
        break;
      }
      await this.found.attempt(() => this.#directory(next));
    }
    this.#tell();
  }

  async #directory({ at, kind }) {
    const count = await this.u16(at);
    if (count > MAX_ENTRIES) throw new CannotLook("too many entries");
    for (let i = 0; i < count; i++) {
      this.source.budget.step();
      const view = await this.source.view(at + 2 + 12 * i, 12);
      const [tag, type, n] = [
        view.getUint16(0, this.little),
        view.getUint16(2, this.little),
        view.getUint32(4, this.little),
      ];
      const length = (SIZES[type] ?? 0) * n;
      if (length === 0) continue;
      const start = length <= 4 ? at + 10 + 12 * i : view.getUint32(8, this.little);
      await this.found.attempt(() => this.#entry(kind, { tag, type, n, start, length }));
    }
    if (kind === "main" || kind === "next") {
      this.#queue.push({ at: await this.u32(at + 2 + 12 * count), kind: "next" });
    }
  }

  async #entry(kind, entry) {
    if (kind === "gps") return this.#position(entry);
    const { tag, type, start, length } = entry;
    const block = () => this.source.some(start, length, MAX_BLOCK);
    switch (tag) {
      case TAG.exif:
        return this.#follow(entry, "exif");
      case TAG.gps:
        return this.#follow(entry, "gps");
      case TAG.subdirectories:
        return this.#follow(entry, "sub");
      case TAG.make:
      case TAG.model:
        this.#device[tag] ??= await this.#text(entry);
        return;
      case TAG.orientation:
        if (kind === "main" && type === SHORT) this.orientation = (await this.u16(start)) % 9 || 1;
        return;
      case TAG.subfile:
        // The first bit: a smaller copy of another image in this file.
        if ((await this.u32(start)) & 1) this.found.mark("preview");
        return;
      case TAG.preview:
        if (kind === "next" || this.file) this.found.mark("preview");
        return;
      case TAG.xmp:
        return xmp(decode(await block()), this.found);
      case TAG.iptc:
        return iptc(await block(), this.found);
      case TAG.photoshop:
        return photoshop(await block(), this.found);
      case TAG.maker:
        return this.found.mark("maker");
    }
    if (IMAGE_TAGS.has(tag)) this.found.text(IMAGE_TAGS.get(tag), await this.#text(entry));
  }

  async #follow({ start, n }, kind) {
    for (let i = 0; i < Math.min(n, MAX_DIRECTORIES); i++) {
      this.#queue.push({ at: await this.u32(start + 4 * i), kind });
    }
  }

  async #text({ tag, start, length }) {
    let bytes = await this.source.some(start, length, MAX_TEXT);
    if (isUtf16(tag)) return utf16(bytes.subarray(0, bytes.length & ~1), true);
    if (tag === TAG.userComment) {
      // Eight bytes name the encoding.
      const code = decode(bytes.subarray(0, 8));
      bytes = bytes.subarray(8);
      if (code.startsWith("UNICODE")) return utf16(bytes.subarray(0, bytes.length & ~1), this.little);
    }
    const end = bytes.indexOf(0);
    // A second text may follow the first one's zero (Copyright: photographer, then editor).
    return decode(bytes)
      .replace(/\0+$/, "")
      .replace(/\0/g, end < 0 ? "" : " / ")
      .replace(/[\s/]+$/, "");
  }

  // GPSLatitudeRef, GPSLatitude, GPSLongitudeRef, GPSLongitude; three fractions each.
  async #position({ tag, type, n, start }) {
    if (tag === 1 || tag === 3) this.#place[tag] = decode(await this.source.bytes(start, 1));
    if ((tag === 2 || tag === 4) && (type === 5 || type === 10) && n >= 1) {
      const parts = [];
      for (let i = 0; i < Math.min(n, 3); i++) {
        const below = await this.u32(start + 8 * i + 4);
        parts.push(below === 0 ? 0 : (await this.u32(start + 8 * i)) / below);
      }
      this.#place[tag] = parts.reduce((sum, part, i) => sum + part / 60 ** i, 0);
    }
    // Names of places, and of how they were found.
    if (tag === 0x1c && type !== 5)
      this.found.text("place", decode(await this.source.some(start + 8, n - 8, 200)));
  }

  #tell() {
    const { [TAG.make]: make = "", [TAG.model]: model = "" } = this.#device;
    this.found.text("device", model.startsWith(make.trim().split(" ")[0]) ? model : `${make} ${model}`);
    const { 1: north, 2: latitude, 3: east, 4: longitude } = this.#place;
    if (latitude === undefined || longitude === undefined) return;
    this.found.text(
      "place",
      degrees(north === "S" ? -latitude : latitude, east === "W" ? -longitude : longitude),
    );
  }
}
