// A scripted agent: turn after turn it is shown messages and acknowledges them, and writes down which. It kills itself where its seed says, between or
// within any of the steps. It ends once nothing is left.
import { appendFileSync } from "node:fs";
import { Inbox } from "../../../lib/cli/inbox/inbox.ts";
import { ShownMessages } from "../../../lib/cli/inbox/shown-messages.ts";
import { openBus } from "../../../lib/connect/index.ts";
import type { Deliveries } from "../../../lib/mcp/deliveries.ts";
import { localMcp } from "../../../lib/server/mcp/local.ts";
import { seeded } from "../../support/seeded.ts";

const [file = "", folder = "", agent = "", ledger = "", max = "", seed = "", crashes = ""] = process.argv.slice(2);
const random = seeded(Number(seed));

function perhapsCrash(): void {
  if (random() < Number(crashes)) process.kill(process.pid, "SIGKILL");
}

/** Crashes before a call, while it is under way, or after it. */
async function around<Result>(call: () => Promise<Result>): Promise<Result> {
  perhapsCrash();
  const result = call();
  perhapsCrash();
  await result;
  perhapsCrash();
  return result;
}

const bus = await openBus<Record<string, unknown>>({ engine: "embedded", file, source: agent, logLevel: "silent" });
const { signal } = new AbortController();
const local = localMcp(bus, signal);
const deliveries: Deliveries = {
  ensure: (wanted) => around(() => local.deliveries.ensure(wanted)),
  claim: (...given) => around(() => local.deliveries.claim(...given)),
  settle: (...given) => around(() => local.deliveries.settle(...given)),
};
const inbox = new Inbox(deliveries, new ShownMessages(folder, agent), agent);
const note = (what: string, ids: readonly string[]) =>
  appendFileSync(ledger, ids.map((id) => `${what} ${id}\n`).join(""));
/** Whether nothing is left, not even what comes again later since an agent was killed with it in hand. */
async function isEmpty(): Promise<boolean> {
  const { waiting, delayed, running } = Object(await bus.subscriptions.get(`inbox-${agent}`));
  return waiting + delayed + running === 0;
}

for (let shown = -1; shown !== 0 || !(await isEmpty()); ) {
  note("acknowledged", await inbox.acknowledge(signal));
  await inbox.show({ max: Number(max), waitMs: 1_000, signal }, async (messages) => {
    const ids = messages.map(({ id }) => id);
    note("shown", ids);
    perhapsCrash();
    shown = ids.length;
  });
}
local.close();
await bus.close();
