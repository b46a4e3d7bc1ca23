/** `12:03:04.567` in the reader's own time zone, with the day where it is not today. */
export function timeText(iso: string, now = Date.now()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const two = (value: number, digits = 2) => String(value).padStart(digits, "0");
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}`;
  if (date.toDateString() === new Date(now).toDateString()) return clock;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock.slice(0, 8)}`;
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** `340 ms`, `2.4 s`, `3 min 20 s`, `5 h`, `2 d`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const index = units.findIndex(([, size]) => ms >= size);
  const [unit, size] = units[index] ?? units[3];
  const whole = Math.floor(ms / size);
  const [smaller, smallerSize] = units[index + 1] ?? ["", 0];
  const rest = smallerSize === 0 ? 0 : Math.floor((ms - whole * size) / smallerSize);
  return rest === 0 || whole >= 10 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${smaller}`;
}

/** `just now`, `4 s ago`; `in 3 s` for a time to come. */
export function agoText(iso: string, now: number): string {
  const ms = now - Date.parse(iso);
  if (Number.isNaN(ms)) return iso;
  if (ms < -1_000) return `in ${durationText(-ms)}`;
  return ms < 1_000 ? "just now" : `${durationText(Math.floor(ms / 1_000) * 1_000).replace(".0 s", " s")} ago`;
}

/** `1 event`, `12,000 events`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** The beginning of data on one line. */
export function preview(data: unknown, length = 160): string {
  const text = JSON.stringify(data) ?? "";
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** Data over several lines, cut where it is longer than a page can show well. */
export function pretty(data: unknown, most = 200_000): { readonly text: string; readonly cut: number } {
  const text = JSON.stringify(data, null, 2) ?? "undefined";
  return text.length > most ? { text: text.slice(0, most), cut: text.length - most } : { text, cut: 0 };
}
