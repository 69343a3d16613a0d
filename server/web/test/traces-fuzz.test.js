// Any bytes give an answer, soon: files of all kinds with bytes changed, cut and repeated by a generator with a seed, and files
// made to be read for ever.

import assert from "node:assert/strict";
import test from "node:test";
import { examine } from "../traces/examine.js";
import { Found, WHAT } from "../traces/found.js";
import { Budget, CannotLook, READ_LIMIT, Source } from "../traces/source.js";
import { attributes, elements } from "../traces/text.js";
import * as make from "./files.js";

const FILES = {
  jpeg: make.jpegFile([
    make.app1(make.exif()),
    make.app(13, "Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0a\x1c\x02\x50\0\x05Alice"),
    make.comment("x"),
  ]),
  png: make.pngFile([
    make.chunk("eXIf", make.exif()),
    make.zTXt("Author", "Jo"),
    make.chunk("iTXt", "Title\0\0\0\0\0x"),
  ]),
  tiff: make.exif(),
  heic: make.heicFile(),
  mov: make.movFile([
    make.box("udta", make.box("loci", make.big(0), [0, 0], "Paris\0\0", make.big(0), make.big(0))),
  ]),
  docx: make.zipFile(make.DOCX),
  odt: make.zipFile(make.ODT),
  pdf: make.pdfFile("2 0 obj <</EF <</F 3 0 R>>/UF (a)>>\n", "<</Author (x)>>"),
};

// xorshift32: the same files every time.
function generator(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const TELLING = [0, 1, 8, 0x7f, 0x80, 0xd9, 0xff];

function spoilt(file, below) {
  let bytes = file.slice();
  for (let n = 1 + below(6); n > 0; n--) {
    const at = below(bytes.length);
    const how = below(10);
    if (how < 6) bytes[at] = below(2) ? below(256) : TELLING[below(TELLING.length)];
    else if (how < 8) bytes.fill(0xff, at, at + 4);
    else if (how === 8) bytes = bytes.slice(0, Math.max(1, at));
    else bytes = make.join(bytes.subarray(0, at), bytes.subarray(below(at + 1)));
  }
  return bytes;
}

for (const [kind, file] of Object.entries(FILES)) {
  test(`a spoilt ${kind} gives findings or none, never an error`, async () => {
    const below = generator(0x9e3779b9);
    for (let round = 0; round < 400; round++) {
      const answer = await examine(new Blob([spoilt(file, below)]));
      assert.ok(answer.found.every(({ what }) => WHAT.includes(what)));
      assert.ok(
        answer.found.every(({ value = "" }) => value.length <= 200 && !/[\p{Cc}\u202a-\u202e]/u.test(value)),
      );
      assert.ok(answer.looked || !answer.whole);
      if (answer.cleaned) assert.deepEqual((await examine(answer.cleaned)).found, []);
    }
  });
}

// A Blob of a size that no memory has, which counts what is read of it.
class Vast {
  read = 0;

  constructor(size, head, base = 0) {
    Object.assign(this, { size, head, base });
  }

  slice(start, end) {
    const part = new Vast(end - start, this.head, this.base + start);
    part.count = this.count ?? ((n) => (this.read += n));
    return part;
  }

  async arrayBuffer() {
    this.count(this.size);
    const bytes = new Uint8Array(this.size);
    bytes.set(this.head.subarray(Math.min(this.base, this.head.length), this.base + this.size));
    return bytes.buffer;
  }
}

test("of a film of 40 GB little is read, and of a picture that never ends no more than the limit", async () => {
  const mdat = make.join(make.box("ftyp", "isom", make.big(0)), make.big(1), "mdat", make.big(40e9, 8));
  const film = new Vast(40e9, mdat);
  assert.equal((await examine(film)).looked, false);
  assert.ok(film.read < 2 ** 20, `${film.read}`);
  for (const head of [
    make.jpegFile().subarray(0, -3),
    make.bytes("%PDF-1.7\n"),
    make.join("PK\x03\x04", new Uint8Array(9)),
  ]) {
    const vast = new Vast(4e9, head);
    const { whole } = await examine(vast);
    assert.equal(whole, false);
    assert.ok(vast.read <= READ_LIMIT + 2 ** 20, `${vast.read}`);
  }
});

test("a JPEG of a million segments, a TIFF of directories without end: left after the limit of steps", async () => {
  const segments = new Uint8Array(4_000_000).map((_, i) => [0xff, 0xe5, 0, 2][i % 4]);
  const jpeg = await examine(new Blob([make.join([0xff, 0xd8]), segments]));
  assert.equal(jpeg.looked && jpeg.whole, false);
  const chain = Array.from({ length: 900 }, (_, i) => make.join([0, 0], make.big(8 + 6 * (i + 1))));
  const tiff = await examine(new Blob([make.join("MM\0*", make.big(8), ...chain, new Uint8Array(6))]));
  assert.equal(tiff.whole, false);
});

test("what unpacks to gigabytes is left after the limit", async () => {
  const bomb = make.zipFile({ ...make.DOCX, "word/document.xml": new Uint8Array(30 * 2 ** 20) });
  assert.ok(bomb.length < 100_000);
  const budget = new Budget();
  const { whole, found } = await examine(new Blob([bomb]));
  assert.equal(whole, false);
  assert.ok(found.length > 0, "what stands elsewhere is found all the same");
  assert.throws(() => budget.read(READ_LIMIT + 1), CannotLook);
});

test("text made to slow the search down does not", () => {
  for (const piece of [
    "<creator>",
    '<x author="',
    "<creator",
    "</creator",
    "<w:creator w:author='",
    "<a:b:creator>",
  ]) {
    const text = piece.repeat(200_000);
    assert.ok(elements(text, "creator").length <= 10_000);
    assert.ok(attributes(text, "author").length <= 10_000);
  }
});

test("a source gives exactly the bytes asked for, or none", async () => {
  const source = new Source(new Blob([Uint8Array.from({ length: 200_000 }, (_, i) => i % 251)]));
  for (const [start, length] of [
    [0, 3],
    [65_530, 20],
    [100, 150_000],
    [199_990, 10],
    [5, 0],
  ]) {
    const bytes = await source.bytes(start, length);
    assert.deepEqual([bytes.length, bytes[0]], [length, length ? start % 251 : undefined]);
  }
  for (const [start, length] of [
    [199_990, 11],
    [-1, 2],
    [2 ** 53, 1],
    [0.5, 1],
    [NaN, 1],
    [0, -1],
  ]) {
    await assert.rejects(async () => source.bytes(start, length), CannotLook);
  }
});

test("findings are few and told once", () => {
  const found = new Found();
  for (let i = 0; i < 100; i++) found.text("author", `person ${i % 50}`);
  found.text("author", " \u202e ");
  assert.equal(found.list().length, 6);
});
