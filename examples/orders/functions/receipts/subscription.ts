import { defineSubscription } from "wagglebus";
import { orderPlaced } from "../../catalog.ts";

export default defineSubscription({
  name: "receipts",
  on: orderPlaced,
  where: { data: { cents: [{ numeric: [">", 0] }] } },
  attempts: 5,
  ordered: "data.orderId",
});
