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

/** The outcomes of one subscription in a row. `plain`: of first attempts that succeeded, three numbers each: offset, ranMs, totalMs. */
export interface StoredOutcomes {
  readonly plain: number[];
  readonly others: OtherOutcome[];
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

const rowSchema = z.array(
  z.union([
    z.tuple([z.string(), z.array(z.unknown())]),
    z.tuple([z.string(), z.array(z.unknown()), z.array(otherSchema)]),
  ]),
);

/** Parses a row, as far as it is of wanted events. */
export function outcomesOf(
  data: unknown,
  wants: (offset: number) => boolean,
): (OtherOutcome & { readonly subscription: string })[] {
  const rows = readStored(rowSchema, text(data), "a list of outcomes", brokenRow);
  const found: (OtherOutcome & { readonly subscription: string })[] = [];
  for (const [subscription, plain, others = []] of rows) {
    for (let index = 0; index + 2 < plain.length; index += 3) {
      const [offset, ranMs, totalMs] = plain.slice(index, index + 3);
      if (typeof offset !== "number" || !wants(offset)) continue;
      if (typeof ranMs !== "number" || typeof totalMs !== "number") throw brokenRow("an outcome is no number");
      found.push({ subscription, offset, ranMs, totalMs, outcome: "done", attempts: 1 });
    }
    for (const other of others) if (wants(other.offset)) found.push({ subscription, ...other });
  }
  return found;
}
