import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BusStack, findSubscribers, MonitoringStack, SubscribersStack } from "../../lib/cdk/index.ts";
import { anApp } from "./synthesis.ts";

const functions = join(fileURLToPath(new URL("../..", import.meta.url)), "functions");

/** Creates the stacks of this project. */
export async function stacks(context: Readonly<Record<string, unknown>> = {}, props: object = {}) {
  const app = anApp(context);
  const { bus } = new BusStack(app, "bus", { busName: "agents", alarmEmails: ["ops@example.com"], ...props });
  const subscribers = new SubscribersStack(app, "subscribers", { bus, subscribers: await findSubscribers(functions) });
  const monitoring = new MonitoringStack(app, "monitoring", { bus });
  return { app, bus, subscribers, monitoring };
}
