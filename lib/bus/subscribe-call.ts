import * as z from "zod";
import { type BatchSettings, batchSettings } from "../delivery/batch.ts";
import type { HandlerMiddleware } from "../delivery/middleware.ts";
import type { AnyHandler } from "../delivery/user-function.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { readable } from "../error/readable.ts";
import type { Catalog } from "../event/catalog.ts";
import { lazy } from "../event/lazy.ts";
import { busMiddlewareName } from "../publish/middleware.ts";
import { parseCallOptions } from "../runtime/call-options.ts";
import { isRecord } from "../runtime/is-record.ts";
import { checkAgainstCatalog, subscriptionRecord } from "../subscription/index.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";

/** What a call of `subscribe` was given, checked. */
export interface SubscribeCall {
  readonly record: SubscriptionRecord;
  /** Whether the subscription has no name of its own, and ends with the bus. */
  readonly ephemeral: boolean;
  readonly handler: AnyHandler;
  readonly filter: ((event: never) => boolean) | undefined;
  readonly use: readonly HandlerMiddleware[];
  /** Whether other handlers of this process may take part of the work. */
  readonly shared: boolean;
  readonly batch: BatchSettings | undefined;
  /** What is most likely a mistake, but may be right; for the log. */
  readonly doubts: readonly string[];
}

const schema = lazy(() =>
  z.strictObject({
    filter: aFunction<(event: never) => boolean>().exactOptional(),
    use: z.array(aFunction<HandlerMiddleware>().refine(isOfHandlers, ofBus)).exactOptional(),
    batch: z.unknown().exactOptional(),
    shared: z.boolean().exactOptional(),
  }),
);

/** Reads what `subscribe` was given. Throws `invalid_config`, `invalid_pattern` or `unknown_type`. */
export function parseSubscribe(
  { catalog, nextId }: { readonly catalog: Catalog; readonly nextId: () => string },
  subscription: object,
  handler: AnyHandler,
  options: unknown,
): SubscribeCall {
  const { filter, use = [], batch, shared = false } = parseCallOptions("subscribe", schema(), options);
  if (typeof handler !== "function") {
    throw new BusError("invalid_config", `subscribe: the handler ${mustBe("a function", handler)}`);
  }
  return readable("subscribe: the subscription", () => {
    const ephemeral = isRecord(subscription) && subscription.name === undefined;
    const record = subscriptionRecord(ephemeral ? { ...subscription, name: `unnamed-${nextId()}` } : subscription);
    const doubts = checkAgainstCatalog(record, catalog);
    const settings = batch === undefined ? undefined : batchSettings(batch, record);
    return { record, ephemeral, handler, filter, use, shared, batch: settings, doubts };
  });
}

/** It would be run as a handler middleware that does not call `next`, so that no handler ran. */
const ofBus = "must run around a handler, but is middleware of a bus; give it to connect({ use })";
function isOfHandlers(middleware: HandlerMiddleware): boolean {
  return busMiddlewareName(middleware) === undefined;
}

function aFunction<Fn>(): z.ZodCustom<Fn> {
  return z.custom<Fn>((value) => typeof value === "function", "must be a function");
}
