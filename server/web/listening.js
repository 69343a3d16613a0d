// What the page hears from the window around it: leaving, coming back, the network, and files dropped anywhere.

import { droppedFiles } from "./files.js";

/** Listen for good. `holds()`: leaving would lose something; `network(online)` is called; `form()` is the compose view or null.
 * Returns {walking}, true while a dropped folder is being walked through. */
export function listen({ holds, network, form }) {
  const hearing = { walking: false };
  let walks = 0;
  let restored = false;
  addEventListener("beforeunload", (event) => {
    if (restored || !holds()) return;
    event.preventDefault();
    event.returnValue = true; // what older browsers ask for instead
  });
  // A page out of the back button's memory would still show what was typed; that it was left was agreed to already.
  addEventListener("pageshow", (event) => {
    restored = event.persisted;
    if (restored) location.reload();
  });
  addEventListener("online", () => network(true));
  addEventListener("offline", () => network(false));
  const root = document.documentElement;
  // A file dropped beside the form would replace the page by the file.
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    root.toggleAttribute("data-dragging", form() !== null);
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) root.removeAttribute("data-dragging");
  });
  addEventListener("drop", async (event) => {
    root.removeAttribute("data-dragging");
    if (!carriesFiles(event)) return;
    event.preventDefault();
    if (form() === null) return;
    hearing.walking = ++walks > 0;
    const { found, unread } = await droppedFiles(event.dataTransfer);
    hearing.walking = --walks > 0;
    form()?.addFiles(found, unread);
  });
  return hearing;
}

// Text dragged into the message is the field's own business.
function carriesFiles({ dataTransfer }) {
  return [...(dataTransfer?.types ?? [])].includes("Files");
}
