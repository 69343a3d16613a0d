// What went wrong: one sentence, and what to do next. An alarm has no button that goes on.

import { wayOut } from "./problems.js";
import { has, t } from "./strings.js";
import { button, el } from "./ui-dom.js";
import { revealWords } from "./ui-words.js";

// Kinds that the newsroom can do more about when it knows the refusal's name.
const TELLING = new Set(["altered", "broken", "unreachable", "between", "trouble"]);
// Kinds that only the newsroom can mend. How to tell it is said in one way, or a page would send people to their colleagues.
const TO_TELL = new Set(["altered", "badkey", "board", "broken", "permit", "refused"]);
const ACTIONS = { retry: "error.retry", back: "error.back", goon: "error.goon" }; // or a closer text, with the kind

/**
 * A problem's view. `begun`: some boxes may be stored already; `held`: something was typed or chosen; `words`: the confirmed
 * codename or null. `act()` does what the first button says. `looking`: it happened while answers were looked for, so `home()`
 * leads to the form; where sealing is off, `answers()` leads to the answers, which need no list in force.
 */
export function errorView({ problem, begun, held, words, looking, act, home, answers }) {
  const kind = has(`error.${problem.kind}`) ? problem.kind : "broken";
  const alarm = kind === "altered";
  const way = wayOut(kind);
  const lapsed = kind === "off" && problem.facts.lapsed;
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
        el("strong", {}, t(lapsed ? "error.off.lapsed" : sentence(kind, looking), problem.facts)),
      ),
    ),
    el("p", { id: "error-next" }, t(`error.${kind}.next`, problem.facts)),
    TO_TELL.has(kind) ? el("p", { id: "error-tell" }, t("error.tell")) : null,
    // A new circuit loads the page anew: advice only where that loses nothing.
    kind === "unreachable" && !held && !begun ? el("p", {}, t("error.circuit")) : null,
    el("p", { id: "error-stored" }, looking ? t("answers.error.standing") : standing({ kind, begun, held })),
    lapsed ? el("p", {}, t("error.answersoff")) : null,
    detail ? el("p", { class: "hint" }, t("error.detail", { detail })) : null,
    way
      ? el(
          "div",
          { class: "actions" },
          button(t(label(way, kind)), act, { class: "main", id: "retry" }),
          lapsed ? button(t("error.answers"), answers, { id: "to-answers" }) : null,
          looking ? button(t("ways.new"), home, { id: "home" }) : null,
        )
      : null,
    words ? revealWords(words, { show: t("error.show"), hide: t("done.hide") }) : null,
  );
}

function sentence(kind, looking) {
  const closer = `answers.error.${kind}`;
  return looking && has(closer) ? closer : `error.${kind}`;
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
