/** What a bus promises, and a check holds it to. */
export type Rule =
  | "lost"
  | "history"
  | "twice"
  | "order"
  | "overlap"
  | "concurrency"
  | "attempts"
  | "dead-letter"
  | "early"
  | "expired"
  | "unknown"
  | "misrouted";

/** A promise that was broken. */
export interface Finding {
  /** Which promise. */
  readonly rule: Rule;
  /** What happened, with the names of what it concerns. */
  readonly message: string;
  /** The id of the event. */
  readonly event?: string;
  /** The name of the subscription. */
  readonly subscription?: string;
}

/** Takes a finding. */
export type Find = (rule: Rule, message: string, about?: Pick<Finding, "event" | "subscription">) => void;
