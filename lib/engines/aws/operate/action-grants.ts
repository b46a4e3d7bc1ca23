/** Which grant of the constructs gives an action of IAM. What none gives needs a statement of one's own. */
const grants: readonly (readonly [action: RegExp, grant: string])[] = [
  [
    /^(ssm:GetParameter|ssm:GetParametersByPath|events:DescribeEventBus)$/,
    "any grant of the bus, such as bus.grantPublish(role)",
  ],
  [/^events:PutEvents$/, "bus.grantPublish(role)"],
  [/^dynamodb:(GetItem|BatchGetItem|Query)$/, "bus.grantReadHistory(role)"],
  [/^s3:GetObject$/, "bus.grantReadHistory(role)"],
  [/^sqs:(ReceiveMessage|DeleteMessage|ChangeMessageVisibility)$/, "queueSubscriber.grantConsume(role)"],
  [/^(sqs:(GetQueueAttributes|SendMessage)|dynamodb:\w+|events:\w+|s3:\w+)$/, "bus.grantOperate(role)"],
  [/^kms:/, "the grant that was given, once it is given by the construct of the bus that has the key"],
];

/** What to do about an action that AWS has refused. */
export function fixOfRefusal(action: string): string {
  const grant = grants.find(([of]) => of.test(action))?.[1];
  const own = "no grant of the constructs has it: allow it by a statement of your own";
  return `allow ${action}: ${grant ?? own}; see docs/aws/iam.md`;
}

/** The action that a message of AWS says was refused; undefined where it names none. */
export function refusedAction(message: string): string | undefined {
  return /not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)/i.exec(message)?.[1];
}
