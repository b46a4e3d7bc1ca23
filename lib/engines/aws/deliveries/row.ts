import * as z from "zod";
import { deliveriesTable } from "../../../aws-shared/index.ts";
import type { Failure } from "../../../engine/delivery.ts";
import { BusError } from "../../../error/bus-error.ts";
import { parseFailures } from "./failures.ts";

/**
 * - `waiting`: for its first attempt or its next, not before `dueAt`.
 * - `running`: until `leaseUntil`, by whoever has `claim`; after it, its process is taken to have ended.
 * - `deadLettering`: out of attempts; whoever has `claim` writes its dead letter; after `leaseUntil` another may.
 * - `done`, `dead`: ended; kept so that a duplicate is known.
 */
export const states = ["waiting", "running", "deadLettering", "done", "dead"] as const;

/** How a delivery stands. */
export interface Row {
  readonly state: (typeof states)[number];
  /** Begun so far. */
  readonly attempts: number;
  readonly claim: string | undefined;
  /** Milliseconds since 1970. */
  readonly leaseUntil: number | undefined;
  /** Milliseconds since 1970. */
  readonly dueAt: number | undefined;
  /** Of the failed attempts; kept once it has ended. */
  readonly failures: readonly Failure[];
  /** How it ended; absent before, and where another version of Waggle has recorded its end. */
  readonly end: RowEnd | undefined;
  /** Which redrive it was begun by; absent until it is redriven. */
  readonly redriveGeneration: string | undefined;
  /** Seconds since 1970. */
  readonly ttl: number;
}

/** When a delivery ended, and what that took. */
export interface RowEnd {
  /** Milliseconds since 1970. */
  readonly endedAt: number;
  /** Milliseconds for which the handler ran in the last attempt; undefined where it did not, or nobody knows. */
  readonly ranMs: number | undefined;
  /** Milliseconds since it was accepted, or queued again. */
  readonly totalMs: number;
  /** Whether it was not handled, though its state is `done`. */
  readonly dropped: boolean;
}

const text = z.object({ S: z.string() }).transform(({ S }) => S);
const number = z.object({ N: z.string().regex(/^-?\d+$/) }).transform(({ N }) => Number(N));

const rowSchema = z.object({
  state: text.pipe(z.enum(states)),
  attempts: number,
  claim: text.optional(),
  leaseUntil: number.optional(),
  dueAt: number.optional(),
  failures: text.optional(),
  redriveGeneration: text.optional(),
  endedAt: number.optional(),
  ranMs: number.optional(),
  totalMs: number.optional(),
  dropped: number.optional(),
  [deliveriesTable.timeToLive]: number,
});

/** Reads what the table gave; undefined where it had nothing, or what it had is past its time. `unavailable`. */
export function parseRow(item: unknown, pk: string): Row | undefined {
  if (item === undefined) return undefined;
  const parsed = rowSchema.safeParse(item);
  if (!parsed.success) throw broken(pk, parsed.error);
  const { claim, leaseUntil, dueAt, failures, redriveGeneration, endedAt, ranMs, totalMs, dropped, ...rest } =
    parsed.data;
  const isEnd = endedAt !== undefined && totalMs !== undefined;
  return {
    ...rest,
    end: isEnd ? { endedAt, ranMs, totalMs, dropped: dropped !== undefined } : undefined,
    claim,
    leaseUntil,
    dueAt,
    redriveGeneration,
    failures: failures === undefined ? [] : parseFailures(failures),
  };
}

/** Who holds a lock, by its delivery's key and the claim with which it was taken. */
export interface LockRow {
  readonly holder: string;
  readonly claim: string;
}

const lockSchema = z.object({ holder: text, claim: text });

export function parseLock(item: unknown, pk: string): LockRow | undefined {
  if (item === undefined) return undefined;
  const parsed = lockSchema.safeParse(item);
  if (!parsed.success) throw broken(pk, parsed.error);
  return parsed.data;
}

function broken(pk: string, cause: unknown): BusError {
  return new BusError(
    "unavailable",
    `the row ${pk} of the deliveries table is not one that this version of Waggle wrote; delete it, and its delivery begins anew`,
    { cause, retryable: false },
  );
}
