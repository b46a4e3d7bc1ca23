import * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { readable } from "../error/readable.ts";
import { shortForm } from "../error/short-form.ts";
import type { Catalog } from "../event/catalog.ts";
import { lazy } from "../event/lazy.ts";
import { parseCallOptions } from "../runtime/call-options.ts";
import { isRecord } from "../runtime/is-record.ts";
import { selectorProblem } from "../subscription/selector-name.ts";
import { whereProblem } from "../subscription/where-problem.ts";

/** One thing to wait for: types, and a pattern that the event must match too. */
export interface ParsedMatcher {
  /** Names of types, `*` allowed; at least one. */
  readonly types: readonly string[];
  readonly where: unknown;
}

/** What is waited for, checked. `one` and `any`: the first that matches a matcher; `all`: one for each; `count`: so many. */
export interface ParsedMatchers {
  readonly form: "one" | "any" | "all" | "count";
  /** At least one. */
  readonly matchers: readonly ParsedMatcher[];
  /** How many events make the result whole. */
  readonly count: number;
}

const schemas = lazy(() => {
  const list = z.array(z.unknown()).min(1);
  return {
    matcher: z.strictObject({ on: z.unknown(), where: z.unknown().exactOptional() }),
    any: z.strictObject({ any: list }),
    all: z.strictObject({ all: list }),
    count: z.strictObject({ count: z.int().min(1), of: list }),
  };
});

const aMatcher = 'a definition, a type name such as "task.completed", or { on, where }';

/**
 * Reads what `waitFor` was given, each part once. Throws `invalid_config` for what is none of its forms, or mixes two of them,
 * and for a type that history does not keep; `unknown_type` for one that the catalog does not have.
 */
export function parseMatchers(catalog: Catalog, wants: unknown): ParsedMatchers {
  return readable("waitFor: what it waits for", () => {
    const list = (given: readonly unknown[], name: string) =>
      given.map((one, index) => parseMatcher(catalog, one, `waitFor: ${name}[${index}]`));
    if (isRecord(wants) && !isDefinition(wants)) {
      if ("any" in wants) {
        const { any } = parseCallOptions("waitFor", schemas().any, wants);
        return { form: "any", matchers: list(any, "any"), count: 1 };
      }
      if ("all" in wants) {
        const { all } = parseCallOptions("waitFor", schemas().all, wants);
        return { form: "all", matchers: list(all, "all"), count: all.length };
      }
      if ("count" in wants || "of" in wants) {
        const { count, of } = parseCallOptions("waitFor", schemas().count, wants);
        return { form: "count", matchers: list(of, "of"), count };
      }
    }
    return { form: "one", matchers: [parseMatcher(catalog, wants, "waitFor")], count: 1 };
  });
}

function parseMatcher(catalog: Catalog, given: unknown, call: string): ParsedMatcher {
  if (typeof given === "string" || (isRecord(given) && isDefinition(given))) {
    return { types: [typeOf(catalog, given, call)], where: undefined };
  }
  if (!isRecord(given)) throw new BusError("invalid_config", `${call}: the matcher ${mustBe(aMatcher, given)}`);
  const { on, where } = parseCallOptions(call, schemas().matcher, given);
  const unknown = whereProblem(where);
  if (unknown !== undefined) {
    throw new BusError("invalid_config", `${call}: ${unknown.problem}`, { details: { field: unknown.field } });
  }
  const selectors: readonly unknown[] = Array.isArray(on) ? [...on] : [on];
  if (selectors.length === 0) throw new BusError("invalid_config", `${call}: on must have at least one type`);
  return { types: selectors.map((one) => typeOf(catalog, one, `${call}: on`)), where };
}

/** The name of a selected type. */
function typeOf(catalog: Catalog, selector: unknown, call: string): string {
  const type = isRecord(selector) && isDefinition(selector) ? selector.type : selector;
  if (typeof type !== "string") {
    throw new BusError(
      "invalid_config",
      `${call} ${mustBe('a definition or a type name such as "task.completed"', type)}`,
    );
  }
  const definition = type.includes("*") ? undefined : catalog.resolve(type);
  const problem = definition === undefined ? selectorProblem(type) : undefined;
  if (problem !== undefined) throw new BusError("invalid_config", `${call}: the type ${shortForm(type)} ${problem}`);
  if (definition?.history !== false) return type;
  throw new BusError(
    "invalid_config",
    `${call}: ${type} is not kept in history, so it cannot be waited for; subscribe to it`,
  );
}

function isDefinition(given: Record<string, unknown>): boolean {
  return typeof given.type === "string" && "schema" in given;
}

/** What is waited for, for messages. */
export function describeMatchers({ form, matchers, count }: ParsedMatchers): string {
  const list = matchers.map(describeMatcher).join(", ");
  if (form === "one") return list;
  return form === "count" ? `${count} of ${list}` : `${form} of ${list}`;
}

/** One of them, for messages. */
export function describeMatcher({ types, where }: ParsedMatcher): string {
  const names = types.join(", ");
  return where === undefined ? names : `${names} where ${JSON.stringify(where)}`;
}
