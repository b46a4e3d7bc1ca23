import { createHash } from "node:crypto";
import { canonicalJson } from "../engine/content-digest.ts";
import type { Engine } from "../engine/engine.ts";
import { allDeadLetters, namedSubscriptions, openDeliveries, recordedEvents } from "./contents.ts";

/** How much there is of a kind, and a hash of all of it. */
export interface KindDigest {
  /** Number of items. */
  readonly count: number;
  /** SHA-256, hex. */
  readonly hash: string;
}

/** What a bus holds, by kind. */
export const kinds = ["events", "deadLetters", "subscriptions", "deliveries"] as const;
/** A kind of what a bus holds: `deliveries` are those that have not ended. */
export type Kind = (typeof kinds)[number];

/** A hash of each kind; of history the order counts, of the others only what they are. `counted` follows each item. */
export async function digestOf(
  engine: Engine,
  { counted }: { readonly counted: (kind: Kind) => void },
): Promise<Readonly<Record<Kind, KindDigest>>> {
  const history = createHash("sha256");
  let events = 0;
  for await (const page of recordedEvents(engine)) {
    for (const { event, acceptedAt } of page) {
      history.update(`${acceptedAt} ${canonicalJson(event)}\n`);
      events += 1;
      counted("events");
    }
  }
  const [deadLetters, subscriptions, deliveries] = [new HashSum(), new HashSum(), new HashSum()];
  for await (const deadLetter of allDeadLetters(engine)) {
    deadLetters.add(deadLetter);
    counted("deadLetters");
  }
  // Where it started does not matter any more.
  for (const { from: _, ...record } of await namedSubscriptions(engine)) {
    subscriptions.add(record);
    counted("subscriptions");
  }
  for await (const page of openDeliveries(engine)) {
    // When it is due is left out: that time may have come meanwhile.
    for (const { dueAt: _, ...delivery } of page) {
      deliveries.add(delivery);
      counted("deliveries");
    }
  }
  return {
    events: { count: events, hash: history.digest("hex") },
    deadLetters: deadLetters.digest(),
    subscriptions: subscriptions.digest(),
    deliveries: deliveries.digest(),
  };
}

const modulus = 1n << 256n;

/** A hash of many that is the same in whatever order they come. */
class HashSum {
  #count = 0;
  #sum = 0n;

  add(value: object): void {
    this.#count += 1;
    const hash = createHash("sha256").update(canonicalJson(value)).digest("hex");
    this.#sum = (this.#sum + BigInt(`0x${hash}`)) % modulus;
  }

  digest(): KindDigest {
    return { count: this.#count, hash: this.#sum.toString(16).padStart(64, "0") };
  }
}
