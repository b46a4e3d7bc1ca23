/** What an engine may be able to do; the contract suite asserts what each one declares. */
export const capabilities = [
  /** What was accepted outlives the process. */
  "durable",
  /** Several processes, or several buses of one process, share the events. */
  "multi-process",
  /** The order of acceptance is the order in which one process published. */
  "ordered-publish",
  /** Urgent deliveries overtake others that wait in the same subscription. */
  "priority",
  /** A subscription's `maxBacklog` is kept. */
  "backpressure",
  /** No subscription gets an event before its `metadata.deliverAt`. */
  "delay",
  /** It is known which deliveries of a flow are under way: `deliveries.pending` is there. */
  "settled",
  /** It is known how the deliveries of a flow ended: `deliveries.ended` is there. */
  "outcomes",
  /** It is known which deliveries ended lately, of all flows: `deliveries.recentlyEnded` is there. */
  "rates",
  /** A subscription can be paused for all processes: `subscriptions.setPaused` is there. */
  "pause",
  /** What it holds can be moved to another engine, and taken over from one: `transfer` is there. */
  "transfer",
  /** The data of events can be erased for good: `erasure` is there. */
  "erase",
] as const;

/** One of {@link capabilities}. */
export type Capability = (typeof capabilities)[number];
