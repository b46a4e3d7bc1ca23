import * as z from "zod";
import type { FailureCount } from "../../../engine/delivery.ts";
import { readStored } from "../../../engine/stored.ts";
import { readErrorCode } from "../../../error/bus-error.ts";
import { brokenRow, text } from "../storage/rows.ts";

/** An outcome that says more than that the first attempt succeeded. */
export interface OtherOutcome {
  /** The place of the event in its block. */
  readonly offset: number;
  readonly ranMs?: number;
  readonly totalMs: number;
  readonly outcome: "done" | "dropped" | "dead";
  readonly attempts: number;
  /** The number of its replay. */
  readonly replay?: number;
  readonly failures?: readonly FailureCount[];
}

/** An outcome as it is read. */
export interface ReadOutcome extends OtherOutcome {
  readonly subscription: string;
  /** Milliseconds since 1970 at which the delivery ended. */
  readonly at: number;
}

/** A line of a block: what transactions ended of it for one subscription. See {@link outcomesOf}. */
export interface OutcomeLine {
  readonly block: number;
  readonly text: string;
}

const otherSchema = z.object({
  offset: z.number(),
  ranMs: z.number().exactOptional(),
  totalMs: z.number(),
  outcome: z.enum(["done", "dropped", "dead"]),
  attempts: z.number(),
  replay: z.number().exactOptional(),
  failures: z
    .array(z.object({ code: z.string().transform(readErrorCode), message: z.string(), count: z.number() }))
    .exactOptional(),
}) satisfies z.ZodType<OtherOutcome>;

/** A row of schema version 3: of each subscription the numbers of plain outcomes, and the others. */
const version3Schema = z.array(
  z.union([
    z.tuple([z.string(), z.array(z.number())]),
    z.tuple([z.string(), z.array(z.number()), z.array(otherSchema)]),
  ]),
);

/** Lines with their blocks, as `meta` keeps them; each begins with a line break. */
export function linesOf(tail: string): OutcomeLine[] {
  return [...tail.matchAll(/^(\d+) (.+)$/gm)].map(([, block, text = ""]) => ({ block: Number(block), text }));
}

/**
 * Parses a row, as far as it is of wanted events; `rowAt` is the time that the row has. A line begins with the subscription and
 * the time. A plain outcome, of a first attempt that succeeded, is three numbers: offset, ranMs, totalMs; `@` and the difference
 * to the time before begin those of a later transaction. Any other outcome has a line of its own, which ends with its JSON:
 * `readers 1767225600000:0,3,5,1,2,5@7:2,1,1`.
 */
export function outcomesOf(data: unknown, rowAt: number, wants: (offset: number) => boolean): ReadOutcome[] {
  const row = text(data);
  if (row.startsWith("[")) return version3Outcomes(row, rowAt, wants);
  return row.split("\n").flatMap((line) => {
    const [, subscription = "", at, body = ""] = /^(\S+) (-?\d+)([:{].*)$/.exec(line) ?? [];
    if (at === undefined) throw brokenRow("a list of outcomes has a line that is none");
    if (body.startsWith(":")) return plainOutcomes(subscription, Number(at), body.slice(1), wants);
    const other = readStored(otherSchema, body, "an outcome", brokenRow);
    return wants(other.offset) ? [{ subscription, at: Number(at), ...other }] : [];
  });
}

function plainOutcomes(
  subscription: string,
  firstAt: number,
  body: string,
  wants: (offset: number) => boolean,
): ReadOutcome[] {
  const found: ReadOutcome[] = [];
  let at = firstAt;
  for (const [index, part] of body.split("@").entries()) {
    const [later, plain = ""] = index === 0 ? ["0", part] : part.split(":");
    at += Number(later);
    found.push(...triples(subscription, at, plain.split(",").map(Number), wants));
  }
  return found;
}

function version3Outcomes(row: string, at: number, wants: (offset: number) => boolean): ReadOutcome[] {
  const bySubscription = readStored(version3Schema, row, "a list of outcomes", brokenRow);
  return bySubscription.flatMap(([subscription, plain, others = []]) => [
    ...triples(subscription, at, plain, wants),
    ...others.filter(({ offset }) => wants(offset)).map((other) => ({ subscription, at, ...other })),
  ]);
}

function triples(
  subscription: string,
  at: number,
  numbers: readonly number[],
  wants: (offset: number) => boolean,
): ReadOutcome[] {
  const found: ReadOutcome[] = [];
  if (!numbers.every(Number.isFinite) || numbers.length % 3 !== 0 || !Number.isFinite(at)) {
    throw brokenRow("a list of outcomes has what is no number");
  }
  for (let index = 0; index < numbers.length; index += 3) {
    const [offset = 0, ranMs = 0, totalMs = 0] = numbers.slice(index, index + 3);
    if (wants(offset)) found.push({ subscription, at, offset, ranMs, totalMs, outcome: "done", attempts: 1 });
  }
  return found;
}
