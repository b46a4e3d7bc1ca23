import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { compilePattern } from "../pattern/index.ts";
import { isObject } from "../pattern/json-object.ts";
import { parsePattern } from "../pattern/parse.ts";

/** Where a field of the event stands in what EventBridge sees; every other one lies in `detail`. */
const envelopeNames: Readonly<Record<string, string>> = { type: "detail-type", source: "source" };

/**
 * A pattern over Waggle's event as one over EventBridge's envelope: `type` → `detail-type`, `source` → `source`, and
 * `data`, `metadata`, `id`, `time` → `detail.…`. `invalid_pattern`, also for the few that would mean something else there.
 */
export function rulePattern(pattern: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  compilePattern(pattern);
  const translated = inEnvelope(pattern);
  const before = meaning(pattern, envelopePath);
  const after = meaning(translated, (path) => path);
  if (before !== after) {
    throw new BusError(
      "invalid_pattern",
      `the pattern ${shortForm(pattern)} names a field both inside and outside of "$or", and which one counts depends on their order; name it in one place`,
    );
  }
  return translated;
}

function inEnvelope(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const translated: Record<string, unknown> = {};
  const detail: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const outer = envelopePath(name);
    if (name === "$or" && Array.isArray(value)) {
      translated.$or = value.map((branch: unknown) => (isObject(branch) ? inEnvelope(branch) : branch));
    } else if (outer === `detail.${name}`) {
      translated.detail = detail;
      detail[name] = value;
    } else {
      translated[outer] = value;
    }
  }
  return translated;
}

/** `a.b` in a pattern is the same as `b` within `a`. */
function envelopePath(path: string): string {
  const [first = "", ...others] = path.split(".");
  const outer = Object.hasOwn(envelopeNames, first) ? envelopeNames[first] : undefined;
  return outer === undefined ? `detail.${path}` : [outer, ...others].join(".");
}

/** What a pattern comes to, as a text: its alternatives, each with its conditions by path. */
function meaning(pattern: unknown, pathOf: (path: string) => string): string {
  const alternatives = parsePattern(pattern).map((alternative) =>
    alternative
      .map(({ path, tests, absent }) => JSON.stringify([pathOf(path), absent, tests]))
      .toSorted()
      .join(),
  );
  return alternatives.toSorted().join("|");
}
