/** Consumes subscriptions of the suite in a process of its own: `embedded-worker.ts <probe directory> <file> <name>...` */
import { connect } from "../../../lib/index.ts";
import { scriptedHandler } from "../scripted-handler.ts";
import { isSubscriptionName, subscriptionOf } from "../subscriptions.ts";
import { fileProbe } from "./file-probe.ts";

const [directory = "", file = "", ...names] = process.argv.slice(2);
const bus = await connect({ engine: "embedded", file, source: "contract", logLevel: "silent" });
const handler = scriptedHandler(fileProbe(directory));
for (const name of names.filter(isSubscriptionName)) await bus.subscribe(subscriptionOf(name, 1), handler);
process.send?.("ready");
