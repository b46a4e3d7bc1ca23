import type { EventOf, Handler } from "wagglebus";
import type subscription from "./subscription.ts";

/** Fails until it is redriven. */
const fragile: Handler<EventOf<typeof subscription>> = async (event, { bus, redriven }) => {
  if (!redriven) throw new Error("the document is broken");
  await bus.publish({ type: "custom.e2e.fixed", data: { id: event.id } }, { dedupe: "fixed" });
};

export default fragile;
