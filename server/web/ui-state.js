// The page's rules, pure: which state follows which, what a draft lacks, which words are asked, how fast it goes.
// No element, no request and no clock in here; whoever calls brings time and chance along.

import { typedWords } from "./codename.js";
import { foldName } from "./names.js";

// What may follow what. Anything else is a mistake in the page, and stops it.
const NEXT = {
  loading: { ready: "compose", fail: "error" },
  compose: { submit: "hashing", return: "returning", fail: "error" },
  hashing: { back: "compose", hashed: "codename", fail: "error" },
  codename: { back: "compose", confirm: "checking", fail: "error" },
  checking: { back: "compose", open: "sending", fail: "error" },
  sending: { stored: "done", fail: "error" },
  done: { look: "looking" },
  returning: { back: "compose", more: "loading", look: "looking", fail: "error" },
  looking: { back: "returning", found: "answers", fail: "error" },
  answers: { look: "looking", return: "returning", more: "loading", fail: "error" },
  error: { reload: "loading", return: "returning", look: "looking" },
  left: {},
};

/**
 * The state after an event. Throws on an event that the state does not know: nothing is sent by accident. Leaving is
 * possible from everywhere, and nothing follows it.
 */
export function next(state, event) {
  if (event === "leave" && state !== "left") return "left";
  if (!Object.hasOwn(NEXT[state], event)) throw new Error(`no ${event} in ${state}`);
  return NEXT[state][event];
}

// After "done" nothing is held; while these last, something is under way even if the draft looks empty.
const BUSY = ["hashing", "codename", "checking", "sending"];

/** While true, leaving the page loses something that the person has not agreed to lose: work under way, or a draft. */
export function holdsOn(state, { message, files }) {
  return BUSY.includes(state) || message.trim() !== "" || files.length > 0;
}

/** The key (in strings.js) of what a draft lacks, or null. */
export function lacking({ message, files, chosen }) {
  if (chosen.length === 0) return "compose.nobody";
  return message.trim() === "" && files.length === 0 ? "compose.nothing" : null;
}

/**
 * What a newer list of readers makes of a choice: {chosen: ids, left, joined}. `left` are chosen readers who are gone,
 * `joined` those who are new; a new one is chosen only if all were, because then the person meant everybody.
 */
export function readersAfter(before, after, chosen) {
  const known = new Set(before.map(({ id }) => id));
  const present = new Set(after.map(({ id }) => id));
  const all = before.every(({ id }) => chosen.has(id));
  const stays = ({ id }) => (known.has(id) ? chosen.has(id) : all);
  return {
    chosen: new Set(after.filter(stays).map(({ id }) => id)),
    left: before.filter(({ id }) => chosen.has(id) && !present.has(id)),
    joined: after.filter(({ id }) => !known.has(id)),
  };
}

/** Two different word numbers (from 1, rising) to ask for, one of each half; `below(n)` is a random integer below n. */
export function askedWords(total, below) {
  const half = Math.floor(total / 2);
  return [1 + below(half), 1 + half + below(total - half)];
}

/** The word numbers whose answers are wrong; `answers` maps numbers to what was typed. */
export function wrongAnswers(words, answers) {
  return [...answers].filter(([n, typed]) => typedWords(typed).join(" ") !== words[n - 1]).map(([n]) => n);
}

/** The listed words nearest to a mistyped one: same beginning, or one letter off; at most `most`. */
export function nearWords(word, list, most = 4) {
  const near = list.filter((candidate) => oneOff(word, candidate));
  const begun = word.length < 3 ? [] : list.filter((candidate) => candidate.startsWith(word));
  return [...new Set([...near, ...begun])].slice(0, most);
}

// One letter more, less, other, or two neighbours swapped.
function oneOff(a, b) {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const middle = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if (middle[0].length <= 1 && middle[1].length <= 1) return true;
  return middle[0].length === 2 && middle[1] === middle[0][1] + middle[0][0];
}

/** Split what files hold into those to send and those whose contents another one has already: {kept, same}. */
export function distinctFiles(files) {
  const seen = new Set();
  const kept = [];
  const same = [];
  for (const file of files) {
    const contents = `${file.size} ${file.root.join()}`;
    (seen.has(contents) ? same : kept).push(file);
    seen.add(contents);
  }
  return { kept, same };
}

/** Names taken by a list of files, folded as letters compare them. */
export function takenNames(files) {
  return new Set(files.map(({ name }) => foldName(name)));
}

// Boxes that fly together land together: fewer than these tell how they bunch, not how fast they are.
const BUNCH = 5;

/**
 * Boxes a second over the last minute, or over the last five boxes where a minute is too short for them: an average since
 * the start would go on promising what was true an hour ago.
 */
export class Meter {
  #marks = [];
  #cut = false;

  /** Note that `boxes` were sent in all, at `time` in seconds. */
  mark(time, boxes) {
    this.#marks.push({ time, boxes });
    const old = () => this.#marks[1].time < time - 60 && boxes - this.#marks[1].boxes >= BUNCH;
    while (this.#marks.length > 2 && old()) {
      this.#marks.shift();
      this.#cut = true;
    }
  }

  /** Boxes a second, or null while too little is known. */
  speed(time) {
    const first = this.#first();
    const last = this.#marks.at(-1);
    if (!first || time - first.time < 2 || last.boxes - first.boxes < 2) return null;
    return (last.boxes - first.boxes) / (time - first.time);
  }

  // Where nothing was forgotten, the begin; else the first box that landed: to begin between two would count one too many.
  #first() {
    if (!this.#cut) return this.#marks[0];
    return this.#marks.find(({ boxes }, i) => i > 0 && boxes > this.#marks[i - 1].boxes);
  }

  /** Forget: a pause, or a line that was gone, is not slowness. */
  reset() {
    this.#marks = [];
    this.#cut = false;
  }
}

// What a letter's frame and one entry of its table take, roughly.
const FRAME = 1200;
const ENTRY = 330;

/** About how many boxes a draft will fill; letter.js knows exactly, once the files were read. */
export function estimateBoxes({ files, message }, capacity) {
  let letter = FRAME + 3 * message.length + files.reduce((sum, { name }) => sum + ENTRY + 2 * name.length, 0);
  let boxes = 0;
  for (const { size } of files) {
    if (letter + size <= capacity) letter += size;
    else boxes += Math.max(1, Math.ceil(size / capacity));
  }
  return boxes + Math.ceil(letter / capacity);
}
