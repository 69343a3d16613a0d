// The end: what is known, what is not, and what to do now.

import { t } from "./strings.js";
import { button, el, list } from "./ui-dom.js";
import { names } from "./ui-format.js";
import { revealWords } from "./ui-words.js";

/** The last view; `readers` are names, `words` the codename, shown only when asked for; `look()` and `leave()` lead on. */
export function doneView({ boxes, readers, words, look, leave }) {
  return el(
    "section",
    { class: "card", id: "done" },
    el("h2", {}, t("done.title")),
    el(
      "p",
      { class: "lead", id: "done-known", translate: "no" },
      t("done.known", { n: boxes, readers: names(readers) }),
    ),
    el("p", { class: "care" }, t("done.unknown")),
    el("h3", {}, t("done.next")),
    list("ol", [t("done.next.1"), t("done.next.2"), t("done.next.3")], { class: "next" }),
    el(
      "div",
      { class: "actions" },
      button(t("done.leave"), leave, { class: "main", id: "leave-here" }),
      button(t("done.look"), look, { id: "look" }),
    ),
    el("h3", {}, t("done.readers")),
    list("ul", readers, { class: "sealedfor", id: "sealed-for", translate: "no" }),
    revealWords(words, { show: t("done.show"), hide: t("done.hide") }),
  );
}
