// What went wrong: one sentence, and what to do next. An alarm has no button that goes on.

import { wayOut } from "./problems.js";
import { has, t } from "./strings.js";
import { button, el } from "./ui-dom.js";
import { revealWords } from "./ui-words.js";

// Kinds that the newsroom can do more about when it knows the refusal's name.
const TELLING = new Set(["altered", "broken", "unreachable", "between", "trouble"]);
const ACTIONS = { retry: "error.retry", back: "error.back", goon: "error.goon" }; // or a closer text, with the kind

/**
 * A problem's view. `begun`: some boxes may be stored already; `held`: something was typed or chosen; `words`: the confirmed
 * codename or null; `act()` does what the one button says.
 */
export function errorView({ problem, begun, held, words, act }) {
  const kind = has(`error.${problem.kind}`) ? problem.kind : "broken";
  const alarm = kind === "altered";
  const way = wayOut(kind);
  const detail = TELLING.has(kind) ? problem.facts.detail : null;
  return el(
    "section",
    { class: "card", id: "error", "data-kind": kind },
    el("h2", { class: alarm ? "problem" : null }, t(`error.${kind}.title`)),
    el(
      "div",
      { class: alarm ? "alarm" : "care" },
      // A file's or a reader's name must not reach a translator; other sentences quote nothing.
      el(
        "p",
        { translate: problem.facts.name || problem.facts.readers ? "no" : null },
        el("strong", {}, t(problem.facts.lapsed ? "error.off.lapsed" : `error.${kind}`, problem.facts)),
      ),
    ),
    el("p", { id: "error-next" }, t(`error.${kind}.next`, problem.facts)),
    // A new circuit loads the page anew: advice only where that loses nothing.
    kind === "unreachable" && !held && !begun ? el("p", {}, t("error.circuit")) : null,
    el("p", { id: "error-stored" }, standing({ kind, begun, held })),
    detail ? el("p", { class: "hint" }, t("error.detail", { detail })) : null,
    way
      ? el("div", { class: "actions" }, button(t(label(way, kind)), act, { class: "main", id: "retry" }))
      : null,
    words ? revealWords(words, { show: t("error.show"), hide: t("done.hide") }) : null,
  );
}

// What is known of what was sent, and where the draft is.
function standing({ kind, begun, held }) {
  const others = kind === "readers" ? "error.storedothers" : "error.stored";
  const kept = held && wayOut(kind) ? t("error.kept") : "";
  return `${t(begun ? others : "error.nothing")} ${kept}`.trim();
}

function label(way, kind) {
  const closer = `${ACTIONS[way]}.${kind}`;
  return has(closer) ? closer : ACTIONS[way];
}
