// The two ways into the page, and what is said to whoever takes the second.

import { t } from "./strings.js";
import { button, el, list, more } from "./ui-dom.js";

/** Both ways, the present one marked: "new" or "back". `other()` takes the other one. */
export function ways(present, other) {
  const way = (name) =>
    button(t(`ways.${name}`), name === present ? () => {} : other, {
      id: `way-${name}`,
      "aria-current": name === present ? "page" : null,
    });
  return el("nav", { class: "ways", "aria-label": t("ways.label") }, way("new"), way("back"));
}

/** What the server knows of somebody who looks for answers. */
export function knowsPart() {
  const known = more(
    t("answers.knows"),
    list(
      "ul",
      [1, 2, 3].map((n) => t(`answers.knows.${n}`)),
      { class: "plain" },
    ),
  );
  known.id = "knows";
  return known;
}
