import type { Producer } from "@platformatic/kafka";
import type { DeadLetter } from "../../../engine/delivery.ts";
import type { Codec } from "../records/codec.ts";
import type { Store } from "../store.ts";

export interface DeadLetterTopicDependencies {
  readonly store: Store;
  readonly codec: Codec;
  readonly topic: string;
  producer(): Producer<string, string, string, string>;
  /** Milliseconds for which a copy is tried. */
  readonly publishTimeoutMs: number;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Dead letters of other clocks and slow transactions may come with a time that is past by so many milliseconds. */
const overlapMs = 60_000;
const pageSize = 100;

/**
 * Copies dead letters to a topic, so that whoever reads topics alone sees them: the value is the event, headers tell why it
 * failed, and the key is the dead letter's id, by which a copy that comes twice is known.
 */
export class DeadLetterTopic {
  readonly #dependencies: DeadLetterTopicDependencies;
  readonly #feed: string;
  /** What was copied lately, by when it died. */
  readonly #copied = new Map<string, number>();

  constructor(dependencies: DeadLetterTopicDependencies) {
    this.#dependencies = dependencies;
    this.#feed = `kafka:${dependencies.topic}`;
  }

  /** Copies those that are new. The store remembers how far that has come. */
  async copy(): Promise<void> {
    const { codec, now, store, topic } = this.#dependencies;
    const from = (await store.feeds()).get(this.#feed);
    const found = await this.#since(from === undefined ? 0 : from - overlapMs);
    const fresh = found.filter(({ id }) => !this.#copied.has(id)).reverse();
    if (fresh.length > 0) {
      const producer = this.#dependencies.producer();
      // The client library tries for ever; closed, it gives up.
      const timer = setTimeout(() => producer.close().catch(() => {}), this.#dependencies.publishTimeoutMs).unref();
      try {
        await producer.send({
          messages: fresh.map((deadLetter) => ({
            topic,
            key: deadLetter.id,
            value: codec.value(deadLetter.event),
            headers: new Map([...codec.headers(deadLetter.event), ...headersOf(deadLetter)]),
          })),
        });
      } finally {
        clearTimeout(timer);
        producer.close().catch(() => {});
      }
    }
    for (const { deadAt, id } of found) this.#copied.set(id, Date.parse(deadAt));
    const to = Math.max(from ?? 0, ...fresh.map(({ deadAt }) => Date.parse(deadAt)));
    if (to !== from && fresh.length > 0) await store.takeOver({ feed: this.#feed, from, to, entries: [] });
    for (const [id, at] of this.#copied) if (at < now() - 2 * overlapMs) this.#copied.delete(id);
  }

  /** Newest first. */
  async #since(ms: number): Promise<DeadLetter[]> {
    const { engine } = this.#dependencies.store;
    const found: DeadLetter[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await engine.deadLetters.list(
        { since: new Date(Math.max(0, ms)) },
        { limit: pageSize, ...(cursor === undefined ? {} : { cursor }) },
      );
      found.push(...page.deadLetters);
      if (page.cursor === undefined) return found;
      cursor = page.cursor;
    }
  }
}

function headersOf({ attempts, deadAt, id, reason, subscription }: DeadLetter): [string, string][] {
  return [
    ["waggle-dead-letter", id],
    ...(subscription === undefined ? [] : [["waggle-subscription", subscription] satisfies [string, string]]),
    ["waggle-reason", reason.code],
    ["waggle-message", reason.message],
    ["waggle-attempts", String(attempts)],
    ["waggle-dead-at", deadAt],
  ];
}
