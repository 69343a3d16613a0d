// The first form: who reads, what is said, which files go along.

import { engine } from "./cobblestone.js";
import { t } from "./strings.js";
import { lettersOf } from "./ui-answers.js";
import { button, describe, el, list, more, part, setText } from "./ui-dom.js";
import { filesPart } from "./ui-files.js";
import { day, names } from "./ui-format.js";
import { messagePart } from "./ui-message.js";
import { steps } from "./ui-steps.js";
import { ways } from "./ui-ways.js";

// Where a complaint stands, and which field it is about: next to each other, or a person looks at a field that seems right
// and never sees the sentence.
const PLACES = {
  readers: { field: "#readers input", put: (problem) => document.getElementById("readers").before(problem) },
  message: { field: "#message", put: (problem) => document.getElementById("message").after(problem) },
  files: { field: "#files", put: (problem) => document.getElementById("file-list").before(problem) },
  send: { field: "#send", put: (problem) => document.getElementById("facts").after(problem) },
};

/**
 * The form: {view, addFiles(found, unread), complain(text, place)}; a place is "readers", "message", "files" or "send".
 * `draft` follows what is typed; `kept` is the codename that the page holds already, with the answers that were read,
 * {replies}, or null; `examining` looks into files; `send()` is called by the one button, which submits nothing, and
 * `back()` by the way for those who have a codename.
 */
export function composeView({ drop, draft, kept, send, back, examining }) {
  const files = filesPart({ draft, geometry: drop.geometry, picked: (found) => addFiles(found), examining });
  const problem = el("p", { class: "problem", id: "problem", role: "alert", translate: "no" });
  let wrong = null;
  // A complaint goes as soon as something is done about it; sending asks again.
  const mended = () => {
    if (wrong) describe(wrong, null);
    wrong = null;
    setText(problem, "");
  };
  const addFiles = (found, unread = []) => {
    mended();
    const again = files.add(found);
    const said = [unread.length > 0 && t("files.unread", { n: unread.length, list: few(unread) })];
    if (again.length > 0) said.push(t("files.againnamed", { n: again.length, list: few(again) }));
    files.miss(said.filter(Boolean).join(" "));
  };
  const view = [
    ...(kept ? [] : [ways("new", back)]),
    steps("compose"),
    el(
      "section",
      { class: "card", id: "compose", on: { input: mended, change: mended } },
      el("h2", {}, t("compose.title")),
      kept ? keptPart(kept, back) : null,
      kept?.replies.length > 0 ? earlierPart(kept.replies) : null,
      engine().name === "webcrypto" ? null : el("p", { class: "care", id: "slow" }, t("compose.slow")),
      readersPart(drop, draft),
      messagePart(draft),
      files.element,
      el(
        "div",
        { class: "part" },
        factsPart(),
        problem,
        el(
          "div",
          { class: "actions" },
          button(t(kept ? "compose.sendkept" : "compose.send"), send, { class: "main", id: "send" }),
        ),
      ),
    ),
  ];
  return {
    view,
    addFiles,
    complain(text, place) {
      mended();
      const { field, put } = PLACES[place];
      put(problem);
      setText(problem, text);
      const about = document.querySelector(field);
      const folded = about?.closest("details");
      if (folded) folded.open = true;
      if (about && place !== "send") {
        wrong = about;
        describe(about, problem);
      }
      about?.focus({ preventScroll: true });
      problem.scrollIntoView({ block: "center" });
    },
  };
}

// Words that are known to be the source's need no correction.
function keptPart({ sure }, back) {
  const retype = button(t("answers.words"), back, { class: "slight", id: "retype" });
  return el(
    "div",
    { class: "care", id: "kept" },
    el("p", {}, t("returning.kept")),
    sure ? null : el("p", {}, retype),
  );
}

// Whoever writes back wants to see what is answered.
function earlierPart(replies) {
  const part = more(t("answers.earlier", { n: replies.length }), lettersOf(replies));
  part.id = "earlier";
  return part;
}

// Hundreds of names would push the form off the screen.
const NAMED = 30;

function few(list) {
  const rest = list.length - NAMED;
  const shown = list.slice(0, NAMED).map((name) => `“${name}”`);
  return names(rest > 0 ? [...shown, t("files.more", { n: rest })] : shown);
}

function readersPart(drop, draft) {
  const away = drop.away.map((reader) => el("li", { class: "away" }, about(reader, t("readers.away"))));
  return part(
    "readers",
    t("readers.title"),
    t("readers.hint", { until: day(drop.roster.expires) }),
    el(
      "ul",
      { class: "readers", id: "readers" },
      drop.readers.map((reader) => el("li", {}, choice(reader, draft))),
      away,
    ),
  );
}

function choice(reader, draft) {
  const box = el("input", {
    type: "checkbox",
    id: `reader-${reader.id}`,
    autocomplete: "off",
    on: {
      change: () => {
        if (box.checked) draft.chosen.add(reader.id);
        else draft.chosen.delete(reader.id);
      },
    },
  });
  box.checked = draft.chosen.has(reader.id);
  return el("label", {}, box, about(reader, reader.note));
}

// <bdi>: a name in another script keeps its own direction without moving to the other side of its row.
function about({ name }, note) {
  return el(
    "span",
    {},
    el("span", { class: "who", translate: "no" }, el("bdi", {}, name)),
    note ? el("span", { class: "note" }, el("bdi", {}, note)) : null,
  );
}

const FACTS = { server: 3, readers: 3, nobody: 3, you: 4 };

function factsPart() {
  const groups = Object.entries(FACTS).map(([who, n]) =>
    el(
      "div",
      {},
      el("h3", {}, t(`facts.${who}`)),
      list(
        "ul",
        Array.from({ length: n }, (_, i) => t(`facts.${who}.${i + 1}`)),
      ),
    ),
  );
  const facts = more(t("facts.title"), el("div", { class: "known" }, groups));
  facts.id = "facts";
  return facts;
}
