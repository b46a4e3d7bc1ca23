import type { EventOf, Handler } from "wagglebus";
import { effect, steps } from "wagglebus/agents";
import type subscription from "./subscription.ts";

/** Charges once, sleeps without a function, and fails once after all of it. */
const careful: Handler<EventOf<typeof subscription>> = async (event, { attempt, bus }) => {
  const charged = await effect(bus, "charge", async () => {
    await bus.publish({ type: "custom.e2e.charged", data: { order: event.id } });
    return attempt;
  });
  await steps(bus).sleep("a while", "3s");
  if (attempt === 1) throw new Error("after all of it");
  await bus.publish({ type: "custom.e2e.delivered", data: { charged, attempt } }, { dedupe: "delivered" });
};

export default careful;
