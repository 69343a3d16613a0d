// The message field and the language it is written in. The language is asked, never taken from the browser: a browser's
// language is one more thing that could lead to somebody.

import { el, PRIVATE } from "./ui-dom.js";
import { t } from "./strings.js";

const LANGUAGES = (
  "am ar az be bg bn bs ca cs da de el en es et fa fi fr ha he hi hr hu hy id it ja ka kk km ko ku ky lt lv mk mn ms my " +
  "ne nl no pl ps pt ro ru si sk sl so sq sr sv sw ta tg th ti tk tr ug uk ur uz vi zh-Hans zh-Hant"
).split(" ");

/** The message's part of the form; `draft.message` and `draft.language` follow what is typed. */
export function messagePart(draft) {
  const message = el("textarea", {
    id: "message",
    dir: "auto",
    rows: "9",
    "aria-describedby": "message-hint",
    ...PRIVATE,
    autocapitalize: "sentences",
    on: {
      input: () => {
        draft.message = message.value;
      },
    },
  });
  message.value = draft.message;
  const language = languageField(draft, message);
  return el(
    "div",
    { class: "part" },
    el("label", { class: "title", for: "message" }, t("message.title")),
    el("p", { class: "hint", id: "message-hint" }, t("message.hint")),
    message,
    el("p", { class: "beside" }, el("label", { for: "language" }, t("message.language")), language),
  );
}

function languageField(draft, message) {
  const apply = () => {
    draft.language = select.value;
    // The message's own language picks its fonts and its voice; none stated means the page's.
    if (select.value) message.lang = select.value;
    else message.removeAttribute("lang");
  };
  const select = el("select", { id: "language", ...PRIVATE, on: { change: apply } });
  select.append(el("option", { value: "" }, t("message.unsaid")));
  for (const code of LANGUAGES) select.append(el("option", { value: code, lang: code }, ownName(code)));
  select.value = draft.language;
  apply();
  return select;
}

function ownName(code) {
  const name = new Intl.DisplayNames([code], { type: "language" }).of(code);
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
}
