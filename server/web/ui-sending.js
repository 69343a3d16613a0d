// Two views with a bar: reading files, and sending boxes. What they say about the server is what the server said.

import { t } from "./strings.js";
import { announce, button, el, list, setText } from "./ui-dom.js";
import { bytes, duration } from "./ui-format.js";
import { Meter } from "./ui-state.js";
import { steps } from "./ui-steps.js";

// Screen readers hear about every tenth of the way; more would never let them finish.
const TENTH = 0.1;

/** Reading files: {view, progress(read)}. */
export function hashingView({ total, cancel }) {
  const bar = el("progress", {
    id: "hash-progress",
    max: Math.max(1, total),
    value: 0,
    "aria-labelledby": "hash-title",
  });
  const said = el("p", { class: "count" });
  const progress = (read) => {
    bar.value = read;
    setText(said, t("hashing.progress", { done: bytes(read), total: bytes(total) }));
  };
  progress(0);
  const view = [
    steps("compose"),
    el(
      "section",
      { class: "card", id: "hashing" },
      el("h2", { id: "hash-title" }, t("hashing.title")),
      el("p", {}, t("hashing.text")),
      bar,
      said,
      el("div", { class: "actions" }, button(t("hashing.cancel"), cancel, { id: "cancel" })),
    ),
  ];
  return { view, progress };
}

// While these are said, boxes arrive all the same, if slowly.
const MOVING = new Set(["slow", "work"]);

/**
 * Sending: {view, update(upload)}; `toggle()` pauses or goes on. `returning`: the codename was typed, so some boxes may be
 * expected to be there.
 */
export function sendingView({ boxes, boxSize, total, readers, returning, toggle }) {
  const bar = el("progress", { id: "progress", max: boxes, value: 0, "aria-label": t("sending.bar") });
  const count = el("p", { class: "count", id: "count" });
  const figures = { bytes: el("dd"), underway: el("dd"), speed: el("dd"), left: el("dd") };
  const notice = el("p", { class: "care", id: "notice", role: "status", hidden: true });
  const fresh = el("p", { class: "care", id: "fresh", role: "status", hidden: true });
  const pause = button(t("sending.pause"), toggle, { id: "pause" });
  const meter = new Meter();
  let heard = 0;

  const update = (upload) => {
    const now = performance.now() / 1000;
    const { waiting } = upload;
    const still = upload.gate.paused || (waiting !== null && !MOVING.has(waiting));
    // Quiet may be slow or gone: the speed is not shown, and not forgotten.
    if (still && waiting !== "quiet") meter.reset();
    else meter.mark(now, upload.sent);
    bar.value = upload.stored;
    const said =
      upload.stored === 0 ? t("sending.none") : t("sending.count", { n: boxes, done: upload.stored });
    bar.setAttribute("aria-valuetext", said);
    setText(count, said);
    // Every box is as long as any other, so boxes are what tells the speed, however little a letter says.
    const speed = still ? null : meter.speed(now);
    const unknown = t("sending.unknown");
    setText(figures.bytes, t("sending.bytesvalue", { done: bytes(upload.bytes), total: bytes(total) }));
    setText(figures.underway, t("sending.underwayvalue", { size: bytes(upload.line.underway) }));
    setText(figures.speed, speed ? t("sending.speedvalue", { speed: bytes(speed * boxSize) }) : unknown);
    setText(figures.left, speed ? duration((boxes - upload.stored) / speed) : unknown);
    setText(pause, t(upload.gate.paused ? "sending.resume" : "sending.pause"));
    tell(upload);
    fresh.hidden = !(returning && upload.looked > 0 && upload.found === 0);
    setText(fresh, fresh.hidden ? "" : t("sending.fresh"));
    if (upload.stored / boxes >= heard + TENTH) {
      heard = upload.stored / boxes;
      announce(said);
    }
  };

  const tell = ({ gate, waiting, asking }) => {
    const reason = gate.paused ? "paused" : (waiting ?? (asking ? "asking" : null));
    notice.hidden = reason === null;
    notice.dataset.reason = reason ?? "";
    setText(notice, reason === null ? "" : t(`sending.${reason}`));
  };

  const view = [
    steps("sending"),
    el(
      "section",
      { class: "card", id: "sending" },
      el("h2", {}, t("sending.title")),
      el("p", {}, t("sending.text")),
      bar,
      count,
      notice,
      fresh,
      el(
        "dl",
        { class: "figures" },
        Object.entries(figures).map(([name, value]) =>
          el("div", {}, el("dt", {}, t(`sending.${name}`)), value),
        ),
      ),
      el("div", { class: "actions" }, pause),
      el("h3", {}, t("sending.readers")),
      list("ul", readers, { class: "sealedfor", id: "sealed-for", translate: "no" }),
    ),
  ];
  return { view, update };
}
