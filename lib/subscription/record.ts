import * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { shortForm } from "../error/short-form.ts";
import { copyJson } from "../event/copy-json.ts";
import { parseDuration } from "../event/duration.ts";
import { describeIssues } from "../event/issues.ts";
import { didYouMean } from "../event/nearest.ts";
import { normalizeTime } from "../event/time.ts";
import { compilePattern } from "../pattern/index.ts";
import { metadataPathProblem } from "./key-path.ts";
import { selectorProblem } from "./selector-name.ts";
import type { SubscriptionRecord } from "./subscription.ts";
import { subscriptionPattern } from "./subscription-pattern.ts";
import { whereProblem } from "./where-problem.ts";

const hour = 3_600_000;
const day = 24 * hour;

const defaults = {
  attempts: 5,
  backoff: { from: 1_000, to: 300_000 },
  timeout: 30_000,
  concurrency: 10,
  idempotent: true,
  dedupeFor: 15 * day,
  from: "now",
} as const satisfies Partial<SubscriptionRecord>;

/** The longest backoff: SQS hides a message for at most 12 h, and an hour of that is reserved for the run itself. */
export const longestBackoffMs = 11 * hour;
const maxTimeoutMs = 12 * hour;

const duration = z.union([z.string(), z.number()]);
const subscriptionName = /^[a-z][a-z0-9-]{0,47}$/;
const orderedPath = /^(?:source|type|(?:data|metadata)(?:\.[^.]+)+)$/;

const backoffNames = ["from", "to"] as const;
const keyLimitNames = ["key", "limit"] as const;
const throttleNames = ["limit", "per", "key"] as const;
const keyPath = z.string().max(256).regex(orderedPath);
const shape = {
  name: z.string().regex(subscriptionName),
  on: z.unknown(),
  where: z.record(z.string(), z.unknown()).optional(),
  attempts: z.int().min(1).max(100).optional(),
  backoff: z.looseObject({ from: duration.optional(), to: duration.optional() }).optional(),
  timeout: duration.optional(),
  concurrency: z.int().min(1).max(1_000).optional(),
  concurrencyPerKey: z.looseObject({ key: keyPath, limit: z.int().min(1).max(1_000) }).optional(),
  throttle: z.looseObject({ limit: z.int().min(1).max(10_000), per: duration, key: keyPath.optional() }).optional(),
  ordered: keyPath.optional(),
  idempotent: z.boolean().optional(),
  dedupeFor: duration.optional(),
  from: z.union([z.string(), z.date()]).optional(),
  maxBacklog: z.int().min(1).optional(),
};
const settings = z.object(shape);

/**
 * Validates a subscription, applies the defaults and freezes the result. A record is returned as an equal record. Throws
 * `invalid_config` with the subscription, the field and its value, or `invalid_pattern` for an invalid `where`. Does not
 * check whether the types exist; see {@link unknownTypes}.
 */
export function subscriptionRecord(options: unknown): SubscriptionRecord {
  return new RecordReader(options).read();
}

class RecordReader {
  readonly #options: unknown;
  /** The subscription's name in messages. */
  readonly #label: string;

  constructor(options: unknown) {
    this.#options = options;
    const name = typeof options === "object" && options !== null && "name" in options ? options.name : undefined;
    this.#label = name === undefined ? "subscription" : `subscription ${isName(name) ? name : shortForm(name)}`;
  }

