// The answers, as letters to be read and not as a log; what the newsroom says that it has; and, when there is nothing, what
// that means and what it does not mean.

import { t } from "./strings.js";
import { announce, button, el, list, setText } from "./ui-dom.js";
import { bytes, day } from "./ui-format.js";
import { knowsPart } from "./ui-ways.js";
import { revealWords } from "./ui-words.js";

const SECOND = 1000;

/** While the board is fetched and tried: {view, progress({bytes} or {done, total})}; `back()` stops it. */
export function lookingView({ back }) {
  const bar = el("progress", { id: "look-progress", "aria-label": t("looking.bar") });
  const said = el("p", { class: "count" }, t("looking.lists"));
  let heard = performance.now();
  const progress = ({ bytes: here, done, total }) => {
    if (total !== undefined) {
      bar.max = Math.max(1, total);
      bar.value = done;
      setText(said, t("looking.tried", { n: total, done }));
    } else {
      setText(said, t("looking.fetched", { size: bytes(here) }));
    }
    // More often would never let a screen reader finish.
    if (performance.now() - heard < 5 * SECOND) return;
    heard = performance.now();
    announce(said.textContent);
  };
  const view = el(
    "section",
    { class: "card", id: "looking" },
    el("h2", {}, t("looking.title")),
    el("p", {}, t("looking.text")),
    bar,
    said,
    el("div", { class: "actions" }, button(t("looking.back"), back, { id: "cancel" })),
    knowsPart(),
  );
  return { view, progress };
}

/**
 * What was found (as of looking.js). `unconfirmed`: something that was sent during this visit is in no acknowledgement. `words` are the ones that were tried, `sure` says that they are known to be the
 * source's; `more()`, `again()`, `retype()` and `leave()` are the ways on.
 */
export function answersView({ found, unconfirmed, words, sure, more, again, retype, leave }) {
  const { replies, letters } = found;
  const answered = replies.length > 0;
  const nothing = !answered && letters.length === 0;
  const lapsed =
    found.lapsed === null
      ? null
      : el("p", { class: "care", id: "lapsed" }, t("answers.lapsed", { day: day(found.lapsed) }));
  const head = [el("h2", {}, headline(found)), lapsed];
  const ended = [
    el("h3", { class: "title" }, t("answers.next")),
    list("ul", steps(found), { class: "plain" }),
    el(
      "div",
      { class: "actions" },
      lapsed
        ? null
        : button(t(answered ? "answers.more" : "answers.send"), more, { class: "main", id: "more" }),
      button(t("answers.again"), again, { id: "again" }),
      button(t("done.leave"), leave, { id: "leave-here" }),
    ),
    knowsPart(),
  ];
  const what = nothing ? nothingPart({ words, sure, retype }) : statusPart(letters, unconfirmed);
  const frame = { id: "answers", "data-replies": replies.length };
  if (!answered) {
    return [
      el("section", { class: "card", ...frame }, head, what, remarks(found)),
      el("section", { class: "card" }, ended),
    ];
  }
  return [
    el(
      "section",
      { class: "answered", ...frame },
      head,
      lettersOf(replies),
      el("p", { class: "care", id: "answers-care" }, t("answers.care")),
      remarks(found),
    ),
    el("section", { class: "card" }, el("h3", { class: "title" }, t("answers.status")), what),
    el("section", { class: "card" }, ended),
  ];
}

/** Replies as letters: who wrote, when, what; nothing in them becomes a link. */
export function lettersOf(replies) {
  return el(
    "div",
    { class: "letters" },
    replies.map(({ name, day: date, text }, i) =>
      el(
        "article",
        { class: "letter", "aria-labelledby": `letter-${i}`, translate: "no" },
        el("p", { class: "date" }, el("time", { datetime: date }, dateOf(date))),
        el("h3", { id: `letter-${i}` }, t("answers.from", { reader: name })),
        el("div", { class: "text", dir: "auto" }, text),
        el("p", { class: "signed" }, t("answers.signed", { reader: name })),
      ),
    ),
  );
}

function headline({ replies, letters }) {
  if (replies.length > 0) return t("answers.title", { n: replies.length });
  if (letters.length === 0) return t("answers.none");
  // A letter that no reader has acknowledged is not among these: of what was sent, no more is known.
  return letters.every(({ whole }) => whole)
    ? t("answers.received", { n: letters.length })
    : t("answers.underway");
}

function statusPart(letters, unconfirmed) {
  if (letters.length === 0) return el("p", { id: "status" }, t("answers.noneyet"));
  const listed = el(
    "ul",
    { class: "status", id: "status", "aria-label": t("answers.status") },
    unconfirmed
      ? el(
          "li",
          { "data-whole": "false", id: "unconfirmed" },
          el("p", { class: "when" }, t("answers.justsent")),
          el("p", { class: "verdict" }, t("answers.unconfirmed")),
        )
      : null,
    letters.map(({ day: date, whole, states }) =>
      el(
        "li",
        { "data-whole": String(whole) },
        el("p", { class: "when" }, t("answers.letter", { day: dateOf(date) })),
        el("p", { class: "verdict" }, t(whole ? "answers.whole" : "answers.part")),
        states.map((state) => el("p", { translate: "no" }, stateOf(state))),
        whole ? null : el("p", { class: "hint" }, t("answers.rest")),
      ),
    ),
  );
  return [listed, el("p", { class: "hint after", id: "unlisted" }, t("answers.unlisted"))];
}

function stateOf({ name, boxes, expected, files, of }) {
  const opened = t("answers.boxes", { reader: name, done: boxes, n: expected });
  return of === 0 ? opened : `${opened} ${t("answers.files", { done: files, n: of })}`;
}

function nothingPart({ words, sure, retype }) {
  const reasons = sure ? [1, 2] : [1, 2, 3];
  return el(
    "div",
    { id: "nothing" },
    el("p", {}, t("answers.none.text")),
    list(
      "ul",
      reasons.map((n) => t(`answers.none.${n}`)),
      { class: "plain" },
    ),
    el("p", {}, el("strong", {}, t("answers.none.not"))),
    sure
      ? null
      : [
          el("div", { class: "actions" }, button(t("answers.words"), retype, { id: "retype" })),
          revealWords(words, { show: t("answers.reveal"), hide: t("codename.hide") }),
        ],
  );
}

function remarks({ ignored, incomplete }) {
  const remark = (name, n) =>
    n > 0 ? el("p", { class: "hint", id: name }, t(`answers.${name}`, { n })) : null;
  return [remark("incomplete", incomplete), remark("ignored", ignored)];
}

function steps({ replies, lapsed }) {
  const on = replies.length > 0 ? "more" : "send";
  const named = lapsed === null ? [on, "wait", "leave"] : ["wait", "leave"];
  return named.map((name) => t(`answers.next.${name}`));
}

// A card's day is a date in UTC already.
function dateOf(date) {
  return day(Date.parse(`${date}T00:00:00Z`) / SECOND);
}
