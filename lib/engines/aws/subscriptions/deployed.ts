import { type DeployedSubscription, parameterNames, parseDeployedSubscription } from "../../../aws-shared/index.ts";
import { isAwsError, toBusErrorOfAws } from "../aws-error.ts";
import type { AwsDependencies } from "../dependencies.ts";

/** What SSM gives at a time; more is refused. */
const pageSize = 10;

/** The subscriptions that the stacks of a bus have deployed, as SSM has them now. */
export class DeployedSubscriptions {
  readonly #parts: Pick<AwsDependencies, "clients" | "config">;

  constructor(parts: Pick<AwsDependencies, "clients" | "config">) {
    this.#parts = parts;
  }

  /** In the order of their names. */
  async all(): Promise<DeployedSubscription[]> {
    const Path = parameterNames.subscriptions(this.#parts.config.bus);
    const found: DeployedSubscription[] = [];
    let next: string | undefined;
    try {
      const ssm = await this.#parts.clients.ssm();
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
      const ssm = await this.#parts.clients.ssm();
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

  /** Where a subscription would be found. */
  parameterOf(name: string): string {
    return parameterNames.subscription(this.#parts.config.bus, name);
  }
}
