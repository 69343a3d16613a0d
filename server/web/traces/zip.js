// ZIP as office documents use it: the table at the end, then single files out of it. Names and sizes may say anything.

import { INFLATE_LIMIT, inflate } from "./inflate.js";
import { CannotLook } from "./source.js";
import { decode } from "./text.js";

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_LENGTH = 22;
const MAX_COMMENT = 0xffff;
const MAX_TABLE = 4 * 2 ** 20;
const MAX_ENTRIES = 10_000;
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;

/** The files of an archive: entries are {name, flags, method, packed, size, at}. */
export class Archive {
  constructor(source, found, entries) {
    Object.assign(this, { source, found, entries });
    this.names = entries.map(({ name }) => name);
    this.byName = new Map(entries.map((entry) => [entry.name, entry]));
  }

  /** Entries whose name fits an expression. */
  matching(expression) {
    return this.entries.filter(({ name }) => expression.test(name));
  }

  /** An entry's bytes, `most` at the most: if there are more, `found.whole` turns false. */
  async bytes(entry, most = INFLATE_LIMIT) {
    const { flags, method, packed, at } = entry;
    if (flags & ENCRYPTED) throw new CannotLook("encrypted");
    const head = await this.source.view(at, 30);
    if (head.getUint32(0, true) !== LOCAL) throw new CannotLook("no file where one should be");
    const start = at + 30 + head.getUint16(26, true) + head.getUint16(28, true);
    if (packed > most) this.found.whole = false;
    const bytes = await this.source.bytes(start, Math.min(packed, most));
    if (method === STORED) return bytes;
    if (method !== DEFLATED) throw new CannotLook("packed in another way");
    return bytes.length === 0 ? bytes : inflate(bytes, "deflate-raw", this.source.budget, this.found, most);
  }

  /** A named file as text, or "" where there is none or it cannot be read. */
  async text(name) {
    const entry = this.byName.get(name);
    if (!entry) return "";
    const bytes = await this.found.attempt(() => this.bytes(entry));
    return bytes ? xmlText(bytes) : "";
  }

  /** The texts of all files whose name fits, up to `most` of them. */
  async texts(expression, most = 64) {
    const entries = this.matching(expression);
    if (entries.length > most) this.found.whole = false;
    const texts = [];
    for (const { name } of entries.slice(0, most)) texts.push(await this.text(name));
    return texts;
  }
}

// XML may be UTF-16.
function xmlText(bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return decode(bytes);
}

/** Read an archive's table. Throws CannotLook. */
export async function openZip(source, found) {
  const { size } = source;
  const length = Math.min(size, END_LENGTH + MAX_COMMENT);
  const tail = await source.view(size - length, length);
  let at = length - END_LENGTH;
  while (at >= 0 && tail.getUint32(at, true) !== END) at--;
  if (at < 0) throw new CannotLook("no end of a ZIP");
  const [count, tableLength, table] = [
    tail.getUint16(at + 10, true),
    tail.getUint32(at + 12, true),
    tail.getUint32(at + 16, true),
  ];
  if (tableLength > MAX_TABLE || count > MAX_ENTRIES || table === 0xffffffff)
    throw new CannotLook("too large a table");
  return new Archive(source, found, await readTable(source, found, { count, table, tableLength }));
}

async function readTable(source, found, { count, table, tableLength }) {
  const bytes = (await source.bytes(table, tableLength)).slice();
  const view = new DataView(bytes.buffer);
  const entries = [];
  let at = 0;
  while (entries.length < count && at + 46 <= bytes.length && view.getUint32(at, true) === ENTRY) {
    source.budget.step();
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    entries.push({
      name: decode(bytes.subarray(at + 46, at + 46 + name)),
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      at: view.getUint32(at + 42, true),
    });
    at += 46 + name + extra + comment;
  }
  if (entries.length !== count) found.whole = false;
  return entries;
}
