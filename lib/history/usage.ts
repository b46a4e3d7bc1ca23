import type { Event } from "../event/event.ts";

/** What a model has used, as an event reports it. */
export interface Usage {
  /** Tokens that the model read. */
  readonly inputTokens: number;
  /** Tokens that the model wrote. */
  readonly outputTokens: number;
  /** What it cost, in the currency of the event, which is US dollars where it names none; 0 if the event does not say. */
  readonly cost: number;
}

export const noUsage: Usage = { inputTokens: 0, outputTokens: 0, cost: 0 };

/** The names of a count: of the AI SDK, of Anthropic and OpenTelemetry, and of OpenAI. */
const inputNames = ["inputTokens", "input_tokens", "promptTokens", "prompt_tokens", "gen_ai.usage.input_tokens"];
const outputNames = [
  "outputTokens",
  "output_tokens",
  "completionTokens",
  "completion_tokens",
  "gen_ai.usage.output_tokens",
];
const costNames = ["costUsd", "cost_usd", "totalCostUsd", "total_cost_usd", "cost"];

/** What an event reports of a use; absent where it does not say. */
export type ReportedUsage = { readonly [Name in keyof Usage]?: Usage[Name] | undefined };

/**
 * Returns the tokens and the cost that an event reports in its data or in `data.usage`, by the names that model SDKs use, or
 * `undefined` if it reports none.
 */
export function usageOf(event: Pick<Event, "type" | "data">): Usage | undefined {
  const { cost, inputTokens, outputTokens } = reportedUsage(event);
  if (inputTokens === undefined && outputTokens === undefined && cost === undefined) return undefined;
  return { inputTokens: inputTokens ?? 0, outputTokens: outputTokens ?? 0, cost: cost ?? 0 };
}

/** The same, with what the event does not say left open. */
export function reportedUsage({ type, data }: Pick<Event, "type" | "data">): ReportedUsage {
  // What a call is expected to use is no use yet: the end of the call says it, and would count it twice.
  if (type === "llm.call.started") return {};
  const places = [data, fieldOf(data, "usage"), fieldOf(data, "attributes")];
  return {
    inputTokens: firstNumber(places, inputNames),
    outputTokens: firstNumber(places, outputNames),
    cost: firstNumber(places, costNames) ?? numberAt(fieldOf(data, "cost"), "amount"),
  };
}

export function addUsage(one: Usage, other: Usage): Usage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    cost: one.cost + other.cost,
  };
}

function firstNumber(places: readonly unknown[], names: readonly string[]): number | undefined {
  for (const place of places) {
    for (const name of names) {
      const found = numberAt(place, name);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Publishers may report anything: what cannot be a count is left out of the sums. */
function numberAt(value: unknown, name: string): number | undefined {
  const found = fieldOf(value, name);
  return typeof found === "number" && Number.isFinite(found) && found >= 0 ? found : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
