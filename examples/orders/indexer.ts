import { defineSubscription } from "wagglebus";
import { orderPlaced } from "./catalog.ts";

/** A subscription that a process handles: `bus.subscribe(indexer, handler)` polls its queue. */
export default defineSubscription({ name: "indexer", on: orderPlaced, timeout: "30m" });
