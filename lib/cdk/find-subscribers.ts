import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { BusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import { type SubscriptionRecord, subscriptionRecord } from "../subscription/index.ts";
import { moduleFile } from "./entry.ts";

/** A folder that contains a subscriber. */
export interface FoundSubscriber {
  /** The path of its folder. */
  readonly folder: string;
  /** The default export of its `subscription` module, validated. */
  readonly subscription: SubscriptionRecord;
}

/**
 * Returns the subscribers in a folder, sorted by name: each of its folders that has both `subscription.ts` and `handler.ts`
 * (or .mts, .js, .mjs). Only the subscription is loaded; a handler runs only in Lambda. Rejects with `invalid_config` if the
 * folder or a subscription is invalid.
 */
export async function findSubscribers(functions: string): Promise<readonly FoundSubscriber[]> {
  const root = resolve(functions);
  if (!existsSync(root)) throw new BusError("invalid_config", `the folder of subscribers ${root} does not exist`);
  const found: FoundSubscriber[] = [];
  for (const { name } of readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const folder = join(root, name);
    const subscription = moduleFile(join(folder, "subscription"));
    if (subscription === undefined || moduleFile(join(folder, "handler")) === undefined) continue;
    found.push({ folder, subscription: await load(subscription) });
  }
  return found;
}

async function load(file: string): Promise<SubscriptionRecord> {
  let module: unknown;
  try {
    module = await import(pathToFileURL(file).href);
  } catch (thrown) {
    throw new BusError("invalid_config", `${file} cannot be loaded: ${messageOf(thrown)}`, { cause: thrown });
  }
  const given: unknown = typeof module === "object" && module !== null ? Reflect.get(module, "default") : undefined;
  if (given === undefined) {
    throw new BusError(
      "invalid_config",
      `${file} has no default export; add: export default defineSubscription({ ... })`,
    );
  }
  return subscriptionRecord(given);
}
