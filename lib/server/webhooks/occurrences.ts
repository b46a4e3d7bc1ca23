import { createHash } from "node:crypto";
import { NonRetriableError } from "../../delivery/handler-errors.ts";
import { BusError } from "../../error/bus-error.ts";
import type { Event } from "../../event/event.ts";
import { EventFeed, type FeedSource } from "../../mcp/events/feed.ts";
import { errorCodes } from "../../mcp/events/protocol.ts";
import type { Message } from "./message.ts";
import type { StoredEventTarget, Webhook } from "./webhook.ts";

/** The most bytes of a message: receivers refuse what is larger. */
export const messageLimit = 262_144;

/** Milliseconds within which a subscription is made; one that is not by then never will be. */
const makingMs = 60_000;

/** Why the webhook of an MCP client is over. */
export type Ending = "expired" | "forbidden";

/** Names the subscription in each message. */
export const subscriptionHeader = "x-mcp-subscription-id";

/** What the webhooks of MCP clients are sent. */
export class Occurrences {
  readonly #source: FeedSource;
  readonly #isAllowed: (principal: string) => Promise<boolean>;

  /** `isAllowed`: whether the token of an id is one still. */
  constructor(source: FeedSource, isAllowed: (principal: string) => Promise<boolean>) {
    this.#source = source;
    this.#isAllowed = isAllowed;
  }

  /** Why it is over; undefined while it is not. */
  async ending(target: StoredEventTarget, { updatedAt }: Pick<Webhook, "updatedAt">): Promise<Ending | undefined> {
    const now = this.#source.now();
    const isLeft = target.pending === true && Date.parse(updatedAt) + makingMs <= now;
    if (isLeft || Date.parse(target.refreshBefore) <= now) return "expired";
    return (await this.#isAllowed(target.principal)) ? undefined : "forbidden";
  }

  /** The event as the client gets it; undefined for one that it has not asked for. Throws where no receiver would take it. */
  async message(target: StoredEventTarget, subscription: string, event: Event): Promise<Message | undefined> {
    const feed = new EventFeed(this.#source, target.name, target.arguments);
    const position = await this.#positionOf(event.id);
    // A subscription begins at a time, and a client at an event. What an operator replays comes all the same.
    const isBefore = position !== undefined && position <= target.after && event.metadata.replay === undefined;
    if (isBefore || !feed.matches({ event, acceptedAt: 0 })) return undefined;
    const cursor = position === undefined ? null : feed.encode({ position, witness: event.id });
    const body = JSON.stringify({ ...feed.occurrence({ event }), cursor });
    const size = Buffer.byteLength(body);
    if (size > messageLimit) {
      throw new NonRetriableError(`the event has ${size} bytes as a message, and receivers take ${messageLimit}`);
    }
    return { id: messageId(event.id), body, headers: { [subscriptionHeader]: subscription }, final: [413] };
  }

  /** Undefined for an event that history has no more. */
  async #positionOf(eventId: string) {
    try {
      return await this.#source.log.position({ eventId });
    } catch (thrown) {
      if (thrown instanceof BusError && thrown.code === "not_found") return undefined;
      throw thrown;
    }
  }
}

/** Clients expect the id of the event. As a header it can have no space at its ends. */
function messageId(eventId: string): string {
  return eventId.trim() === eventId ? eventId : createHash("sha256").update(eventId).digest("base64url");
}

/** Tells a receiver that nothing more comes, and why. */
export function terminatedMessage(subscription: string): Message {
  const error = {
    code: errorCodes.forbidden,
    message: "the token has ended, or was revoked",
    data: { code: "forbidden" },
  };
  return {
    id: `terminated_${subscription}`,
    body: JSON.stringify({ type: "terminated", error }),
    headers: { [subscriptionHeader]: subscription },
  };
}
