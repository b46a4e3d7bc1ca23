import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import { type Duration, parseDuration } from "../../event/duration.ts";
import { describeIssues } from "../../event/issues.ts";
import { lazy } from "../../event/lazy.ts";
import type { Severity } from "../alert.ts";

interface Common {
  /** Names the rule in its alerts: `[a-z][a-z0-9-]{0,47}`, each once. Default: its kind. */
  readonly name?: string;
  /** Default `warning`. */
  readonly severity?: Severity;
  /** The most alerts of the rule that are active at once: 1 to 10,000; more are left out. Default 100. */
  readonly most?: number;
}

interface Timed extends Common {
  /** Another limit for flows whose first event has one of these types; `*` is allowed, and the first that fits counts. */
  readonly types?: Readonly<Record<string, Duration>>;
}

interface Spike extends Common {
  /** Which types are counted; `*` is allowed. Default: all. */
  readonly on?: readonly string[];
  /** Times the usual count. */
  readonly factor?: number;
  /** Events in a minute. */
  readonly over?: number;
}

/** What is watched, as data. */
export type AlertRule =
  /** A flow takes longer than `over` from its first event to its end, or its latest event. Default 10 s. */
  | (Timed & {
      /** Which rule it is. */
      readonly kind: "slow-flow";
      /** The limit, which is exceeded. */
      readonly over?: Duration;
    })
  /** A flow that has begun and not ended has no event for longer than `after`. Default 5 min. */
  | (Timed & {
      /** Which rule it is. */
      readonly kind: "stuck-flow";
      /** How long the silence may last. */
      readonly after?: Duration;
    })
  /** An event of one of the types `on` has nothing at `result`. Default `data.result`. */
  | (Common & {
      /** Which rule it is. */
      readonly kind: "no-result";
      /** Types that count; `*` is allowed. */
      readonly on: readonly string[];
      /** The path of the result, from `data` on. */
      readonly result?: string;
    })
  /** A type has more events in a minute than `factor` (3) times its mean of ten minutes, and more than `over` (10). */
  | (Spike & {
      /** Which rule it is. */
      readonly kind: "rate-spike";
    })
  /** An agent, or source, has more failures in a minute than `factor` (2) times its mean of ten minutes, and more than `over` (5). */
  | (Spike & {
      /** Which rule it is. */
      readonly kind: "failures";
    })
  /** An agent whose heartbeat was seen gives no sign of life for longer than `after`. Default 90 s. */
  | (Common & {
      /** Which rule it is. */
      readonly kind: "silence";
      /** How long the silence may last. */
      readonly after?: Duration;
      /** Types that count; `*` is allowed. */
      readonly on?: readonly string[];
    })
  /** The oldest delivery of a subscription waits for longer than `over`. Default 5 min. */
  | (Common & {
      /** Which rule it is. */
      readonly kind: "backlog";
      /** The limit, which is exceeded. */
      readonly over?: Duration;
      /** Names of subscriptions; `*` is allowed. Default: all. */
      readonly subscriptions?: readonly string[];
    })
  /** A subscription has more than `over` dead letters. Default 0. */
  | (Common & {
      /** Which rule it is. */
      readonly kind: "dead-letters";
      /** The limit, which is exceeded. */
      readonly over?: number;
      /** Names of subscriptions; `*` is allowed. Default: all. */
      readonly subscriptions?: readonly string[];
    })
  /** The events of a flow, of an agent in a day (UTC), or of a day, report a cost of `limit` or more. Default: of a day. */
  | (Common & {
      /** Which rule it is. */
      readonly kind: "cost";
      /** The cost that is too much, above 0. */
      readonly limit: number;
      /** What the cost is summed for. Default `day`. */
      readonly per?: "flow" | "agent" | "day";
    })
  /** In a flow the same is published `repeats` times (10), by one source, with the same type and content; or it has `events` (1,000). */
  | (Common & {
      /** Which rule it is. */
      readonly kind: "loop";
      /** How often the same may come, from 2. Default 10. */
      readonly repeats?: number;
      /** The most events of a flow, from 2. Default 1,000. */
      readonly events?: number;
    });

/** A way out for alerts: each is a subscription of its own, with retries and dead letters. */
export type AlertWay =
  /** Sends each alert to a URL, signed by Standard Webhooks. */
  | {
      /** The URL of the receiver. */
      readonly webhook: string;
      /** The secret that signs: `whsec_` and 24 to 64 bytes as base64. */
      readonly secret: string;
      /** Names its subscription, `alert-<name>`. Default: `webhook` or `command`. */
      readonly name?: string;
    }
  /** Runs a program for each alert, with its event as JSON on stdin. It is ended after `timeout`, default 10 s. */
  | {
      /** The program and its arguments; no shell reads them. */
      readonly command: readonly string[];
      /** After this it is killed. Default 10 s. */
      readonly timeout?: Duration;
      /** Names its subscription, `alert-<name>`. Default: `webhook` or `command`. */
      readonly name?: string;
    };

