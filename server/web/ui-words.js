// The eight words on the screen: as a list, covered, or behind a button.

import { t } from "./strings.js";
import { button, el, list } from "./ui-dom.js";

/** The numbered words; nothing may translate them or read them for suggestions. */
export function wordList(words, id) {
  return list("ol", words, {
    class: "words",
    id,
    translate: "no",
    lang: "en",
    "aria-label": t("codename.words"),
  });
}

/** Cover a list of words or show it again, for eyes and for screen readers alike. */
export function cover(words, covered) {
  words.toggleAttribute("data-covered", covered);
  if (covered) words.setAttribute("aria-hidden", "true");
  else words.removeAttribute("aria-hidden");
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
  return el("div", { class: "reveal" }, el("p", {}, toggle), place);
}
