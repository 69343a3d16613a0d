"""What a page owes to everybody and axe does not look at: sizes of targets, what covers the focus, what moves, what is said.

`complaints(page)` is a list of sentences, one for each control or part that fails; empty when all is well.
"""

from playwright.sync_api import Page

# WCAG 2.2: 2.5.8 (a link within a sentence is as high as its line), 2.4.11, 2.3.3, 4.1.2 and 4.1.3.
_LOOK = """() => {
  const found = [];
  const shown = (node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest(".unseen");
  const named = (node) => node.outerHTML.replace(/\\s+/g, " ").slice(0, 90);
  const controls = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
  const leave = document.querySelector("#leave");
  // The way out has a row of its own, which stays where it is while the rest goes by below.
  const row = document.querySelector(".bar");
  const over = (node) => {
    const [at, bar] = [node.getBoundingClientRect(), row.getBoundingClientRect()];
    return at.left < bar.right && at.right > bar.left && at.top < bar.bottom - 0.5 && at.bottom > bar.top + 0.5;
  };
  const live = (node) => node.closest("[role=status], [role=alert], [aria-live]");
  for (const node of controls.filter(shown)) {
    // A box with its label beside it is as large as both: a click on either is a click on it.
    const own = node.getBoundingClientRect();
    const label = node.labels?.[0]?.getBoundingClientRect();
    const box = label && node.matches("[type=checkbox], [type=radio], [type=file]") ? label : own;
    const inText = node.matches("a") && getComputedStyle(node).display === "inline";
    // The link that skips is there, and as large as its words, once it has the focus.
    if (!inText && !node.matches(".skip") && (Math.max(box.width, own.width) < 24 || Math.max(box.height, own.height) < 24)) {
      found.push(`smaller than 24 pixels: ${named(node)}`);
    }
    if (row?.contains(node) || node.disabled) continue;
    node.focus({ preventScroll: false });
    if (document.activeElement !== node) continue;
    // Browsers bring the place to write into view, not the top of a field that is nearly as high as the window.
    const written = node.matches("textarea") && node.getBoundingClientRect().bottom > row?.getBoundingClientRect().bottom + 40;
    if (row && over(node) && !written) found.push(`covered by the way out: ${named(node)}`);
    const out = leave?.getBoundingClientRect();
    if (out && (out.top < 0 || out.bottom > innerHeight || out.left < 0 || out.right > innerWidth)) {
      found.push(`the way out is out of sight at ${named(node)}`);
    }
  }
  document.activeElement?.blur();
  scrollTo(0, 0);
  const name = document.querySelector("h1");
  if (row && over(name)) found.push("the drop's name is covered by the way out");
  for (const bar of document.querySelectorAll("progress")) {
    const name = bar.getAttribute("aria-label") || document.getElementById(bar.getAttribute("aria-labelledby"))?.textContent;
    if (!name) found.push(`a bar without a name: ${named(bar)}`);
    if (!document.querySelector("#live[role=status]")) found.push("nothing says how far it is");
    if (bar.hasAttribute("value") && !bar.hasAttribute("max")) found.push(`a bar without an end: ${named(bar)}`);
  }
  for (const node of document.querySelectorAll(".problem:not(h2), #notice, #fresh, #codename-aid")) {
    if (!live(node)) found.push(`changes silently: ${named(node)}`);
  }
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    for (const one of document.getAnimations()) {
      // What fades in after 20 seconds, all at once, does not move.
      if (one.animationName !== "late") found.push(`moves: ${one.animationName ?? one.transitionProperty}`);
    }
  }
  return found;
}"""
_PUT_BACK = (
    """at => { (document.querySelector("h2[tabindex]") ?? document.body).focus({ preventScroll: true }); scrollTo(0, at); }"""
)


def complaints(page: Page) -> list[str]:
    """Look at every control that is shown, by giving each the focus in turn; the state stays as it was."""
    at = page.evaluate("scrollY")
    found = page.evaluate(_LOOK)
    page.evaluate(_PUT_BACK, at)
    return sorted(set(found))
