// Where the person is: three steps, told by words and not by colour alone.

import { t } from "./strings.js";
import { el } from "./ui-dom.js";

const STEPS = ["compose", "codename", "sending"];

/** The list of steps, the present one marked. */
export function steps(present) {
  const at = STEPS.indexOf(present);
  return el(
    "ol",
    { class: "steps", "aria-label": t("steps.label") },
    STEPS.map((step, i) =>
      el("li", { "aria-current": i === at ? "step" : null, "data-past": i < at }, t(`steps.${step}`)),
    ),
  );
}
