// Choosing files: pickers, what was dropped, and the list of what will be sent under which name.

import { addFiles, pickedFiles } from "./files.js";
import { t } from "./strings.js";
import { announce, button, el, part, setText } from "./ui-dom.js";
import { bytes, duration } from "./ui-format.js";
import { estimateBoxes } from "./ui-state.js";
import { cleanAllPart, tracesPart } from "./ui-traces.js";

// Rows beyond this are counted, not drawn: ten thousand of them would freeze an old phone.
const SHOWN = 200;
// What circuits carry, in bytes a second; only worth saying when it takes a while.
const FAST = 1_500_000;
const SLOW = 200_000;
const WORTH_SAYING = 20_000_000;

/**
 * The files' part of the form: {element, add(found), miss(text)}; `draft.files` follows. `add` returns the names left out,
 * `miss` says what is not there and stays until files are chosen again, because nothing else would ever tell;
 * `picked(found)` is called with what the pickers give; `examining` looks into the files.
 */
export function filesPart({ draft, geometry, picked, examining }) {
  const list = el("div", { id: "file-list" });
  const sums = el("div", { id: "file-sums" });
  const sum = () => {
    cleanAll.update(draft.files);
    sums.replaceChildren(...(draft.files.length > 0 ? [totals(draft, geometry)] : []));
  };
  const cleanAll = cleanAllPart(() => {
    for (const file of draft.files.slice(0, SHOWN)) redraw(file);
    sum();
  });
  // One row's part, in place: whoever is in another row stays there.
  const redraw = (file) => {
    const row = list.querySelector(`li[data-key="${file.key}"]`);
    row?.querySelector(".traces").replaceWith(tracesPart(file, () => chosen(file)));
    row?.querySelector(".size").replaceChildren(bytes(file.size));
  };
  const chosen = (file) => {
    list.querySelector(`li[data-key="${file.key}"] .size`).replaceChildren(bytes(file.size));
    sum();
    announce(
      t(file.file === file.original ? "traces.nowOriginal" : "traces.nowCleaned", { name: file.name }),
    );
  };
  const draw = () => {
    list.replaceChildren(...listed({ draft, remove, removeAll, chosen }));
    sum();
    examining.keep(draft.files);
    examining.add(draft.files);
  };
  examining.changed = (file, left) => {
    redraw(file);
    sum();
    if (left > 0) return;
    const telling = draft.files.filter(({ traces }) => traces?.found.length > 0).length;
    announce(telling > 0 ? t("traces.said", { n: telling }) : t("traces.saidnone"));
  };
  const add = (found) => {
    const { files, again } = addFiles(draft.files, found);
    const added = files.length - draft.files.length;
    draft.files = files;
    draw();
    const said = [
      added > 0 && t("files.added", { n: added }),
      again.length > 0 && t("files.again", { n: again.length }),
    ];
    announce(said.filter(Boolean).join(" "));
    return again;
  };
  const files = picker("files", t("files.choose"), { multiple: true }, picked);
  const remove = (file) => {
    const at = draft.files.indexOf(file);
    draft.files = draft.files.filter((one) => one !== file);
    draw();
    announce(t("files.removed", { name: file.name }));
    // The focus stays where the person was working: the next row's button, else the picker.
    const buttons = list.querySelectorAll("li button");
    (buttons[Math.min(at, buttons.length - 1)] ?? files.querySelector("input")).focus();
  };
  const removeAll = () => {
    draft.files = [];
    draw();
    files.querySelector("input").focus();
  };
  draw();
  const missed = el("p", { class: "problem", id: "missed", role: "alert", translate: "no" });
  const element = part(
    "files",
    t("files.title"),
    t("files.hint"),
    el("div", { class: "drop" }, files, " ", folderPicker(picked), el("p", {}, t("files.drop"))),
    missed,
    list,
    cleanAll.element,
    sums,
  );
  return { element, add, miss: (text) => setText(missed, text) };
}

function picker(id, text, props, add) {
  const input = el("input", {
    type: "file",
    autocomplete: "off",
    id,
    ...props,
    on: {
      change: (event) => {
        // The form takes a change for a mended complaint, and this one may have just made it.
        event.stopPropagation();
        add(pickedFiles(input));
        // Emptied, so that choosing the same file again after removing it is a change.
        input.value = "";
      },
    },
  });
  return el("label", { class: "button" }, text, input);
}

function folderPicker(add) {
  const able = "webkitdirectory" in HTMLInputElement.prototype && !matchMedia("(pointer: coarse)").matches;
  return able ? picker("folder", t("files.folder"), { webkitdirectory: true }, add) : "";
}

function listed({ draft, remove, removeAll, chosen }) {
  const { files } = draft;
  if (files.length === 0) return [];
  const rows = files.slice(0, SHOWN).map((file) => row(file, remove, chosen));
  if (files.length > SHOWN) {
    rows.push(el("li", {}, el("span", { class: "name" }, t("files.more", { n: files.length - SHOWN }))));
  }
  return [
    el("ul", { class: "files", "aria-label": t("files.list") }, rows),
    files.length > 5 ? button(t("files.removeall"), removeAll, { class: "slight" }) : null,
  ].filter(Boolean);
}

function row(file, remove, chosen) {
  return el(
    "li",
    { "data-key": file.key },
    el("span", { class: "name", translate: "no" }, el("bdi", {}, file.name)),
    el("span", { class: "size" }, bytes(file.size)),
    button(t("files.remove"), () => remove(file), {
      class: "slight",
      "aria-label": t("files.removeone", { name: file.name }),
    }),
    file.name === file.given
      ? null
      : el(
          "span",
          { class: "was", translate: "no" },
          el("bdi", {}, t("files.renamed", { name: file.given })),
        ),
    tracesPart(file, () => chosen(file)),
  );
}

function totals({ files, message }, geometry) {
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const n = estimateBoxes({ files, message }, geometry.capacity);
  const notes = [t("files.boxes", { n, box: bytes(geometry.size) })];
  if (size > WORTH_SAYING) {
    notes.push(t("files.time", { fast: duration(size / FAST), slow: duration(size / SLOW) }));
  }
  return el(
    "p",
    { class: "totals" },
    t("files.total", { n: files.length, size: bytes(size) }),
    el("small", {}, notes.join(" ")),
  );
}
