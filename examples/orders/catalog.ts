import { defineEvent } from "wagglebus";
import { standardCatalog } from "wagglebus/catalog";
import { z } from "zod";

export const orderPlaced = defineEvent("order.placed", {
  description: "A customer placed an order.",
  data: z.looseObject({ orderId: z.string(), cents: z.int() }),
});

export const receiptSent = defineEvent("receipt.sent", {
  description: "The receipt of an order was sent.",
  data: z.looseObject({ orderId: z.string() }),
});

export default standardCatalog.extend([orderPlaced, receiptSent]);
