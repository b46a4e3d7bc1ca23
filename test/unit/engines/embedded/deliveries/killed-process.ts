/**
 * Leaves in a file what is to come again in a minute, and waits to be killed: `killed-process.ts <file>`. Its clock stands
 * still at 2026-01-01T00:00:00Z.
 */
import { openEmbedded } from "../../../../../lib/engines/embedded/index.ts";
import { jsonLogger } from "../../../../../lib/runtime/logger.ts";
import { ManualClock } from "../../../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";

process.once("disconnect", () => process.exit());
const [file = ""] = process.argv.slice(2);
const engine = await openEmbedded({
  file,
  clock: new ManualClock(),
  logger: jsonLogger(() => {}, "silent"),
  random: () => 0.5,
  onError: (error) => {
    throw error;
  },
});
await engine.subscriptions.put(aRecord({ ordered: "data.key" }), { ephemeral: false });
const { wake } = engine.deliveries.consume("one", {
  capacity: () => 1,
  expired: () => {},
  deliver: (delivery) => void engine.deliveries.settle(delivery, { kind: "released", afterMs: 60_000 }),
});
const publish = (id: string, deliverAt?: string) => {
  const metadata = deliverAt === undefined ? {} : { deliverAt };
  const event = anEvent({ id, data: { key: id.slice(0, 1) }, metadata });
  return engine.log.append({ event, ownId: true, history: true, inHandler: false });
};
await publish("throttled");
await publish("delayed", "2026-01-01T00:01:00.000Z");
await publish("d behind it");
wake();
while ((await engine.subscriptions.get("one"))?.delayed !== 2) await new Promise((resolve) => setImmediate(resolve));
process.send?.("ready");
