// Days and epochs (SPEC 1.2). Times are whole seconds since 1970-01-01T00:00:00Z; an epoch is one UTC week
// that begins on a Monday.

export const DAY = 86400;
export const WEEK = 7 * DAY;

// 1970-01-01 was a Thursday, three days after a Monday.
const OFFSET = 3 * DAY;

/** The epoch that holds a time. */
export function epochOf(time) {
  return Math.floor((time + OFFSET) / WEEK);
}

/** The first second of an epoch. */
export function startOf(epoch) {
  return epoch * WEEK - OFFSET;
}

/** The first second after an epoch. */
export function endOf(epoch) {
  return startOf(epoch + 1);
}

/** True while a server takes boxes of the epoch: a day around it, for clocks that are wrong. */
export function isOpen(epoch, now) {
  return startOf(epoch) - DAY <= now && now < endOf(epoch) + DAY;
}

/** The UTC day of a time, as YYYY-MM-DD. */
export function dayOf(time) {
  return new Date(time * 1000).toISOString().slice(0, 10);
}

/** True for a real date from 2000-01-01 to 9999-12-31. */
export function isDay(text) {
  if (typeof text !== "string" || !/^[2-9][0-9]{3}-[0-9]{2}-[0-9]{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  // Date.parse takes 30 February for 1 March in some engines: write it back and compare.
  return !Number.isNaN(time) && dayOf(time / 1000) === text;
}
