// What stands there while the lists are fetched; page.html shows the same before the script runs.

import { t } from "./strings.js";
import { el } from "./ui-dom.js";

/** The loading view. */
export function loadingView() {
  return el(
    "section",
    { class: "card", id: "loading" },
    el("h2", {}, t("loading.title")),
    el("p", {}, t("loading.text")),
  );
}
