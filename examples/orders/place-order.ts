import { connect } from "wagglebus";
import catalog, { orderPlaced } from "./catalog.ts";

const bus = await connect({ engine: "aws", bus: "orders", source: "shop", catalog });
const event = await bus.publish(orderPlaced, { orderId: crypto.randomUUID(), cents: 4_200 });
console.log(`placed ${event.data.orderId}; its receipt is sent by a function`);
await bus.close();
