import type { EventOf, Handler } from "wagglebus";
import { receiptSent } from "../../catalog.ts";
import type subscription from "./subscription.ts";

/** Sends a receipt. A retry publishes the same event again, which is a duplicate. */
const sendReceipt: Handler<EventOf<typeof subscription>> = async (event, { bus }) => {
  await bus.publish(receiptSent, { orderId: event.data.orderId }, { dedupe: "receipt" });
};

export default sendReceipt;
