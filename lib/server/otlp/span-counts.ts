/** What became of the spans that a server was sent since it started. */
export interface SpanCounts {
  /** Became events, or had become ones before. */
  accepted: number;
  /** Of no model, agent or tool. */
  ignored: number;
  /** Refused by the bus, or by the token. */
  rejected: number;
}

export function createSpanCounts(): SpanCounts {
  return { accepted: 0, ignored: 0, rejected: 0 };
}
