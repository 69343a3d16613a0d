// What was found in a file: plain facts, to be put into words by whoever shows them.
//
// A finding is {what, value?, n?, names?}; `what` is one of WHAT, in the order in which a person should hear of it.

import { CannotLook } from "./source.js";
import { moment, position, tidy } from "./text.js";

/** Everything that can be found. strings.js has "traces.WHAT" for each. */
export const WHAT = [
  "place", // where a picture was taken: coordinates, or a town's name
  "serial", // of a camera or lens
  "owner",
  "author",
  "editor", // who saved it last
  "company",
  "printer",
  "changes", // tracked ones: n, by names
  "comments", // n, by names
  "attachments", // n, names
  "embedded", // n
  "pictures", // n pictures inside that hold traces of their own
  "earlier", // n earlier versions inside
  "preview",
  "tail", // n bytes behind the end of the picture
  "track", // a film's track of measurements
  "maker", // a camera maker's private notes
  "id",
  "device",
  "software",
  "taken",
  "made",
  "changed",
  "text",
  "location", // a path or a template's name on the author's machine
  "extra", // properties that somebody added, or parts that nobody here can read
];

/** Values kept of one kind; more are counted nowhere, a person has seen the point. */
const MOST_OF_A_KIND = 6;
const MOST_NAMES = 12;

const TIMES = ["taken", "made", "changed"];

function spelled(what, text) {
  if (TIMES.includes(what)) return moment(text);
  return what === "place" ? position(text) : text;
}

/** Collects findings of one file. `whole` turns false where something could not be looked into. */
export class Found {
  #kinds = new Map();
  whole = true;

  /** A finding with a text; nothing when the text is empty. Repeats are kept once. */
  text(what, value) {
    const shown = spelled(what, tidy(String(value ?? "")));
    if (!shown) return;
    const { values } = this.#of(what);
    // "Canon" says nothing new beside "Canon EOS 5D".
    if (values.size < MOST_OF_A_KIND && ![...values].some((one) => one.includes(shown))) values.add(shown);
  }

  /** A finding that is counted, by names where there are some. */
  count(what, n, names = []) {
    if (n <= 0 && names.length === 0) return;
    const kind = this.#of(what);
    kind.n += Math.max(0, n);
    for (const name of names.map(tidy)) {
      if (name && kind.names.size < MOST_NAMES) kind.names.add(name);
    }
  }

  /** A finding that is only there or not. */
  mark(what) {
    this.#of(what);
  }

  /** Do something that damaged bytes may end: what it found before stays found. */
  async attempt(look) {
    try {
      return await look();
    } catch {
      // A CannotLook by design; anything else would be a mistake of ours, and a source is to hear "only in part" all the same.
      this.whole = false;
      return null;
    }
  }

  has(what) {
    return this.#kinds.has(what);
  }

  get empty() {
    return this.#kinds.size === 0;
  }

  /** Plain objects, most telling first. */
  list() {
    return WHAT.filter((what) => this.#kinds.has(what)).flatMap((what) => {
      const { n, names, values } = this.#kinds.get(what);
      if (values.size > 0) return [...values].map((value) => ({ what, value }));
      return [{ what, ...(n > 0 || names.size > 0 ? { n, names: [...names] } : {}) }];
    });
  }

  #of(what) {
    if (!WHAT.includes(what)) throw new CannotLook(what);
    if (!this.#kinds.has(what)) this.#kinds.set(what, { n: 0, names: new Set(), values: new Set() });
    return this.#kinds.get(what);
  }
}
