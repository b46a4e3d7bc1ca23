import type { DeployedSubscription } from "../../aws-shared/index.ts";
import type { PutResult, SubscriptionState, SubscriptionStore } from "../../engine/subscription-store.ts";
import { BusError } from "../../error/bus-error.ts";
import { changedSettings } from "../../subscription/changed-settings.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { concurrently } from "./concurrently.ts";
import type { AwsDependencies, DeadLetterTable } from "./dependencies.ts";
import type { EphemeralSubscriptions } from "./ephemeral/subscriptions.ts";
import type { DeployedSubscriptions } from "./subscriptions/deployed.ts";
import { queueDepths } from "./subscriptions/queue-depths.ts";

export interface AwsSubscriptionStoreDependencies extends Pick<AwsDependencies, "clients" | "config"> {
  readonly deadLetters: Pick<DeadLetterTable, "count">;
  readonly deployed: DeployedSubscriptions;
  readonly ephemeral: Pick<EphemeralSubscriptions, "add" | "state" | "states" | "delete">;
}

/** A deployed subscription, and the settings with which this process consumes it. */
export interface ConsumedSubscription {
  readonly deployed: DeployedSubscription;
  readonly record: SubscriptionRecord;
}

/** Queues that are asked for their depths at once. */
const askedAtOnce = 16;

/** Settings that the rule and the queue were made from: another process's own cannot count. */
const routing: ReadonlySet<string> = new Set(["on", "where", "ordered", "idempotent"]);

/** Named subscriptions are what the stacks have deployed; those of this process are in its memory. */
export class AwsSubscriptionStore implements SubscriptionStore {
  readonly #dependencies: AwsSubscriptionStoreDependencies;
  readonly #consumed = new Map<string, ConsumedSubscription>();

  constructor(dependencies: AwsSubscriptionStoreDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Of a named one, takes the settings with which this process will consume. `not_found` where it is not deployed,
   * `invalid_config` where a function consumes it or its routing differs.
   */
  async put(record: SubscriptionRecord, { ephemeral }: { ephemeral: boolean }): Promise<PutResult> {
    if (!ephemeral) return { created: false, changed: await this.#consume(record) };
    await this.#dependencies.ephemeral.add(record);
    return { created: true, changed: [] };
  }

  async list(): Promise<SubscriptionState[]> {
    const { deployed, ephemeral } = this.#dependencies;
    const states = await concurrently(await deployed.all(), askedAtOnce, (one) => this.#stateOf(one));
    return [...states, ...ephemeral.states()];
  }

  async get(name: string): Promise<SubscriptionState | undefined> {
    const own = this.#dependencies.ephemeral.state(name);
    if (own !== undefined) return own;
    const deployed = await this.#dependencies.deployed.find(name);
    return deployed === undefined ? undefined : this.#stateOf(deployed);
  }

  /** A deployed subscription is deleted by a deployment: `invalid_config`. */
  async delete(name: string): Promise<boolean> {
    const { deployed, ephemeral } = this.#dependencies;
    if (ephemeral.delete(name)) return true;
    if ((await deployed.find(name)) === undefined) return false;
    throw new BusError(
      "invalid_config",
      `subscription ${name} is deployed; remove its folder or its construct from the stack, and deploy`,
    );
  }

  /** What this process consumes by a name. */
  consumed(name: string): ConsumedSubscription | undefined {
    return this.#consumed.get(name);
  }

  /** Gives the names of the settings that differ from the deployed. */
  async #consume(record: SubscriptionRecord): Promise<readonly string[]> {
    const { bus } = this.#dependencies.config;
    const { deployed: all } = this.#dependencies;
    const deployed = await all.find(record.name);
    const label = `subscription ${record.name}`;
    if (deployed === undefined) {
      throw new BusError(
        "not_found",
        `${label} is not deployed on bus ${bus}: there is no parameter ${all.parameterOf(record.name)}; ` +
          "add a QueueSubscriber for it to your stack and deploy, or leave out its name for one that ends with this process",
        { details: { subscription: record.name, bus } },
      );
    }
    if (deployed.consumer === "function") {
      throw new BusError(
        "invalid_config",
        `${label} is consumed by its function on bus ${bus}, which a process would take deliveries from; ` +
          "deploy it as a QueueSubscriber, or leave out its name for one of your own that ends with this process",
      );
    }
    const changed = changedSettings(deployed.record, record);
    const routed = changed.filter((name) => routing.has(name));
    if (routed.length > 0) {
      throw new BusError(
        "invalid_config",
        `${label} is deployed with other settings for ${routed.join(", ")}; its rule and its queue follow what is deployed: ` +
          "deploy the new settings first, or subscribe with the deployed ones",
        { details: { subscription: record.name, changed: routed } },
      );
    }
    this.#consumed.set(record.name, { deployed, record });
    return changed;
  }

  async #stateOf({ queueUrl, record }: DeployedSubscription): Promise<SubscriptionState> {
    const { clients, deadLetters } = this.#dependencies;
    const [{ delayed, hidden, waiting }, count] = await Promise.all([
      queueDepths(clients, queueUrl),
      deadLetters.count(record.name),
    ]);
    // SQS tells nobody but CloudWatch how old its oldest message is.
    return { record, ephemeral: false, waiting, delayed, running: hidden, oldestAgeMs: 0, deadLetters: count };
  }
}
