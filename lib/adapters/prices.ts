/** What a model costs, in US dollars per million tokens. */
export interface Price {
  /** Of tokens that the model reads. */
  readonly input: number;
  /** Of tokens that it writes. */
  readonly output: number;
  /** Of tokens that it reads from its cache, which count among `inputTokens`. Default: as `input`. */
  readonly cachedInput?: number;
}

/** Prices by the name of the model, as the provider writes it; `*` for all others. */
export type Prices = Readonly<Record<string, Price>>;

/** The tokens of one call. */
export interface Tokens {
  /** Tokens that the model read, cached ones included. */
  readonly inputTokens?: number | undefined;
  /** Tokens that the model wrote. */
  readonly outputTokens?: number | undefined;
  /** Of `inputTokens`, those that came from the model's cache. */
  readonly cachedTokens?: number | undefined;
}

/** What a call costs in US dollars; `undefined` where no price is known. */
export function costOf(prices: Prices | undefined, model: string, tokens: Tokens): number | undefined {
  const known = prices !== undefined && (Object.hasOwn(prices, model) ? prices[model] : prices["*"]);
  if (!known) return undefined;
  const { inputTokens = 0, outputTokens = 0, cachedTokens = 0 } = tokens;
  const { input, output, cachedInput = input } = known;
  const micros = (inputTokens - cachedTokens) * input + cachedTokens * cachedInput + outputTokens * output;
  // Sums of such amounts are shown: without the digits that only binary fractions have.
  return Number((micros / 1_000_000).toPrecision(12));
}
