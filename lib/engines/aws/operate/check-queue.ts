import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { type DeployedSubscription, functionMarginMs, resourceNames } from "../../../aws-shared/index.ts";
import type { Clients } from "../dependencies.ts";
import { type AwsFinding, findingOfError } from "./finding.ts";

/** What a queue has, as far as SQS knows: its numbers are approximate. */
interface QueueFacts {
  readonly waiting: number;
  readonly hidden: number;
  readonly visibilityMs: number;
  readonly redrive?: { readonly target: string; readonly maxReceiveCount: number };
}

/** Below this, an ordinary throttle would use up what a message may be received. */
const fewReceives = 2;

/** Asks SQS for a queue: its facts, or the finding that it cannot be read. */
async function askQueue({ sqs }: Pick<Clients, "sqs">, url: string): Promise<QueueFacts | AwsFinding> {
  try {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: [
          "ApproximateNumberOfMessages",
          "ApproximateNumberOfMessagesNotVisible",
          "RedrivePolicy",
          "VisibilityTimeout",
        ],
      }),
    );
    const redrive = redriveOf(Attributes.RedrivePolicy);
    return {
      waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
      hidden: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
      visibilityMs: Number(Attributes.VisibilityTimeout ?? 30) * 1_000,
      ...(redrive === undefined ? {} : { redrive }),
    };
  } catch (thrown) {
    return findingOfError("queue", `queue ${nameOf(url)}`, "sqs:GetQueueAttributes", thrown);
  }
}

/** The queue of a subscription, and the queues that take what it cannot handle. */
export async function checkSubscriptionQueue(
  clients: Pick<Clients, "sqs">,
  bus: string,
  { consumer, fifo, queueUrl, record }: DeployedSubscription,
): Promise<AwsFinding[]> {
  const { name } = record;
  const found = await askQueue(clients, queueUrl);
  const target = resourceNames.deadLetterQueue(bus, name, fifo);
  const undelivered = resourceNames.deadLetterQueue(bus, name, false);
  const findings = "check" in found ? [found] : queueFindings(nameOf(queueUrl), found, { consumer, record, target });
  for (const queue of new Set([target, undelivered])) {
    findings.push(await checkDrainedQueue(clients, beside(queueUrl, queue)));
  }
  return findings;
}

function queueFindings(
  queue: string,
  { redrive, visibilityMs }: QueueFacts,
  { consumer, record, target }: Pick<DeployedSubscription, "consumer" | "record"> & { readonly target: string },
): AwsFinding[] {
  const redeploy = "somebody changed it after the deployment: npx cdk diff shows what, and a deployment restores it";
  const problems: AwsFinding[] = [];
  const problem = (text: string, state: AwsFinding["state"] = "failed") =>
    problems.push({ check: "queue", state, text: `${queue}: ${text}`, fix: redeploy });
  const needed =
    consumer === "function" ? Math.ceil((record.timeout + functionMarginMs) / 1_000) * 1_000 : record.timeout;
  if (visibilityMs < needed) {
    problem(
      `a message is hidden for ${visibilityMs / 1_000} s, and a run may take ${needed / 1_000} s: it would run twice`,
    );
  }
  if (redrive === undefined)
    problem(`it has no dead-letter queue; a message that nobody can handle comes again for days`);
  else if (nameOf(redrive.target) !== target)
    problem(`its dead-letter queue is ${nameOf(redrive.target)}, not ${target}`);
  else if (redrive.maxReceiveCount < record.attempts * fewReceives) {
    problem(
      `a message goes to the dead-letter queue after ${redrive.maxReceiveCount} receives, and has ${record.attempts} attempts`,
      "warning",
    );
  }
  const well = `${queue}: hidden for ${visibilityMs / 1_000} s, dead letters to ${target}`;
  return problems.length > 0 ? problems : [{ check: "queue", state: "ok", text: well }];
}

/** A queue that a function of the bus empties: what lies in it is on its way into history, or stuck. */
export async function checkDrainedQueue(clients: Pick<Clients, "sqs">, url: string): Promise<AwsFinding> {
  const found = await askQueue(clients, url);
  if ("check" in found) return found;
  const name = nameOf(url);
  const messages = found.waiting + found.hidden;
  if (messages === 0) return { check: "queue", state: "ok", text: `${name}: empty` };
  return {
    check: "queue",
    state: "warning",
    text: `${name}: ${messages} ${messages === 1 ? "message waits" : "messages wait"} to be recorded as dead letters`,
    fix: "if they stay: waggle logs record-dead-letter; docs/aws/operate.md#dead-letters-stuck",
  };
}

/** The URL of another queue of the same account and Region. */
export function beside(url: string, name: string): string {
  return `${url.slice(0, url.lastIndexOf("/") + 1)}${name}`;
}

function nameOf(urlOrArn: string): string {
  return urlOrArn.slice(Math.max(urlOrArn.lastIndexOf("/"), urlOrArn.lastIndexOf(":")) + 1);
}

function redriveOf(policy: string | undefined): QueueFacts["redrive"] {
  if (policy === undefined) return undefined;
  const parsed: unknown = JSON.parse(policy);
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const target: unknown = Reflect.get(parsed, "deadLetterTargetArn");
  const receives = Number(Reflect.get(parsed, "maxReceiveCount"));
  return typeof target === "string" ? { target, maxReceiveCount: receives } : undefined;
}