  read(): SubscriptionRecord {
    const given = this.#parse();
    const on = this.#types(given.on);
    const where = given.where === undefined ? undefined : this.#where(given.where);
    const { concurrencyPerKey, ordered, maxBacklog, throttle } = given;
    const record: SubscriptionRecord = {
      name: given.name,
      on,
      ...(where === undefined ? {} : { where }),
      attempts: given.attempts ?? defaults.attempts,
      backoff: this.#backoff(given.backoff ?? {}),
      timeout: this.#duration(given.timeout, "timeout", maxTimeoutMs) ?? defaults.timeout,
      concurrency: given.concurrency ?? defaults.concurrency,
      ...(concurrencyPerKey === undefined
        ? {}
        : { concurrencyPerKey: Object.freeze({ key: concurrencyPerKey.key, limit: concurrencyPerKey.limit }) }),
      ...(throttle === undefined ? {} : { throttle: this.#throttle(throttle) }),
      ...(ordered === undefined ? {} : { ordered }),
      idempotent: given.idempotent ?? defaults.idempotent,
      dedupeFor: this.#duration(given.dedupeFor, "dedupeFor", 365 * day) ?? defaults.dedupeFor,
      from: given.from === undefined ? defaults.from : this.#from(given.from),
      ...(maxBacklog === undefined ? {} : { maxBacklog }),
    };
    this.#checkPattern(record);
    return Object.freeze(record);
  }

  #parse(): z.infer<typeof settings> {
    this.#checkNames(this.#options, Object.keys(shape), "");
    if (!("on" in Object(this.#options))) throw this.#error(`on is missing; it must be ${oneOrMoreTypes}`, "on");
    const result = settings.safeParse(this.#options);
    if (!result.success) {
      const [issue] = result.error.issues;
      const [first] = describeIssues(result.error, this.#options, "");
      const expected = expectations[first?.path ?? ""];
      let value: unknown = this.#options;
      for (const step of issue?.path ?? []) value = Reflect.get(Object(value), step);
      const problem = expected === undefined ? first?.problem : mustBe(expected, value);
      throw this.#error(`${first?.path} ${problem}`, first?.path);
    }
    this.#checkNames(result.data.backoff ?? {}, backoffNames, "backoff.");
    this.#checkNames(result.data.concurrencyPerKey ?? {}, keyLimitNames, "concurrencyPerKey.");
    this.#checkNames(result.data.throttle ?? {}, throttleNames, "throttle.");
    for (const [field, path] of keyPaths(result.data)) {
      const problem = metadataPathProblem(path);
      if (problem !== undefined) throw this.#error(`${field}: ${problem}`, field);
    }
    return result.data;
  }

  #checkNames(given: unknown, known: readonly string[], prefix: string): void {
    if (typeof given !== "object" || given === null) {
      throw this.#error(mustBe("an object such as { name, on }", given));
    }
    const unknown = Object.keys(given).find((name) => !known.includes(name));
    if (unknown === undefined) return;
    const fix = didYouMean(unknown, known, `the settings are ${known.join(", ")}`);
    throw this.#error(`unknown setting ${prefix}${unknown}${fix}`, `${prefix}${unknown}`);
  }

  #types(on: unknown): readonly string[] {
    const list: readonly unknown[] = Array.isArray(on) ? on : [on];
    if (list.length === 0) throw this.#error(`on ${mustBe(oneOrMoreTypes, on)}`, "on");
    return Object.freeze([...new Set(list.map((selector) => this.#type(selector)))]);
  }

  #type(selector: unknown): string {
    const isObject = typeof selector === "object" && selector !== null;
    const name: unknown = isObject && "type" in selector ? selector.type : selector;
    if (typeof name !== "string") throw this.#error(`on ${mustBe(oneOrMoreTypes, name)}`, "on");
    const problem = selectorProblem(name);
    if (problem === undefined) return name;
    throw this.#error(`the type ${shortForm(name)} in on ${problem}`, "on");
  }

  #where(where: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
    // An empty `where` has no effect, but would be an invalid pattern.
    if (Object.keys(where).length === 0) return undefined;
    const unknown = whereProblem(where);
    if (unknown !== undefined) throw this.#error(unknown.problem, unknown.field);
    try {
      // The caller's object is copied: a pattern is kept for long and must not change under its index.
      const copy = copyJson(where, "where");
      return typeof copy === "object" && copy !== null ? { ...copy } : {};
    } catch (thrown) {
      throw this.#patternError(thrown);
    }
  }

  #checkPattern(record: SubscriptionRecord): void {
    if (record.where === undefined) return;
    try {
      compilePattern(subscriptionPattern(record));
    } catch (thrown) {
      throw this.#patternError(thrown);
    }
  }

  #patternError(thrown: unknown): unknown {
    if (!(thrown instanceof BusError)) return thrown;
    return new BusError("invalid_pattern", `${this.#label}: where: ${thrown.message}`, {
      cause: thrown,
      details: { ...thrown.details, field: "where" },
    });
  }

  #backoff(given: {
    from?: string | number | undefined;
    to?: string | number | undefined;
  }): SubscriptionRecord["backoff"] {
    const to = this.#duration(given.to, "backoff.to", longestBackoffMs);
    const from =
      this.#duration(given.from, "backoff.from", longestBackoffMs) ??
      Math.min(defaults.backoff.from, to ?? defaults.backoff.from);
    if (to !== undefined && from > to) {
      throw this.#error(
        `backoff.from ${mustBe(`at most backoff.to, which is ${shortForm(given.to)}`, given.from)}`,
        "backoff",
      );
    }
    return Object.freeze({ from, to: to ?? Math.max(from, defaults.backoff.to) });
  }

  #throttle({ limit, per, key }: NonNullable<z.infer<typeof settings>["throttle"]>) {
    const perMs = parseDuration(per, `${this.#label}: throttle.per`, { min: 1, max: day });
    return Object.freeze({ limit, per: perMs, ...(key === undefined ? {} : { key }) });
  }

