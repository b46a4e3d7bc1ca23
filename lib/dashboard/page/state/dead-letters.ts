import type { DeadLetter } from "../../../engine/delivery.ts";
import type { BusError } from "../../../error/bus-error.ts";
import { toBusError } from "../../../error/bus-error.ts";
import { listOf } from "./read.ts";
import { requests } from "./session.ts";

/** What is done with dead letters. */
export type Act = "redrive" | "discard";

/** Which ones: these, or all of a subscription. */
export type Which =
  | { readonly ids: readonly string[]; readonly where?: never }
  | { readonly where: { readonly subscription: string }; readonly ids?: never };

/** What became of it. */
export interface Done {
  readonly act: Act;
  readonly done: number;
  readonly failed: readonly { readonly id: string; readonly message: string }[];
  /** What failed as a whole. */
  readonly error?: BusError;
  /** The subscriptions that they went to. */
  readonly subscriptions: readonly string[];
  /** Those whose way is followed one by one. */
  readonly letters: readonly DeadLetter[];
}

/** Letters that are followed one by one after a redrive. */
export const mostFollowed = 20;

/** Redrives or discards, and says what became of each. */
export async function settleDeadLetters(
  act: Act,
  which: Which,
  about: { readonly subscriptions: readonly string[]; readonly letters: readonly DeadLetter[] },
): Promise<Done> {
  try {
    const { done, failed } = await requests().json(`/v1/dead-letters/${act}`, undefined, which);
    const ids = new Set(Array.isArray(done) ? done : []);
    return {
      act,
      done: ids.size,
      failed: listOf<{ id: string; message: string }>(failed, "id", "message"),
      subscriptions: about.subscriptions,
      letters: about.letters.filter(({ id }) => ids.has(id)).slice(0, mostFollowed),
    };
  } catch (thrown) {
    return { act, done: 0, failed: [], error: toBusError(thrown), subscriptions: about.subscriptions, letters: [] };
  }
}
