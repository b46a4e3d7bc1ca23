import { type DeployedSubscription, parameterNames, parseDeployedSubscription } from "../../../aws-shared/index.ts";
import { isAwsError, toBusErrorOfAws } from "../aws-error.ts";
import type { AwsDependencies } from "../dependencies.ts";

/** What SSM gives at a time; more is refused. */
const pageSize = 10;

/** Milliseconds for which one that was found may be used without asking again. */
const recentMs = 30_000;

export type DeployedSubscriptionsDependencies = Pick<AwsDependencies, "clients" | "clock" | "config">;

/** The subscriptions that the stacks of a bus have deployed, as SSM has them now. */
export class DeployedSubscriptions {
  readonly #dependencies: DeployedSubscriptionsDependencies;
  readonly #recent = new Map<string, { readonly deployed: DeployedSubscription; readonly until: number }>();

  constructor(dependencies: DeployedSubscriptionsDependencies) {
    this.#dependencies = dependencies;
  }

  /** In the order of their names. */
  async all(): Promise<DeployedSubscription[]> {
    const Path = parameterNames.subscriptions(this.#dependencies.config.bus);
    const found: DeployedSubscription[] = [];
    let next: string | undefined;
    try {
      const ssm = await this.#dependencies.clients.ssm();
      const { GetParametersByPathCommand } = await import("../ssm.ts");
      do {
        const page = await ssm.send(
          new GetParametersByPathCommand({
            Path,
            MaxResults: pageSize,
            ...(next === undefined ? {} : { NextToken: next }),
          }),
        );
        for (const { Name, Value } of page.Parameters ?? []) {
          if (Value !== undefined) found.push(parseDeployedSubscription(Value, `parameter ${Name}`));
        }
        next = page.NextToken;
      } while (next !== undefined);
    } catch (thrown) {
      throw toBusErrorOfAws(thrown, `parameters ${Path}`);
    }
    return found.sort((one, other) => (one.record.name < other.record.name ? -1 : 1));
  }

  /** Undefined where it is not deployed. */
  async find(name: string): Promise<DeployedSubscription | undefined> {
    const Name = this.parameterOf(name);
    try {
      const ssm = await this.#dependencies.clients.ssm();
      const { GetParameterCommand } = await import("../ssm.ts");
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
      return Parameter?.Value === undefined
        ? undefined
        : parseDeployedSubscription(Parameter.Value, `parameter ${Name}`);
    } catch (thrown) {
      if (isAwsError(thrown, "ParameterNotFound")) return undefined;
      throw toBusErrorOfAws(thrown, `parameter ${Name}`);
    }
  }

  /**
   * As `find`, but may be half a minute old: a replay or a redrive asks for each page and dead letter, and SSM answers 40
   * requests a second. A queue that was deleted in the meantime refuses its messages.
   */
  async findRecent(name: string): Promise<DeployedSubscription | undefined> {
    const { clock } = this.#dependencies;
    const known = this.#recent.get(name);
    if (known !== undefined && clock.now() < known.until) return known.deployed;
    const deployed = await this.find(name);
    if (deployed === undefined) this.#recent.delete(name);
    else this.#recent.set(name, { deployed, until: clock.now() + recentMs });
    return deployed;
  }

  /** The parameter that holds a subscription. */
  parameterOf(name: string): string {
    return parameterNames.subscription(this.#dependencies.config.bus, name);
  }
}
