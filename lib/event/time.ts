/**
 * An RFC 3339 time with a year from 0000 to 9999 and at most nine fraction digits. Leap seconds are refused: neither
 * JavaScript nor the databases and services below can represent one, and shifting it silently would change the time.
 */
const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:([Zz])|([+-])(\d\d):(\d\d))$/;

/**
 * Converts a time to UTC and keeps its fraction digits (`2025-07-31T22:02:29.520113+02:00` becomes
 * `2025-07-31T20:02:29.520113Z`). Returns `undefined` if the string is not an RFC 3339 time with an offset.
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
  // Outside the years 0000 to 9999 the string is longer: "+010000-…", "-000001-…".
  return shifted.length === 24 ? `${shifted.slice(0, 19)}${fraction}Z` : undefined;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

let formattedMs = Number.NaN;
let formattedText = "";

let parsedText = "";
let parsedMs = Number.NaN;

/** Parses an event's time to milliseconds since 1970. Caches the last result: consecutive events often share a time. */
export function timeOf(text: string): number {
  if (text !== parsedText) {
    parsedMs = Date.parse(text);
    parsedText = text;
  }
  return parsedMs;
}

/** Formats milliseconds since 1970 as RFC 3339, UTC, with milliseconds. Caches the last result, for all calls in one ms. */
export function formatTime(milliseconds: number): string {
  if (milliseconds !== formattedMs) {
    formattedText = new Date(milliseconds).toISOString();
    formattedMs = milliseconds;
  }
  return formattedText;
}
