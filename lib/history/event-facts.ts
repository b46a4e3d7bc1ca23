import type { Event } from "../event/event.ts";
import { reportedUsage } from "./usage.ts";

/** Whether a type says that something failed. */
export function tellsOfFailure(type: string): boolean {
  return /(^|\.)(failed|failure|error|timeout|rejected)$/.test(type);
}

/** What events say of tokens and cost, summed up; undefined where none says anything. */
export function spent(events: readonly Event[]): {
  readonly tokens: number | undefined;
  readonly cost: number | undefined;
} {
  const sum = (amounts: readonly (number | undefined)[]) => {
    const given = amounts.filter((amount) => amount !== undefined);
    return given.length === 0 ? undefined : given.reduce((total, amount) => total + amount, 0);
  };
  return { tokens: sum(events.map(tokensOf)), cost: sum(events.map(costOf)) };
}

function tokensOf(event: Event): number | undefined {
  const { inputTokens, outputTokens } = reportedUsage(event);
  const parts = [inputTokens, outputTokens].filter((part) => part !== undefined);
  if (parts.length > 0) return parts.reduce((total, part) => total + part, 0);
  const { tokens, usage } = Object(event.data);
  return numberOf(Object(usage).totalTokens) ?? numberOf(tokens);
}

function costOf(event: Event): number | undefined {
  return reportedUsage(event).cost;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}
