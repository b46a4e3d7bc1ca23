import type { Event } from "../event/event.ts";

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

function tokensOf({ data }: Event): number | undefined {
  const { tokens, usage } = Object(data);
  const { inputTokens, outputTokens, totalTokens } = Object(usage);
  const parts = [numberOf(inputTokens), numberOf(outputTokens)].filter((part) => part !== undefined);
  if (parts.length > 0) return parts.reduce((total, part) => total + part, 0);
  return numberOf(totalTokens) ?? numberOf(tokens);
}

function costOf({ data }: Event): number | undefined {
  const { cost, usage } = Object(data);
  return numberOf(cost) ?? numberOf(Object(usage).cost);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}
