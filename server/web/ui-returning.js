// Coming back: the field for a codename from an earlier visit. It says which word is wrong and what it may have been: the words are on
// the screen of whoever typed them, and on no other.

import listed from "../../keys/knothole_keys/words.txt";
import { parseCodename, WORDS } from "./codename.js";
import { t } from "./strings.js";
import { button, describe, el, PRIVATE, setText } from "./ui-dom.js";
import { nearWords } from "./ui-state.js";
import { knowsPart, ways } from "./ui-ways.js";

const LIST = listed.trim().split("\n");
const KNOWN = new Set(LIST);

/** "none", "good" or "bad": what stands in the field. */
export function wordsState(typed) {
  if (typed.trim() === "") return "none";
  try {
    parseCodename(typed);
    return "good";
  } catch {
    return "bad";
  }
}

/**
 * Where a codename from an earlier visit is typed: two ways on, and one back. `typed` is what stands in the field, and
 * `changed(text)` is told what is typed; `look(words)` and `more(words)` get eight listed words.
 */
export function returningView({ typed, changed, look, more, back }) {
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
        setText(aid, aidFor(field.value, field.selectionEnd === field.value.length));
      },
      keydown: (event) => {
        if (event.key !== "Enter" || event.isComposing) return;
        event.preventDefault();
        withWords(look);
      },
    },
  });
  field.value = typed;
  const withWords = (goOn) => {
    if (wordsState(field.value) === "good") return goOn(parseCodename(field.value));
    setText(problem, t("returning.incomplete"));
    setText(aid, aidFor(field.value, false));
    describe(field, problem);
    field.focus();
  };
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
        button(t("returning.look"), () => withWords(look), { class: "main", id: "look" }),
        button(t("returning.more"), () => withWords(more), { id: "more" }),
      ),
      el("p", { class: "hint after" }, t("returning.lost")),
      knowsPart(),
    ),
  ];
}

/** What to say about a half-typed codename; the word still being typed is not called wrong. */
export function aidFor(typed, typing) {
  const words = typed.toLowerCase().split(/\s+/u).filter(Boolean);
  if (words.length === 0) return "";
  if (/[^\p{L}\p{M}\s-]/u.test(typed)) return t("returning.onlywords");
  const unfinished = typing && !/\s$/u.test(typed) && words.length < WORDS;
  const at = words.findIndex((word, i) => !KNOWN.has(word) && !(unfinished && i === words.length - 1));
  if (at >= 0) {
    const near = nearWords(words[at], LIST);
    const said = t("returning.unknown", { n: at + 1, word: words[at] });
    return near.length > 0 ? `${said} ${t("returning.near", { words: near.join(", ") })}` : said;
  }
  return wordsState(typed) === "good" ? t("returning.good") : t("returning.count", { n: words.length });
}
