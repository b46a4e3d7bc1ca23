import type { Row } from "./row.ts";
import type { Update } from "./table.ts";

/** The clause of every step that only who has the claim may take: it is on the row until the run ends, or its dead letter is kept. */
export function heldBy(claim: string, values: Update["values"]): Pick<Update, "condition" | "values"> {
  const isMine = "#claim = :mine";
  return { condition: isMine, values: { ...values, mine: claim } };
}

/** The clause of every step that was decided on by how the row was seen: nobody has moved it, nor renewed its lease. */
export function unchangedSince(seen: Row, values: Update["values"]): Pick<Update, "condition" | "values"> {
  const isAsSeen = "#state = :seenState AND #attempts = :seenAttempts";
  const hasNoClaim = "attribute_not_exists(#claim)";
  const hasTheClaim = "#claim = :seenClaim AND #leaseUntil = :seenLease";
  const { claim, leaseUntil } = seen;
  const seenClaim = claim === undefined || leaseUntil === undefined ? {} : { seenClaim: claim, seenLease: leaseUntil };
  return {
    condition: `${isAsSeen} AND ${claim === undefined ? hasNoClaim : hasTheClaim}`,
    values: { ...values, ...seenClaim, seenState: seen.state, seenAttempts: seen.attempts },
  };
}

/** An update that begins a delivery anew, in a redrive generation or in none. */
export function inRedriveGeneration(
  set: string,
  remove: string,
  redriveGeneration: string | undefined,
): Pick<Update, "set" | "remove"> {
  return redriveGeneration === undefined
    ? { set, remove: `${remove}, #redriveGeneration` }
    : { set: `${set}, #redriveGeneration = :redriveGeneration`, remove };
}

/** The value that {@link inRedriveGeneration} names, where it names one. */
export function redriveGenerationValue(redriveGeneration: string | undefined): Update["values"] {
  return redriveGeneration === undefined ? {} : { redriveGeneration };
}

/** Milliseconds as a row's time to live counts: rounded up, so that it is kept for at least as long. */
export function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
