import type { EventOf, Handler } from "wagglebus";
import { receiptSent } from "../../catalog.ts";
import type subscription from "./subscription.ts";

/** Run again, it publishes the same event, which counts as one. */
const sendReceipt: Handler<EventOf<typeof subscription>> = async (event, { bus }) => {
  await bus.publish(receiptSent, { orderId: event.data.orderId }, { dedupe: "receipt" });
};

export default sendReceipt;