  #duration(value: unknown, field: string, max: number): number | undefined {
    return value === undefined ? undefined : parseDuration(value, `${this.#label}: ${field}`, { min: 1, max });
  }

  #from(from: string | Date): string {
    if (from === "now" || from === "beginning") return from;
    const text = typeof from === "string" ? from : from.toISOString();
    const time = normalizeTime(text);
    if (time !== undefined) return time;
    const expected = '"now", "beginning" or an RFC 3339 time such as 2026-01-31T12:00:00Z';
    throw this.#error(`from ${mustBe(expected, from)}`, "from");
  }

  #error(problem: string, field?: string): BusError {
    return new BusError("invalid_config", `${this.#label}: ${problem}`, {
      details: field === undefined ? {} : { field },
    });
  }
}

/** The settings that are paths into an event, each with its path. */
export function keyPaths(settings: {
  readonly ordered?: string | undefined;
  readonly concurrencyPerKey?: { readonly key: string } | undefined;
  readonly throttle?: { readonly key?: string | undefined } | undefined;
}): readonly [setting: string, path: string][] {
  const { ordered, concurrencyPerKey, throttle } = settings;
  const all: [setting: string, path: string | undefined][] = [
    ["ordered", ordered],
    ["concurrencyPerKey.key", concurrencyPerKey?.key],
    ["throttle.key", throttle?.key],
  ];
  return all.flatMap(([setting, path]) => (path === undefined ? [] : [[setting, path]]));
}

const oneOrMoreTypes = 'one or more definitions or type names, or "*" for all';
const keyForm = 'a path such as "data.taskId", "metadata.agentId", "source" or "type"';

/** What a setting must be, where the schema's own description would be less clear. */
const expectations: Readonly<Record<string, string>> = {
  name: "1 to 48 characters of a-z, 0-9 and -, starting with a letter",
  attempts: "an integer from 1 to 100",
  concurrency: "an integer from 1 to 1000",
  maxBacklog: "an integer from 1; omit it for no limit",
  "concurrencyPerKey.limit": "an integer from 1 to 1000",
  "concurrencyPerKey.key": keyForm,
  "throttle.limit": "an integer from 1 to 10000",
  "throttle.per": 'a duration such as "1s" or "1m"',
  "throttle.key": keyForm,
  ordered: keyForm,
};

function isName(name: unknown): name is string {
  return typeof name === "string" && subscriptionName.test(name);
}
