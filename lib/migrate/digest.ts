import { createHash } from "node:crypto";
import { canonicalJson } from "../engine/content-digest.ts";
import type { Engine } from "../engine/engine.ts";
import { allDeadLetters, namedSubscriptions, openDeliveries, recordedEvents } from "./contents.ts";

/** How much there is of a kind, and a hash of all of it. */
export interface KindDigest {
  readonly count: number;
  /** SHA-256, hex. */
  readonly hash: string;
}

/** What a bus holds, by kind. */
export const kinds = ["events", "deadLetters", "subscriptions", "deliveries"] as const;
export type Kind = (typeof kinds)[number];

/** A hash of each kind; of history the order counts, of the others only what they are. `skip`: an event to leave out. */
export async function digestOf(
  engine: Engine,
  wanted: readonly Kind[],
  { counted, skip }: { readonly counted: (kind: Kind) => void; readonly skip?: string },
): Promise<Readonly<Partial<Record<Kind, KindDigest>>>> {
  const digests: Partial<Record<Kind, KindDigest>> = {};
  if (wanted.includes("events")) {
    const hash = createHash("sha256");
    let count = 0;
    for await (const page of recordedEvents(engine)) {
      for (const { event, acceptedAt } of page) {
        if (event.id === skip) continue;
        hash.update(`${acceptedAt} ${canonicalJson(event)}\n`);
        count += 1;
        counted("events");
      }
    }
    digests.events = { count, hash: hash.digest("hex") };
  }
  const sums = { deadLetters: new HashSum(), subscriptions: new HashSum(), deliveries: new HashSum() };
  if (wanted.includes("deadLetters")) {
    for await (const deadLetter of allDeadLetters(engine)) {
      sums.deadLetters.add(deadLetter);
      counted("deadLetters");
    }
  }
  if (wanted.includes("subscriptions")) {
    // Where it started does not matter any more.
    for (const { from: _, ...record } of await namedSubscriptions(engine)) {
      sums.subscriptions.add(record);
      counted("subscriptions");
    }
  }
  if (wanted.includes("deliveries")) {
    for await (const page of openDeliveries(engine)) {
      // When it is due is left out: that it was due may have come meanwhile.
      for (const { dueAt: _, ...delivery } of page) {
        sums.deliveries.add(delivery);
        counted("deliveries");
      }
    }
  }
  for (const [kind, sum] of Object.entries(sums) as [keyof typeof sums, HashSum][]) {
    if (wanted.includes(kind)) digests[kind] = sum.digest();
  }
  return digests;
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
