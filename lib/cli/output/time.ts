/** Formats milliseconds with at most two units: `840ms`, `3.2s`, `5m 12s`, `2h 4m`, `3d 1h`. */
export function formatElapsed(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${trimZero((ms / 1_000).toFixed(1))}s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return twoUnits(seconds, 60, "m", 1, "s");
  if (seconds < 86_400) return twoUnits(Math.round(seconds / 60), 60, "h", 1, "m");
  return twoUnits(Math.round(seconds / 3_600), 24, "d", 1, "h");
}

function twoUnits(total: number, size: number, large: string, minRest: number, small: string): string {
  const rest = total % size;
  return rest < minRest ? `${Math.floor(total / size)}${large}` : `${Math.floor(total / size)}${large} ${rest}${small}`;
}

function trimZero(text: string): string {
  return text.endsWith(".0") ? text.slice(0, -2) : text;
}

/** Formats an age in one unit, rounded down: `just now`, `40s ago`, `3h ago`; from two days on as date and time in UTC. */
export function formatAgo(time: string, now: number): string {
  const age = now - Date.parse(time);
  if (Number.isNaN(age)) return time;
  if (age < 0 || age >= 2 * 86_400_000) return `${time.slice(0, 10)} ${time.slice(11, 16)}`;
  if (age < 1_000) return "just now";
  if (age < 60_000) return `${Math.floor(age / 1_000)}s ago`;
  if (age < 3_600_000) return `${Math.floor(age / 60_000)}m ago`;
  return `${Math.floor(age / 3_600_000)}h ago`;
}
