// The end: what is known, what is not, and what to do now.

import { t } from "./strings.js";
import { el, list } from "./ui-dom.js";
import { names } from "./ui-format.js";
import { revealWords } from "./ui-words.js";

/** The last view; `readers` are names, `words` the codename, shown only when asked for. */
export function doneView({ boxes, readers, words }) {
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
    el("h3", {}, t("done.readers")),
    list("ul", readers, { class: "sealedfor", id: "sealed-for", translate: "no" }),
    revealWords(words, { show: t("done.show"), hide: t("done.hide") }),
  );
}
