// Leaving in a hurry: a button that is always there, and a key pressed three times. What the page holds is forgotten first,
// then its contents go, then the address: each of these works even if the next one fails. Back leads to what was there before
// the drop, and only if the drop has no more than one place in the tab's history: its own links take the place of the page.

import { t } from "./strings.js";
import { button, el } from "./ui-dom.js";

const TIMES = 3;
const WITHIN = 2000; // milliseconds
const NOWHERE = "about:blank";

/** True when the newest of `times` (milliseconds, rising) is the third within two seconds. */
export function isHurry(times) {
  return times.length >= TIMES && times.at(-1) - times.at(-TIMES) <= WITHIN;
}

/**
 * Put the button on the page and listen for the key; `forget()` ends what is under way and drops what is held. Returns
 * `leave()`, for other buttons that mean the same. The page's history entry is replaced, so that Back does not come here.
 */
export function offerLeaving(forget) {
  const leave = () => {
    try {
      forget();
    } finally {
      wipe();
      location.replace(NOWHERE);
    }
  };
  const hint = el("span", { id: "leave-hint", class: "unseen" }, t("leave.hint"));
  const leaving = button(t("leave.button"), leave, {
    id: "leave",
    "aria-describedby": "leave-hint",
    title: t("leave.hint"),
  });
  const place = el("section", { id: "leaving", "aria-label": t("leave.button") }, leaving, hint);
  document.querySelector(".bar").append(place);
  addEventListener("click", takePlace);
  const presses = [];
  addEventListener(
    "keydown",
    (event) => {
      // A key held down, or one that ends a suggestion of an input method, is no cry for help.
      if (event.key !== "Escape" || event.repeat || event.isComposing) return;
      presses.push(event.timeStamp);
      if (isHurry(presses)) leave();
    },
    { capture: true },
  );
  // Gone is gone: what the browser may keep of a page for its back button is emptied, too.
  addEventListener("pagehide", () => {
    forget();
    wipe();
  });
  return leave;
}

// Another language's page, or a mark within this one, in the place of this entry of the history.
function takePlace(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (link.origin !== location.origin) return;
  event.preventDefault();
  location.replace(link.href);
}

// What stays if the browser refuses to go: a page that names neither the drop nor what it is for.
function wipe() {
  document.title = t("left.title");
  document.querySelectorAll("link[rel=icon]").forEach((icon) => icon.remove());
  document.documentElement.dataset.state = "left";
  delete document.documentElement.dataset.dropId;
  document.body.replaceChildren(
    el(
      "main",
      { id: "main", "data-state": "left" },
      el("h1", {}, t("left.title")),
      el("p", {}, t("left.text")),
    ),
  );
}
