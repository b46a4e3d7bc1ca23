import type { DeployedSubscription } from "../../../aws-shared/index.ts";
import type { SubscriptionState } from "../../../engine/subscription-store.ts";
import { BusError } from "../../../error/bus-error.ts";
import { changedSettings } from "../../../subscription/changed-settings.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import { concurrently } from "../concurrently.ts";
import type { AwsDependencies, DeadLetterStore } from "../dependencies.ts";
import { DeployedSubscriptions } from "./deployed.ts";
import { queueDepths } from "./queue-depths.ts";

/** Queues that are asked for their depths at once. */
const askedAtOnce = 16;

/** Settings that the rule and the queue were made from: another process's own cannot count. */
const routing: ReadonlySet<string> = new Set(["on", "where", "ordered", "idempotent"]);

/** Deployed subscriptions, how each stands, and the settings with which this process consumes some of them. */
export class Registry {
  readonly #parts: Pick<AwsDependencies, "clients" | "config">;
  readonly #deadLetters: Pick<DeadLetterStore, "count">;
  readonly #deployed: DeployedSubscriptions;
  readonly #consumed = new Map<string, { deployed: DeployedSubscription; record: SubscriptionRecord }>();

  constructor(parts: Pick<AwsDependencies, "clients" | "config">, deadLetters: Pick<DeadLetterStore, "count">) {
    this.#parts = parts;
    this.#deadLetters = deadLetters;
    this.#deployed = new DeployedSubscriptions(parts);
  }

  async list(): Promise<SubscriptionState[]> {
    return concurrently(await this.#deployed.all(), askedAtOnce, (deployed) => this.#stateOf(deployed));
  }

  async get(name: string): Promise<SubscriptionState | undefined> {
    const deployed = await this.#deployed.find(name);
    return deployed === undefined ? undefined : this.#stateOf(deployed);
  }

  find(name: string): Promise<DeployedSubscription | undefined> {
    return this.#deployed.find(name);
  }

  /**
   * Takes the settings with which this process will consume; gives the names of those that differ from the deployed.
   * `not_found` where it is not deployed, `invalid_config` where a function consumes it or its routing differs.
   */
  async consume(record: SubscriptionRecord): Promise<readonly string[]> {
    const { config } = this.#parts;
    const deployed = await this.#deployed.find(record.name);
    const label = `subscription ${record.name}`;
    if (deployed === undefined) {
      throw new BusError(
        "not_found",
        `${label} is not deployed on bus ${config.bus}: there is no parameter ${this.#deployed.parameterOf(record.name)}; ` +
          "add a QueueSubscriber for it to your stack and deploy, or leave out its name for one that ends with this process",
        { details: { subscription: record.name, bus: config.bus } },
      );
    }
    if (deployed.consumer === "function") {
      throw new BusError(
        "invalid_config",
        `${label} is consumed by its function on bus ${config.bus}, which a process would take deliveries from; ` +
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

  /** What this process consumes by a name. */
  consumed(name: string): { readonly deployed: DeployedSubscription; readonly record: SubscriptionRecord } | undefined {
    return this.#consumed.get(name);
  }

  /** A deployed subscription goes by a deployment. `invalid_config`; false where there is none. */
  async refuseToDelete(name: string): Promise<false> {
    if ((await this.#deployed.find(name)) === undefined) return false;
    throw new BusError(
      "invalid_config",
      `subscription ${name} is deployed; remove its folder or its construct from the stack, and deploy`,
    );
  }

  async #stateOf({ queueUrl, record }: DeployedSubscription): Promise<SubscriptionState> {
    const [{ delayed, hidden, waiting }, deadLetters] = await Promise.all([
      queueDepths(this.#parts.clients, queueUrl),
      this.#deadLetters.count(record.name),
    ]);
    // SQS tells nobody but CloudWatch how old its oldest message is.
    return { record, ephemeral: false, waiting, delayed, running: hidden, oldestAgeMs: 0, deadLetters };
  }
}
