import { ArnFormat, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { parameterNames, resourceNames } from "../aws-shared/index.ts";

/**
 * The ARNs of a bus's resources in the account and Region of a stack. They derive from the bus's name, so a stack needs no
 * import from the one that creates them.
 */
export class BusArns {
  readonly #stack: Stack;
  readonly #bus: string;

  constructor(scope: Construct, bus: string) {
    this.#stack = Stack.of(scope);
    this.#bus = bus;
  }

  get bus(): string {
    return this.#arn("events", "event-bus", this.#bus);
  }

  rule(name: string): string {
    return this.#arn("events", "rule", `${this.#bus}/${name}`);
  }

  get archive(): string {
    return this.#arn("events", "archive", resourceNames.archive(this.#bus));
  }

  /** Returns the ARN of a queue by its name, which may contain `*`. */
  queue(name: string): string {
    return this.#stack.formatArn({ service: "sqs", resource: name });
  }

  table(name: string): string {
    return this.#arn("dynamodb", "table", name);
  }

  get bodiesBucket(): string {
    const { account, region } = this.#stack;
    const name = resourceNames.bodiesBucket(this.#bus, account, region);
    return this.#stack.formatArn({ service: "s3", resource: name, account: "", region: "" });
  }

  function(name: string): string {
    return this.#stack.formatArn({
      service: "lambda",
      resource: "function",
      resourceName: name,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  get alarmTopic(): string {
    return this.#stack.formatArn({ service: "sns", resource: resourceNames.alarmTopic(this.#bus) });
  }

  /** The ARN pattern of the archive's replays, which are named when they start. */
  get replays(): string {
    return this.#arn("events", "replay", resourceNames.replay(this.#bus, "*"));
  }

  get parameters(): readonly string[] {
    const subscriptions = parameterNames.subscriptions(this.#bus);
    const names = [parameterNames.bus(this.#bus), subscriptions, `${subscriptions}/*`];
    return names.map((name) => this.#arn("ssm", "parameter", name.slice(1)));
  }

  /** The parameters that name the log groups of the bus's functions. */
  get logParameters(): readonly string[] {
    const folder = parameterNames.logs(this.#bus);
    return [folder, `${folder}/*`].map((name) => this.#arn("ssm", "parameter", name.slice(1)));
  }

  #arn(service: string, resource: string, resourceName: string): string {
    return this.#stack.formatArn({ service, resource, resourceName });
  }
}
