// What the cards of a board mean for the person who has the codename, pure: replies as letters, acknowledgements by the
// letter that they speak of, and what the next letter names as read.

import { readAcknowledgement } from "./card.js";

// What a letter can name as read (SPEC section 9).
const MOST_READ = 256;

/**
 * {replies, letters} of a board's `cards` ({kind, day, sender, sequence, text}); `names` maps a sender's id to a name.
 * `replies` are {sender, sequence, day, name, text}, the newest first. `letters` are {letter, day, whole, states}, the newest
 * first: `states` is each reader's newest word on that letter, {name, boxes, expected, files, of, whole}; `whole` is true once
 * one reader has all of it.
 */
export function answersOf(cards, names) {
  const ordered = [...cards].sort(byAge);
  const replies = ordered
    .filter(({ kind }) => kind === "reply")
    .map(({ sender, sequence, day, text }) => ({ sender, sequence, day, text, name: names.get(sender) }))
    .reverse();
  const letters = new Map();
  // A desk's numbers rise whatever its clock does: its last word is the one with the highest.
  const numbered = [...cards].sort((a, b) => a.sequence - b.sequence);
  for (const { kind, sender, text } of numbered) {
    const said = kind === "acknowledgement" ? readAcknowledgement(text) : null;
    if (said === null) continue;
    const { letter, day, ...counts } = said;
    if (!letters.has(letter)) letters.set(letter, { letter, day, states: new Map() });
    letters.get(letter).states.set(sender, { name: names.get(sender), ...counts, whole: isWhole(counts) });
  }
  return { replies, letters: [...letters.values()].map(settled).sort(byDay) };
}

/** What a letter names as read of the replies that were shown, the newest first: {sender, sequence}. */
export function readOf(replies) {
  return replies.slice(0, MOST_READ).map(({ sender, sequence }) => ({ sender, sequence }));
}

function byAge(a, b) {
  if (a.day !== b.day) return a.day < b.day ? -1 : 1;
  return a.sequence - b.sequence;
}

function byDay(a, b) {
  if (a.day !== b.day) return a.day < b.day ? 1 : -1;
  return a.letter < b.letter ? -1 : 1;
}

function isWhole({ boxes, expected, files, of }) {
  return expected > 0 && boxes >= expected && files >= of;
}

function settled({ states, ...letter }) {
  const list = [...states.values()];
  return { ...letter, states: list, whole: list.some(({ whole }) => whole) };
}
