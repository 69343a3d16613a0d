// A file as the examiner reads it: by slices, through one budget for all that is read of it, so that a film of many gigabytes
// costs no more than a photo, and a file that was made to be read for ever does not.

/** Bytes that may be read of one file, those of things unpacked from it included. */
export const READ_LIMIT = 64 * 2 ** 20;
/** Boxes, chunks, segments, directories and entries that may be stepped through in one file. */
export const STEP_LIMIT = 100_000;

// What is read at once: headers lie close together, and each slice of a file costs a round trip.
const PAGE = 2 ** 16;

/** The examiner goes no further: damaged, too large or unknown. Only the examiner itself sees it. */
export class CannotLook extends Error {}

/** What reading one file may cost; shared by its windows and by what is unpacked from it. */
export class Budget {
  constructor(bytes = READ_LIMIT, steps = STEP_LIMIT) {
    this.bytes = bytes;
    this.steps = steps;
  }

  read(n) {
    this.bytes -= n;
    if (this.bytes < 0) throw new CannotLook("too much to read");
  }

  step() {
    this.steps -= 1;
    if (this.steps < 0) throw new CannotLook("too many parts");
  }
}

/** A Blob, or a part of one; offsets are within it. */
export class Source {
  #page = { start: 0, bytes: new Uint8Array(0) };

  constructor(blob, budget = new Budget()) {
    this.blob = blob;
    this.budget = budget;
    this.size = blob.size;
  }

  /** A source over bytes at hand. They were paid for when they were read. */
  static over(bytes, budget) {
    const source = new Source(new Blob([bytes]), budget);
    source.#page = { start: 0, bytes };
    return source;
  }

  /** A part as a source of its own. */
  window(start, length) {
    this.#check(start, length);
    return new Source(this.blob.slice(start, start + length), this.budget);
  }

  /** Exactly these bytes. Throws CannotLook where they are not all there. */
  async bytes(start, length) {
    this.#check(start, length);
    if (!this.#has(start, length)) {
      const end = Math.min(this.size, start + Math.max(length, PAGE));
      this.budget.read(end - start);
      const bytes = new Uint8Array(await this.blob.slice(start, end).arrayBuffer());
      if (bytes.length !== end - start) throw new CannotLook("the file changed");
      if (length > PAGE) return bytes.subarray(0, length);
      this.#page = { start, bytes };
    }
    const from = start - this.#page.start;
    return this.#page.bytes.subarray(from, from + length);
  }

  /** The first of these bytes, `most` at the most. */
  some(start, length, most) {
    return this.bytes(start, Math.min(length, most));
  }

  /** A DataView over exactly these bytes. */
  async view(start, length) {
    const bytes = await this.bytes(start, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #has(start, length) {
    const { start: from, bytes } = this.#page;
    return start >= from && start + length <= from + bytes.length;
  }

  #check(start, length) {
    const whole = Number.isSafeInteger(start) && Number.isSafeInteger(length);
    if (!whole || start < 0 || length < 0 || start + length > this.size) throw new CannotLook("cut short");
  }
}
