// What a chosen file tells besides what it shows, in words, and what can be done about it. Says and offers; never stops anybody.

import { sendCleaned } from "./files.js";
import { has, t } from "./strings.js";
import { el, more } from "./ui-dom.js";
import { bytes, names } from "./ui-format.js";

// Shown at once; the others are a click away.
const FIRST = 4;
// What the command-line program's cleaner, mat2, knows.
const ELSEWHERE = ["tiff", "heic", "mp4", "ooxml", "odf", "pdf"];
const COMMAND = "knothole source send --clean";

/** The part of a file's row. `chosen()` is called after another copy was chosen. */
export function tracesPart(file, chosen) {
  const { traces } = file;
  if (!traces) return block("waiting", note(t("traces.waiting")));
  const { found, looked, whole, cleaned } = traces;
  if (!looked) return block("unseen", note(t(reason(traces))));
  if (found.length === 0)
    return block(whole ? "none" : "part", note(t(whole ? "traces.none" : "traces.part")));
  const rows = grouped(found).map(row);
  const title = el("p", { class: "tells" });
  const part = block(
    "found",
    title,
    el("dl", {}, rows.slice(0, FIRST)),
    rows.length > FIRST
      ? more(t("traces.more", { n: rows.length - FIRST }), el("dl", {}, rows.slice(FIRST)))
      : null,
    whole ? null : note(t("traces.partly")),
    cleaned ? choice(file, () => (entitle(), chosen())) : advice(traces),
  );
  const entitle = () => {
    const clean = file.file !== file.original;
    part.toggleAttribute("data-clean", clean);
    title.textContent = t(clean ? "traces.leftout" : "traces.found");
  };
  entitle();
  return part;
}

function block(state, ...children) {
  return el("div", { class: "traces", "data-traces": state }, children);
}

function note(text) {
  return el("p", { class: "aside" }, text);
}

function reason({ kind, failed }) {
  if (failed) return "traces.failed";
  return ["archive", "other"].includes(kind) ? `traces.unknown.${kind}` : "traces.failed";
}

function advice({ kind }) {
  if (["jpeg", "png"].includes(kind)) return note(t("traces.uncleaned"));
  if (!ELSEWHERE.includes(kind)) return note(t("traces.nowhere"));
  return el("p", { class: "aside" }, t("traces.elsewhere"), " ", el("code", { translate: "no" }, COMMAND));
}

// Findings of one kind share a row.
function grouped(found) {
  const kinds = new Map();
  for (const finding of found) kinds.set(finding.what, [...(kinds.get(finding.what) ?? []), finding]);
  return [...kinds];
}

function row([what, findings]) {
  const [{ n, names: people }] = findings;
  const values = findings.flatMap(({ value }) => value ?? []);
  const why = `traces.${what}.why`;
  return el(
    "div",
    {},
    el("dt", {}, t(`traces.${what}`)),
    el(
      "dd",
      {},
      values.map((value) => el("span", { class: "value", translate: "no" }, el("bdi", {}, value))),
      n === undefined
        ? null
        : el("span", { class: "value", translate: "no" }, el("bdi", {}, counted(what, n, people))),
      has(why) ? el("span", { class: "why" }, t(why)) : null,
    ),
  );
}

function counted(what, n, people) {
  if (what === "tail") return bytes(n);
  return t(people.length > 0 ? "traces.countof" : "traces.count", { n, names: names(people) });
}

function choice(file, chosen) {
  const { cleaned } = file.traces;
  const option = (clean, size) => {
    const id = `${clean ? "cleaned" : "original"}-${file.key}`;
    const input = el("input", {
      type: "radio",
      name: `copy-${file.key}`,
      id,
      autocomplete: "off",
      "aria-describedby": `${id}-why`,
      on: {
        change: () => {
          sendCleaned(file, clean);
          chosen();
        },
      },
    });
    input.checked = (file.file !== file.original) === clean;
    const word = clean ? "cleaned" : "original";
    return el(
      "div",
      {},
      input,
      el("label", { for: id }, t(`traces.${word}`), " ", el("span", { class: "size" }, bytes(size))),
      el("p", { class: "why", id: `${id}-why` }, t(`traces.${word}.why`)),
    );
  };
  return el(
    "fieldset",
    { class: "copies" },
    el("legend", {}, t("traces.which"), el("span", { class: "unseen", translate: "no" }, ` (${file.name})`)),
    option(false, file.original.size),
    option(true, cleaned.size),
  );
}

/**
 * One switch for all files that have a cleaned copy: {element, update(files)}. Hidden while there are fewer than two.
 * `chosen()` is called after it was used.
 */
export function cleanAllPart(chosen) {
  let able = [];
  const input = el("input", {
    type: "checkbox",
    id: "clean-all",
    autocomplete: "off",
    on: {
      change: () => {
        for (const file of able) sendCleaned(file, input.checked);
        chosen();
      },
    },
  });
  const words = el("span");
  const element = el("label", { class: "all", hidden: true }, input, words);
  const update = (files) => {
    able = files.filter(({ traces }) => traces?.cleaned);
    const clean = able.filter(({ file, original }) => file !== original).length;
    element.hidden = able.length < 2;
    input.checked = able.length > 0 && clean === able.length;
    input.indeterminate = clean > 0 && clean < able.length;
    words.textContent = t("traces.all", { n: able.length });
  };
  return { element, update };
}

/** What goes as a cleaned copy, and what goes as it is though it tells more than it shows; "" where neither does. */
export function copiesSaid(files) {
  const cleaned = files.filter(({ file, original }) => file !== original).length;
  const telling = files.filter(
    ({ file, original, traces }) => file === original && traces?.found.length > 0,
  ).length;
  const said = [
    cleaned > 0 && t("codename.cleaned", { n: cleaned }),
    telling > 0 && t("codename.telling", { n: telling }),
  ];
  return said.filter(Boolean).join(" ");
}
