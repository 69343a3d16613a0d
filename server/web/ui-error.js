// What went wrong: one sentence, and what to do next. An alarm has no button that goes on.

import { wayOut } from "./problems.js";
import { has, t } from "./strings.js";
import { button, el } from "./ui-dom.js";
import { wordList } from "./ui-codename.js";

// Kinds that the newsroom can do more about when it knows the refusal's name.
const TELLING = new Set(["altered", "broken", "unreachable"]);
const ACTIONS = { retry: "error.retry", back: "error.back", goon: "error.goon" };

/**
 * A problem's view. `begun`: some boxes may be stored already; `words`: the confirmed codename or null; `act()` does
 * what the one button says.
 */
export function errorView({ problem, begun, words, act }) {
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
      // A file's name must not reach a translator; other sentences quote nothing.
      el(
        "p",
        { translate: problem.facts.name ? "no" : null },
        el("strong", {}, t(`error.${kind}`, problem.facts)),
      ),
    ),
    el("p", { id: "error-next" }, t(`error.${kind}.next`, problem.facts)),
    begun ? el("p", { id: "error-stored" }, t("error.stored")) : null,
    detail ? el("p", { class: "hint" }, t("error.detail", { detail })) : null,
    way
      ? el("div", { class: "actions" }, button(t(ACTIONS[way]), act, { class: "main", id: "retry" }))
      : null,
    words ? revealWords(words, { show: t("error.show"), hide: t("done.hide") }) : null,
  );
}

/** A button that shows the codename and hides it again. */
export function revealWords(words, { show, hide }) {
  const place = el("div", { id: "revealed" });
  const toggle = button(
    show,
    () => {
      const shown = place.childElementCount > 0;
      place.replaceChildren(...(shown ? [] : [wordList(words, "codename-again")]));
      toggle.textContent = shown ? show : hide;
      toggle.setAttribute("aria-expanded", String(!shown));
    },
    { id: "reveal", class: "slight", "aria-expanded": "false", "aria-controls": "revealed" },
  );
  return el("div", {}, el("p", {}, toggle), place);
}
