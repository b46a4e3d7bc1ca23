import { Token } from "aws-cdk-lib";
import { type IManagedPolicy, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { mustBe } from "../error/must-be.ts";
import type { EventSelector, WhereEvent } from "../subscription/index.ts";
import { BusArns } from "./arns.ts";
import { allowEvents } from "./bus-queue.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import { busRule } from "./bus-rule.ts";
import { checkSubscription, subscriptionError } from "./check-subscription.ts";
import { drainedQueue } from "./drained-queue.ts";
import { failureAlarms } from "./subscription-alarms.ts";

/** Properties of a {@link BusForward}. */
export interface BusForwardProps {
  /** The bus whose events are forwarded. */
  readonly bus: IAgentEventBus;
  /** A name like that of a subscription, and unique among the subscriptions of the bus. */
  readonly name: string;
  /** Definitions, type names, or names with `*`. */
  readonly on: EventSelector | readonly EventSelector[];
  /** What an event must have besides its type, in EventBridge's pattern language. Default: any event of the types. */
  readonly where?: WhereEvent<unknown>;
  /** ARN of the other bus. Its account must allow this one to publish: `publishers` of its AgentEventBus. */
  readonly toBusArn: string;
  /** The permissions boundary of the role that forwards. Default none. */
  readonly permissionsBoundary?: IManagedPolicy;
  /** False: no alarms. */
  readonly alarms?: false;
}

const busArn = /^arn:[^:]+:events:[^:]+:[^:]+:event-bus\/.+/;

/**
 * Forwards events to the bus of another account, where their subscribers are: AWS delivers across accounts only to buses. An
 * event that cannot be delivered becomes a dead letter under this name.
 */
export class BusForward extends Construct {
  constructor(scope: Construct, id: string, props: BusForwardProps) {
    super(scope, id);
    const { bus, toBusArn } = props;
    const { name, on, permissionsBoundary, where } = props;
    const checked = checkSubscription({ name, on, ...(where === undefined ? {} : { where }) });
    if (!Token.isUnresolved(toBusArn) && !busArn.test(toBusArn)) {
      throw subscriptionError(
        name,
        `toBusArn ${mustBe("arn:aws:events:<region>:<account>:event-bus/<name>", toBusArn)}`,
      );
    }
    const deadLetters = drainedQueue(this, "DeadLetters", { bus, subscription: name, fifo: false });
    allowEvents(deadLetters, new BusArns(this, bus.busName).rule(name));
    const put = new PolicyStatement({ actions: ["events:PutEvents"], resources: [toBusArn] });
    const role = new Role(this, "Role", {
      description: `Allows rule ${name} of bus ${bus.busName} to put events on another bus`,
      assumedBy: new ServicePrincipal("events.amazonaws.com"),
      inlinePolicies: { forward: new PolicyDocument({ statements: [put] }) },
      ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }),
    });
    busRule(this, {
      bus,
      checked,
      description: `Forward ${name}`,
      target: { id: "bus", arn: toBusArn, roleArn: role.roleArn, deadLetterConfig: { arn: deadLetters.queueArn } },
    });
    if (props.alarms !== false) failureAlarms(this, bus.busName, name, false);
    if (bus.construct !== undefined) this.node.addDependency(bus.construct);
  }
}
