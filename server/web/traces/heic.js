// HEIC and AVIF: pictures whose Exif and XMP are items of a "meta" box, found through two tables (ISO 23008-12).

import { boxes, inside } from "./isobmff.js";
import { CannotLook } from "./source.js";
import { decode, latin1 } from "./text.js";
import { tiff } from "./tiff.js";
import { xmp } from "./xmp.js";

const MAX_ITEMS = 4096;
const MAX_BLOCK = 2 ** 20;

/** Look through a HEIC or AVIF. Throws CannotLook. */
export async function heic(source, found) {
  let seen = false;
  for await (const box of boxes(source)) {
    if (box.type === "uuid") found.mark("extra");
    if (box.type !== "meta") continue;
    seen = true;
    await meta(source, box, found);
  }
  if (!seen) throw new CannotLook("no meta box");
}

async function meta(source, box, found) {
  const parts = {};
  for await (const child of inside(source, box, 4)) parts[child.type] ??= child;
  const wanted = parts.iinf ? await items(source, parts.iinf) : [];
  const places = parts.iloc ? await locations(source, parts.iloc) : new Map();
  for (const { id, kind } of wanted) {
    await found.attempt(async () => {
      const { base, extents } = places.get(id) ?? {};
      // What lies in pieces or in another item is not put together here.
      if (extents?.length !== 1 || (base === "idat" && !parts.idat))
        throw new CannotLook("an item elsewhere");
      const [{ offset, length }] = extents;
      if (length === 0) return null; // emptied by whoever cleaned it
      const start = base === "idat" ? parts.idat.from + offset : offset;
      if (kind === "mime") return xmp(decode(await source.some(start, length, MAX_BLOCK)), found);
      // Exif begins with how far it is to its TIFF header.
      const skip = (await source.view(start, 4)).getUint32(0) + 4;
      return tiff(source.window(start + skip, length - skip), found);
    });
  }
  if (!parts.iref) return;
  for await (const reference of inside(source, parts.iref, 4)) {
    if (reference.type === "thmb") found.mark("preview");
  }
}

// {id, kind} of the items that are Exif or XML.
async function items(source, box) {
  const version = (await source.bytes(box.from, 1))[0];
  const found = [];
  for await (const entry of inside(source, box, version === 0 ? 6 : 8)) {
    if (entry.type !== "infe") continue;
    const view = await source.view(entry.from, Math.min(entry.end - entry.from, 13));
    if (view.byteLength < 12 || view.getUint8(0) < 2) continue;
    const wide = view.getUint8(0) > 2;
    const at = wide ? 10 : 8;
    if (view.byteLength < at + 4 && wide && view.byteLength < 14) {
      // A wide id needs two bytes more than were read.
      const more = await source.view(entry.from, 14);
      push(found, more.getUint32(4), more, 10);
    } else {
      push(found, wide ? view.getUint32(4) : view.getUint16(4), view, at);
    }
    if (found.length > MAX_ITEMS) throw new CannotLook("too many items");
  }
  return found;
}

function push(found, id, view, at) {
  const kind = latin1(new Uint8Array(view.buffer, view.byteOffset + at, 4));
  if (kind === "Exif" || kind === "mime") found.push({ id, kind });
}

// Map of item id to {base: "file" or "idat", extents: [{offset, length}]}.
async function locations(source, box) {
  const view = await source.view(box.from, Math.min(box.end - box.from, MAX_BLOCK));
  let at = 0;
  const take = (n) => {
    at += n;
    if (at > view.byteLength) throw new CannotLook("cut short");
    if (n === 0) return 0;
    if (n === 2) return view.getUint16(at - 2);
    if (n === 4) return view.getUint32(at - 4);
    if (n === 8) return view.getUint32(at - 8) * 2 ** 32 + view.getUint32(at - 4);
    throw new CannotLook("a field of a strange size");
  };
  const version = view.getUint8(0);
  at = 4;
  const sizes = take(2);
  const [offset, length, base, index] = [12, 8, 4, 0].map((shift) => (sizes >> shift) & 15);
  const count = take(version < 2 ? 2 : 4);
  const found = new Map();
  for (let i = 0; i < count; i++) {
    source.budget.step();
    const id = take(version < 2 ? 2 : 4);
    const method = version === 0 ? 0 : take(2) & 15;
    take(2);
    const start = take(base);
    const n = take(2);
    const extents = [];
    for (let j = 0; j < n; j++) {
      source.budget.step();
      if (version > 0) take(index);
      extents.push({ offset: start + take(offset), length: take(length) });
    }
    found.set(id, { base: method === 1 ? "idat" : "file", extents: method > 1 ? [] : extents });
  }
  return found;
}