/** The alerts of a bus, as they stand in `waggle.config.ts`. */
export interface AlertConfig {
  /** What is watched. */
  readonly rules: readonly AlertRule[];
  /** Where alerts go, besides history. Default: nowhere. */
  readonly to?: readonly AlertWay[];
}

const name = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);
const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  try {
    return parseDuration(value, "", { min: 1 });
  } catch (thrown) {
    if (!(thrown instanceof BusError)) throw thrown;
    context.addIssue({ code: "custom", message: 'must be a duration such as "30s" or "5m"' });
    return z.NEVER;
  }
});
const selectors = z.array(z.string().min(1)).min(1);
const types = z
  .record(z.string().min(1), duration)
  .prefault({})
  .transform((given) => Object.entries(given));
const atLeast = (least: number, value: number) => z.number().min(least).default(value);

const schema = lazy(() => {
  const common = {
    name: name.optional(),
    severity: z.enum(["info", "warning", "critical"]).default("warning"),
    most: z.int().min(1).max(10_000).default(100),
  };
  const named = { ...common, subscriptions: selectors.default(["*"]) };
  const rule = z.discriminatedUnion("kind", [
    z.strictObject({ ...common, kind: z.literal("slow-flow"), over: duration.default(10_000), types }),
    z.strictObject({ ...common, kind: z.literal("stuck-flow"), after: duration.default(300_000), types }),
    z.strictObject({
      ...common,
      kind: z.literal("no-result"),
      on: selectors,
      result: z
        .string()
        .regex(/^data(\.[^.]+)+$/)
        .default("data.result"),
    }),
    z.strictObject({
      ...common,
      kind: z.literal("rate-spike"),
      on: selectors.default(["*"]),
      factor: atLeast(0, 3),
      over: atLeast(0, 10),
    }),
    z.strictObject({
      ...common,
      kind: z.literal("failures"),
      on: selectors.default(["*"]),
      factor: atLeast(0, 2),
      over: atLeast(0, 5),
    }),
    z.strictObject({
      ...common,
      kind: z.literal("silence"),
      after: duration.default(90_000),
      on: selectors.default(["agent.heartbeat"]),
    }),
    z.strictObject({ ...named, kind: z.literal("backlog"), over: duration.default(300_000) }),
    z.strictObject({ ...named, kind: z.literal("dead-letters"), over: atLeast(0, 0) }),
    z.strictObject({
      ...common,
      kind: z.literal("cost"),
      limit: z.number().positive(),
      per: z.enum(["flow", "agent", "day"]).default("day"),
    }),
    z.strictObject({
      ...common,
      kind: z.literal("loop"),
      repeats: z.int().min(2).default(10),
      events: z.int().min(2).default(1_000),
    }),
  ]);
  const way = z.union([
    z.strictObject({ webhook: z.url(), secret: z.string().min(1), name: name.default("webhook") }),
    z.strictObject({
      command: z.array(z.string().min(1)).min(1),
      timeout: duration.default(10_000),
      name: name.default("command"),
    }),
  ]);
  return z.strictObject({ rules: z.array(rule), to: z.array(way).default([]) });
});

type Parsed = z.output<ReturnType<typeof schema>>;

/** A rule with its defaults; times are in milliseconds. */
export type CheckedRule = Parsed["rules"][number] & { readonly name: string };
/** The rule of one kind. */
export type RuleOf<Kind extends AlertRule["kind"]> = Extract<CheckedRule, { kind: Kind }>;
/** A way out with its defaults. */
export type CheckedWay = Parsed["to"][number];

/** Checks alerts that were declared as data, and fills in what was left out. Throws `invalid_config`. */
export function checkAlerts(
  given: unknown,
  from = "alerts",
): {
  readonly rules: readonly CheckedRule[];
  readonly to: readonly CheckedWay[];
} {
  const parsed = schema().safeParse(given);
  if (!parsed.success) {
    const [first] = describeIssues(parsed.error, given, from);
    throw new BusError("invalid_config", `${first?.path} ${first?.problem}`, { cause: parsed.error });
  }
  const rules = parsed.data.rules.map((rule) => ({ ...rule, name: rule.name ?? rule.kind }));
  unique(rules, `${from}.rules`);
  unique(parsed.data.to, `${from}.to`);
  return { rules, to: parsed.data.to };
}

function unique(named: readonly { readonly name: string }[], where: string): void {
  const seen = new Set<string>();
  for (const [index, { name: own }] of named.entries()) {
    if (seen.has(own)) {
      throw new BusError(
        "invalid_config",
        `${where}[${index}] is the second with the name "${own}"; give each a name of its own`,
      );
    }
    seen.add(own);
  }
}
