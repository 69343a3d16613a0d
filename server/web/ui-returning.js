// The field for a codename from an earlier visit. It says which word is wrong and what it may have been: the words are on
// the screen of whoever typed them, and on no other.

import listed from "../../keys/knothole_keys/words.txt";
import { parseCodename, WORDS } from "./codename.js";
import { t } from "./strings.js";
import { el, more, PRIVATE, setText } from "./ui-dom.js";
import { nearWords } from "./ui-state.js";

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

/** The returning source's part of the form; `draft.typed` follows. */
export function returningPart(draft) {
  const aid = el("p", { class: "hint", id: "codename-aid", role: "status", translate: "no" });
  const field = el("textarea", {
    id: "codename-entry",
    class: "typed",
    rows: "2",
    "aria-describedby": "codename-aid",
    ...PRIVATE,
    on: {
      input: () => {
        draft.typed = field.value;
        setText(aid, aidFor(field.value, field.selectionEnd === field.value.length));
      },
    },
  });
  field.value = draft.typed;
  const part = more(
    t("returning.title"),
    el("label", { for: "codename-entry" }, t("returning.label")),
    field,
    aid,
    el("p", { class: "hint" }, t("returning.hint")),
  );
  part.id = "returning";
  part.open = draft.typed !== "";
  return part;
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
