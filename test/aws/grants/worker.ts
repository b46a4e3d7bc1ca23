/** Handles one event of the polled subscription, publishes another, and ends. */
import { connect } from "../../../lib/index.ts";
import { busName, polled } from "./settings.ts";

const bus = await connect({ engine: "aws", bus: busName, source: "worker", logLevel: "warn" });
const handled = Promise.withResolvers<void>();
await bus.subscribe(polled, async (event, context) => {
  await context.bus.publish({ type: "custom.grants.handled", data: { id: event.id } });
  handled.resolve();
});
await handled.promise;
await bus.close();
