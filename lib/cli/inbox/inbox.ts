import type { Event } from "../../event/event.ts";
import type { ClaimedDelivery, Deliveries } from "../../mcp/deliveries.ts";
import { inboxOf } from "../../mcp/inbox.ts";
import type { ShownMessages } from "./shown-messages.ts";

/** Deliveries that are looked at in one go for those that were shown. */
const lookedAt = 1_000;

/**
 * The inbox of an agent whose turns outlive the processes that ask for it. Its messages are the deliveries of a durable subscription. What is shown goes back
 * to its queue; what was shown is settled once the turn is over. So a process or an agent that is killed, whenever that is, has lost nothing,
 * and what was acknowledged never comes again.
 */
export class Inbox {
  readonly #deliveries: Deliveries;
  readonly #shown: ShownMessages;
  readonly #agent: string;

  constructor(deliveries: Deliveries, shown: ShownMessages, agent: string) {
    this.#deliveries = deliveries;
    this.#shown = shown;
    this.#agent = agent;
  }

  /**
   * Hands up to `max` messages to `show`, oldest first, waiting up to `waitMs` for the first one; remembers them once it has resolved. `show` is called with
   * an empty list where there is none.
   */
  async show(
    { max, waitMs, signal }: { max: number; waitMs: number; signal: AbortSignal },
    show: (messages: readonly Event[]) => Promise<void>,
  ): Promise<void> {
    const inbox = inboxOf(this.#agent);
    await this.#deliveries.ensure(inbox);
    const claimed = await this.#deliveries.claim(inbox.name, max, waitMs, signal);
    try {
      await show(claimed.map(({ event }) => event));
      // Only then: what is remembered is acknowledged later, and must have been seen.
      if (claimed.length > 0) await this.#shown.add(claimed.map(({ event }) => event.id));
    } finally {
      await this.#settle(claimed, "release");
    }
  }

  /** Acknowledges what was shown. Resolves with the ids of those that had not been before. */
  async acknowledge(signal: AbortSignal): Promise<readonly string[]> {
    const shown = await this.#shown.list();
    if (shown.size === 0) return [];
    const inbox = inboxOf(this.#agent);
    await this.#deliveries.ensure(inbox);
    const done: ClaimedDelivery[] = [];
    const others: ClaimedDelivery[] = [];
    try {
      // More urgent ones may have come in front of those that were shown.
      while (done.length < shown.size) {
        const claimed = await this.#deliveries.claim(inbox.name, lookedAt, 0, signal);
        if (claimed.length === 0) break;
        for (const one of claimed) (shown.has(one.event.id) ? done : others).push(one);
      }
      const settled = new Set(await this.#settle(done, "ack"));
      await this.#shown.clear();
      return done.filter(({ receipt }) => settled.has(receipt)).map(({ event }) => event.id);
    } finally {
      await this.#settle(others, "release");
    }
  }

  /** Resolves with the receipts that could be settled. */
  async #settle(claimed: readonly ClaimedDelivery[], kind: "ack" | "release"): Promise<readonly string[]> {
    const items = claimed.map(({ receipt }) => ({ receipt, settlement: { kind } }));
    const results = items.length === 0 ? [] : await this.#deliveries.settle(inboxOf(this.#agent).name, items);
    return results.filter(({ ok }) => ok).map(({ receipt }) => receipt);
  }
}
