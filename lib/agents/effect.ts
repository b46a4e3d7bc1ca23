import { effectCompleted, effectFailed, effectStarted, effectUnknown } from "../catalog/effect.ts";
import { NonRetriableError } from "../delivery/handler-errors.ts";
import { BusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import { mustBe } from "../error/must-be.ts";
import type { Json } from "../event/json.ts";
import { type AnyBus, dataOf, openBus } from "./dependencies.ts";
import { readBack } from "./read-back.ts";
import { deliveryId, thisDelivery } from "./this-delivery.ts";

/** What the function of an effect is given. */
export interface EffectCall {
  /** The same for each attempt at this effect: give it to a provider that takes an idempotency key. */
  readonly idempotencyKey: string;
  /** Aborted with the attempt. */
  readonly signal: AbortSignal;
}

/** An effect that was begun, and of which nobody knows whether it happened. */
export interface UnknownEffect {
  /** For {@link answerEffect}, and for the provider. */
  readonly idempotencyKey: string;
  /** As given to {@link effect}. */
  readonly key: string;
}

/** What is known of an effect after all: it did not happen and may be tried again, or it did, with a result. */
export type EffectAnswer =
  | "retry"
  | {
      /** What the call gave. */
      readonly result: Json;
    };

/** Options of {@link effect}. */
export interface EffectOptions {
  /**
   * What follows where an attempt ended between the start of the effect and its result, since its process died: `ask`
   * (default) makes the delivery a dead letter until {@link answerEffect} is called and it is redriven; `retry` calls again,
   * for what may happen twice; a function finds out, from the provider for example.
   */
  readonly unknown?: "ask" | "retry" | ((effect: UnknownEffect) => EffectAnswer | Promise<EffectAnswer>);
}

/**
 * Has a side effect of a handler happen once, however many attempts its delivery takes, replays and redrives included. Its
 * result is kept in history and given to later attempts, which do not call again. What the function throws is kept as a
 * failure that had no effect: a later attempt calls again. Where an attempt ended in between, nobody knows whether it happened:
 * that is published as `effect.unknown`, and never called again in silence. `key` is unique within the handler.
 */
export async function effect<Result extends Json>(
  bus: AnyBus,
  key: string,
  call: (call: EffectCall) => Result | Promise<Result>,
  options: EffectOptions = {},
): Promise<Result> {
  const open = openBus("effect", bus);
  const { event, signal, subscription } = thisDelivery("effect");
  if (typeof key !== "string" || key === "") {
    throw new BusError("invalid_config", `effect: the key ${mustBe("a string of at least 1 character", key)}`);
  }
  const idempotencyKey = deliveryId("effect", [subscription, event.id, key]);
  for (let attempt = 1; ; attempt += 1) {
    const data = { effectKey: key, effectId: idempotencyKey, attempt };
    const { started, ended } = idsOf(idempotencyKey, attempt);
    const [begun, end] = await Promise.all([open.engine.log.get(started), open.engine.log.get(ended)]);
    if (end?.type === effectCompleted.type) return resultOf(end.data);
    if (end !== undefined) continue;
    if (begun === undefined) {
      await open.bus.publish(effectStarted, data, { id: started });
      // Whoever attempts it next must see it, and so must know that the call may have been made.
      await readBack(open, started, signal);
      return run(attempt);
    }
    const answer = await answerOf(data);
    if (answer === "retry") {
      await open.bus.publish(effectFailed, { ...data, error: "is tried again" }, { id: ended });
      continue;
    }
    const { data: completed } = await open.bus.publish(
      effectCompleted,
      { ...data, result: answer.result },
      { id: ended },
    );
    await readBack(open, ended, signal);
    return resultOf(completed);
  }

  async function run(attempt: number): Promise<Result> {
    const data = { effectKey: key, effectId: idempotencyKey, attempt };
    const id = idsOf(idempotencyKey, attempt).ended;
    let result: Result;
    try {
      result = await call({ idempotencyKey, signal });
    } catch (thrown) {
      // One that was aborted in the middle may have happened.
      if (signal.aborted) throw thrown;
      await open.bus.publish(effectFailed, { ...data, error: messageOf(thrown) }, { id });
      await readBack(open, id, signal);
      throw thrown;
    }
    await open.bus.publish(effectCompleted, { ...data, result }, { id });
    await readBack(open, id, signal);
    return result;
  }

  async function answerOf(data: { readonly attempt: number }): Promise<EffectAnswer> {
    const { unknown = "ask" } = options;
    await open.bus.publish(
      effectUnknown,
      { effectKey: key, effectId: idempotencyKey, ...data },
      {
        id: `${idempotencyKey}-${data.attempt}-unknown`,
      },
    );
    if (unknown === "retry") return "retry";
    if (typeof unknown === "function") return unknown({ idempotencyKey, key });
    throw new NonRetriableError(
      `whether ${key} happened is unknown: its process ended in between; find out, call answerEffect(bus, "${idempotencyKey}", …) and redrive this dead letter`,
    );
  }
}

/**
 * Answers whether an effect happened of which nobody knew: the next attempt at its delivery, such as a redrive, takes the result
 * or calls again. Rejects with `not_found` where no such effect was begun, and `conflict` where it has ended.
 */
export async function answerEffect(bus: AnyBus, idempotencyKey: string, answer: EffectAnswer): Promise<void> {
  const open = openBus("answerEffect", bus);
  const { log } = open.engine;
  for (let attempt = 1; ; attempt += 1) {
    const { started, ended } = idsOf(idempotencyKey, attempt);
    const [begun, end] = await Promise.all([log.get(started), log.get(ended)]);
    if (begun === undefined) {
      throw attempt === 1
        ? new BusError("not_found", `no effect ${idempotencyKey} was begun; give the key that effect.unknown has`)
        : new BusError("conflict", `effect ${idempotencyKey} failed, and is called again by the next attempt`);
    }
    if (end?.type === effectCompleted.type) {
      throw new BusError("conflict", `effect ${idempotencyKey} was completed before, and keeps its result`);
    }
    if (end !== undefined) continue;
    const { effectKey = "" } = dataOf(effectStarted, begun) ?? {};
    const data = { effectKey, effectId: idempotencyKey, attempt };
    const metadata = { correlationId: begun.metadata.correlationId, causationId: begun.id };
    if (answer === "retry")
      await open.bus.publish(effectFailed, { ...data, error: "has not happened" }, { id: ended, metadata });
    else await open.bus.publish(effectCompleted, { ...data, result: answer.result }, { id: ended, metadata });
    return;
  }
}

function idsOf(idempotencyKey: string, attempt: number): { readonly started: string; readonly ended: string } {
  return { started: `${idempotencyKey}-${attempt}-started`, ended: `${idempotencyKey}-${attempt}-ended` };
}

/** What the first call gave; `undefined` where it gave nothing. Only its own caller knows the type. */
function resultOf<Result>(data: unknown): Result {
  return dataOf(effectCompleted, { data })?.result as Result;
}
