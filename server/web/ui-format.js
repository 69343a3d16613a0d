// Numbers for people, in the page's language.

import { isolated, locale, t } from "./strings.js";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** Bytes as "4.2 GB" (decimal units, as file managers mostly show them). */
export function bytes(n) {
  let unit = 0;
  let value = n;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: UNITS[unit],
    unitDisplay: unit === 0 ? "long" : "short",
    maximumFractionDigits: unit > 1 && value < 100 ? 1 : 0,
  }).format(value);
}

/** A whole number with the language's separators. */
export function count(n) {
  return new Intl.NumberFormat(locale).format(n);
}

/** A duration in the one unit that tells enough: exactness would only be a guess. */
export function duration(seconds) {
  if (seconds < 50) return t("time.underminute");
  if (seconds < 90 * 60) return t("time.minutes", { n: Math.max(1, Math.round(seconds / 60)) });
  if (seconds < 36 * 3600) return t("time.hours", { n: Math.round(seconds / 3600) });
  return t("time.days", { n: Math.round(seconds / 86400) });
}

/** A time (seconds since 1970) as a day, in UTC: the page never shows or sends a zone. */
export function day(time) {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(
    new Date(time * 1000),
  );
}

/** Names joined as the language joins them. */
export function names(list) {
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(list.map(isolated));
}
