// What stands there while the lists are fetched. page.html shows its own card before the script runs: that one blames the
// browser when it stands too long, this one the line.

import { t } from "./strings.js";
import { button, el } from "./ui-dom.js";
import { steps } from "./ui-steps.js";

/** While the lists are asked for once more, in a step on the way; `back()` leads back to writing. */
export function checkingView({ step, back }) {
  return [steps(step), loadingView({ title: "checking.title", back })];
}

/** The waiting view: `title` a text's key; `back()` is offered where there is something to go back to. */
export function loadingView({ title = "loading.title", back = null } = {}) {
  return el(
    "section",
    { class: "card", id: "loading" },
    el("h2", {}, t(title)),
    el("p", {}, t("loading.text")),
    el("p", { class: "late" }, t("loading.late")),
    back ? el("div", { class: "actions" }, button(t("hashing.cancel"), back, { id: "cancel" })) : null,
  );
}
