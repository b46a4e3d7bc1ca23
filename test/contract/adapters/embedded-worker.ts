/** Consumes subscriptions of the suite in a process of its own: `embedded-worker.ts <probe directory> <file> <name>...` */
import { connect } from "../../../lib/index.ts";
import { unnamedInWorker } from "../adapter.ts";
import { type Host, scriptedHandler } from "../scripted-handler.ts";
import { isSubscriptionName, subscriptionOf } from "../subscriptions.ts";
import { fileProbe } from "./file-probe.ts";

const host: Host = {
  crash: () => {
    process.kill(process.pid, "SIGKILL");
    // The signal may come a moment later; nothing may happen in between.
    return new Promise(() => {});
  },
};

const [directory = "", file = "", ...names] = process.argv.slice(2);
const bus = await connect({ engine: "embedded", file, source: "contract", logLevel: "silent" });
const handler = scriptedHandler(fileProbe(directory), host);
for (const name of names.filter(isSubscriptionName)) await bus.subscribe(subscriptionOf(name, 1), handler);
await bus.subscribe({ on: unnamedInWorker }, handler);
process.send?.("ready");
