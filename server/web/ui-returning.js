// Coming back: the field for a codename from an earlier visit. It says which word is wrong and what it may have been: the words are on
// the screen of whoever typed them, and on no other. The list of words is fetched when the field is shown; until it is here,
// words are counted and none is called wrong.

import { parseCodename, typedWords, WORDS } from "./codename.js";
import { t } from "./strings.js";
import { button, describe, el, PRIVATE, setText } from "./ui-dom.js";
import { nearWords } from "./ui-state.js";
import { knowsPart, ways } from "./ui-ways.js";

/** "none", "good" or "bad": what stands in the field; `words` is the list as words.js gives it. */
export function wordsState(typed, words) {
  if (typed.trim() === "") return "none";
  try {
    parseCodename(typed, words);
    return "good";
  } catch {
    return "bad";
  }
}

/**
 * Where a codename from an earlier visit is typed: two ways on, and one back. `typed` is what stands in the field, and
 * `changed(text)` is told what is typed; `look(words)` and `more(words)` get eight listed words. `words` is the list of all
 * words: `here()` gives it or null, `get()` fetches it; `attempt(action)` makes a listener that shows why it did not come.
 */
export function returningView({ typed, changed, words, attempt, look, more, back }) {
  const aid = el("p", { class: "hint", id: "codename-aid", role: "status", translate: "no" });
  const problem = el("p", { class: "problem", id: "problem", role: "alert", translate: "no" });
  const field = el("textarea", {
    id: "codename-entry",
    class: "typed",
    rows: "2",
    enterkeyhint: "go",
    "aria-describedby": "codename-hint codename-aid",
    ...PRIVATE,
    on: {
      input: () => {
        changed(field.value);
        setText(problem, "");
        describe(field, null);
        help();
      },
      keydown: (event) => {
        if (event.key !== "Enter" || event.isComposing) return;
        event.preventDefault();
        lookUp();
      },
    },
  });
  field.value = typed;
  const help = () =>
    setText(aid, aidFor(field.value, field.selectionEnd === field.value.length, words.here()));
  let coming = null;
  const fetched = () => {
    coming ??= words.get().finally(() => (coming = null));
    return coming;
  };
  // Whoever goes on without the list is told why it did not come.
  if (!words.here()) fetched().then(help, () => {});
  const withWords = (goOn) => {
    let waiting = false;
    return attempt(async () => {
      if (waiting) return;
      if (!words.here()) {
        waiting = true;
        setText(aid, t("loading.title"));
        await fetched().finally(() => (waiting = false));
        if (!field.isConnected) return;
      }
      if (wordsState(field.value, words.here()) === "good")
        return goOn(parseCodename(field.value, words.here()));
      setText(problem, t("returning.incomplete"));
      setText(aid, aidFor(field.value, false, words.here()));
      describe(field, problem);
      field.focus();
    });
  };
  const lookUp = withWords(look);
  return [
    ways("back", back),
    el(
      "section",
      { class: "card", id: "returning" },
      el("h2", {}, t("returning.title")),
      el("p", {}, t("returning.text")),
      el("label", { class: "title", for: "codename-entry" }, t("returning.label")),
      el("p", { class: "hint", id: "codename-hint" }, t("returning.hint")),
      field,
      problem,
      aid,
      el(
        "div",
        { class: "actions" },
        button(t("returning.look"), lookUp, { class: "main", id: "look" }),
        button(t("returning.more"), withWords(more), { id: "more" }),
      ),
      el("p", { class: "hint after" }, t("returning.lost")),
      knowsPart(),
    ),
  ];
}

/**
 * What to say about a half-typed codename; the word still being typed is not called wrong. `listed` is the list as words.js
 * gives it, or null.
 */
export function aidFor(typed, typing, listed) {
  const words = typedWords(typed);
  if (words.length === 0) return "";
  if (listed === null) return t("returning.count", { n: words.length });
  if (words.length > WORDS) return t("returning.count", { n: words.length });
  const unfinished = typing && /\p{L}-?$/u.test(typed) && words.length < WORDS;
  const at = words.findIndex((word, i) => !listed.known.has(word) && !(unfinished && i === words.length - 1));
  if (at >= 0) {
    const near = nearWords(words[at], listed.list);
    const said = t("returning.unknown", { n: at + 1, word: words[at] });
    return near.length > 0 ? `${said} ${t("returning.near", { words: near.join(", ") })}` : said;
  }
  return wordsState(typed, listed) === "good"
    ? t("returning.good")
    : t("returning.count", { n: words.length });
}
