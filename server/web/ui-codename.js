// The codename: shown once, in large type, and asked for before anything is sent. A person who cannot repeat two of its
// words has not written it down, and would find that out when it is too late.

import { lang, t } from "./strings.js";
import { button, describe, el, more, PRIVATE, setText } from "./ui-dom.js";
import { wrongAnswers } from "./ui-state.js";
import { steps } from "./ui-steps.js";
import { count, names } from "./ui-format.js";
import { cover, revealWords, wordList } from "./ui-words.js";

/**
 * The codename and its check. `words` are the eight, `asked` the numbers to type; `what` is the line that says what will be
 * sent to whom, `same` the names left out as duplicates.
 */
export function codenameView({ words, asked, what, same, confirm, back }) {
  const shown = wordList(words, "codename");
  const problem = el("p", { class: "problem", id: "problem", role: "alert", translate: "no" });
  const turn = (covered) => {
    cover(shown, covered);
    again.hidden = !covered;
  };
  const again = button(t("codename.show"), () => turn(false), {
    class: "slight",
    id: "show-words",
    hidden: true,
  });
  // Covered while the two are typed: they should come from the paper.
  const fields = new Map(
    asked.map((n) => [n, answerField(n, { cover: () => turn(true), enter: () => check() })]),
  );
  const check = () => {
    const wrong = wrongAnswers(words, new Map([...fields].map(([n, field]) => [n, field.value])));
    for (const [n, field] of fields) describe(field, wrong.includes(n) ? problem : null);
    if (wrong.length === 0) return confirm();
    setText(problem, t("codename.wrong", { n: wrong.length, list: names(wrong.map(count)) }));
    fields.get(wrong[0]).focus();
  };
  return [
    steps("codename"),
    el(
      "section",
      { class: "card" },
      el("h2", {}, t("codename.title")),
      el("p", {}, t("codename.text")),
      lang === "en" ? null : el("p", { id: "english" }, t("codename.english")),
      shown,
      again,
      el("p", { class: "care" }, t("codename.advice")),
      copyPart(words),
    ),
    el(
      "section",
      { class: "card" },
      el("h3", { class: "title" }, t("codename.check")),
      el("p", { class: "hint" }, t("codename.checkhint")),
      el(
        "div",
        { class: "asked" },
        [...fields].map(([n, field]) =>
          el("div", {}, el("label", { for: field.id }, t("codename.word", { n })), field),
        ),
      ),
      problem,
      ...closing({ what, same, confirm: check, back }),
    ),
  ];
}

/** What stands in its place for a source whose codename the page holds; `sure` says that it is known to be theirs. */
export function keptView({ words, sure, what, same, confirm, back }) {
  return [
    steps("codename"),
    el(
      "section",
      { class: "card" },
      el("h2", {}, t("codename.kept")),
      el("p", {}, t(sure ? "codename.kepttext" : "codename.typedtext")),
      revealWords(words, { show: t("codename.look"), hide: t("codename.hide") }),
      ...closing({ what, same, confirm, back }),
    ),
  ];
}

function answerField(n, { cover: hide, enter }) {
  return el("input", {
    type: "text",
    id: `confirm-${n}`,
    "data-word-index": n,
    enterkeyhint: "go",
    ...PRIVATE,
    on: {
      focus: hide,
      keydown: (event) => {
        if (event.key === "Enter" && !event.isComposing) enter();
      },
    },
  });
}

function closing({ what, same, confirm, back }) {
  return [
    same.length > 0
      ? el(
          "p",
          { class: "care", id: "same", translate: "no" },
          t("codename.same", { n: same.length, list: names(same) }),
        )
      : null,
    el("p", { class: "hint", id: "what", translate: "no" }, what),
    el(
      "div",
      { class: "actions" },
      button(t("codename.send"), confirm, { class: "main", id: "confirm-send" }),
      button(t("codename.back"), back, { id: "back" }),
    ),
  ];
}

function copyPart(words) {
  const said = el("p", { class: "hint", role: "status" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(words.join(" "));
      setText(said, t("codename.copied"));
    } catch {
      // No clipboard outside secure contexts, or the person said no.
      setText(said, t("codename.uncopied"));
    }
  };
  return more(
    t("codename.copytitle"),
    el("p", { class: "hint" }, t("codename.copytext")),
    button(t("codename.copy"), copy, { id: "copy" }),
    said,
  );
}
