// Building the page without markup: elements, attributes and text only. Nothing here, and nothing that uses it,
// parses HTML, so a reader's name or a file's name can never become markup (CSP's trusted types hold us to it).

/**
 * An element. `props` are attributes, except `on` (an object of listeners); `false`, `null` and `undefined` leave an
 * attribute out, `true` sets it empty. Children are nodes, strings, or nested lists of them; empty ones are left out.
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") {
      for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** A button that does something and never submits anything. */
export function button(text, onClick, props = {}) {
  return el("button", { type: "button", ...props, on: { click: onClick } }, text);
}

/** Attributes of every field: nothing typed here may reach a spelling service, a form history or a translator. */
export const PRIVATE = {
  autocomplete: "off",
  autocapitalize: "none",
  autocorrect: "off",
  spellcheck: "false",
  translate: "no",
  "data-gramm": "false",
};

/** A list of paragraphs or items from texts. */
export function list(tag, texts, props = {}) {
  return el(
    tag,
    props,
    texts.map((text) => el("li", {}, text)),
  );
}

/** A part of a form: a fieldset with its legend and a hint. */
export function part(name, title, hint, ...children) {
  const id = `${name}-hint`;
  return el(
    "div",
    { class: "part" },
    el(
      "fieldset",
      { "aria-describedby": id },
      el("legend", {}, title),
      el("p", { class: "hint", id }, hint),
      children,
    ),
  );
}

/** A details element. */
export function more(summary, ...children) {
  return el("details", {}, el("summary", {}, summary), children);
}

/** Mark a field as wrong, and as described by its `problem`, beside its hints; or, with null, as right again. */
export function describe(field, problem) {
  const hints = (field.getAttribute("aria-describedby") ?? "").split(" ");
  const others = hints.filter((id) => id !== "" && id !== "problem");
  const ids = problem ? [...others, problem.id] : others;
  if (ids.length > 0) field.setAttribute("aria-describedby", ids.join(" "));
  else field.removeAttribute("aria-describedby");
  field.setAttribute("aria-invalid", String(problem !== null));
}

/** Put text into an element only when it differs: a live region speaks on every write. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Say something to screen readers without moving the focus. */
export function announce(text) {
  setText(document.getElementById("live"), text);
}

/**
 * Show a state: replaces what <main> holds, names the state, and moves the focus to the new heading, so that a reader
 * who cannot see the change lands in it.
 */
export function show(state, view) {
  const main = document.getElementById("main");
  // Whoever has just come sees the page's beginning: what this is, and in which languages.
  const arriving = main.dataset.state === "loading" && window.scrollY === 0;
  main.dataset.state = state;
  document.documentElement.dataset.state = state;
  main.replaceChildren(...[view].flat());
  const heading = main.querySelector("h2");
  heading.tabIndex = -1;
  if (arriving && state === "compose") return main;
  heading.focus({ preventScroll: true });
  // Where the masthead has stepped back, the drop's name stays in sight.
  const isBack = document.querySelector(".languages").getClientRects().length === 0;
  (isBack ? document.querySelector(".masthead") : main).scrollIntoView({ block: "start" });
  return main;
}
