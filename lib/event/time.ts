/**
 * Times as RFC 3339 writes them. Years 0000 to 9999; at most nine fraction digits; no leap seconds, as neither
 * JavaScript nor the databases and services beneath can hold one, and a silent shift would change what was said.
 */
const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:([Zz])|([+-])(\d\d):(\d\d))$/;

/**
 * The same instant in UTC, with the fraction digits that were given (`2025-07-31T22:02:29.520113+02:00` becomes
 * `2025-07-31T20:02:29.520113Z`). `undefined` where it is no RFC 3339 time with an offset.
 */
export function normalizeTime(text: string): string | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", utc, sign, offsetHour, offsetMinute] = match;
  if (Number(month) < 1 || Number(month) > 12) return undefined;
  if (Number(day) < 1 || Number(day) > daysIn(Number(year), Number(month))) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (utc !== undefined) return text.includes("t") || utc === "z" ? text.toUpperCase() : text;
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined;
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000 * (sign === "-" ? -1 : 1);
  const local = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const shifted = new Date(local - offset).toISOString();
  // Outside of the years 0000 to 9999 the text is longer: "+010000-…", "-000001-…".
  return shifted.length === 24 ? `${shifted.slice(0, 19)}${fraction}Z` : undefined;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

let cachedAt = Number.NaN;
let cachedText = "";

let readText = "";
let readAt = Number.NaN;

/** Milliseconds since 1970 of an event's time. The last answer is kept, as events of one millisecond come together. */
export function timeOf(text: string): number {
  if (text !== readText) {
    readAt = Date.parse(text);
    readText = text;
  }
  return readAt;
}

/** A time in milliseconds since 1970 as RFC 3339, UTC, with milliseconds. The last answer is kept: it serves a whole ms. */
export function formatTime(milliseconds: number): string {
  if (milliseconds !== cachedAt) {
    cachedText = new Date(milliseconds).toISOString();
    cachedAt = milliseconds;
  }
  return cachedText;
}
