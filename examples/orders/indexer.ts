import { defineSubscription } from "wagglebus";
import { orderPlaced } from "./catalog.ts";

/** Handled by a process: `bus.subscribe(indexer, handler)` polls its queue. */
export default defineSubscription({ name: "indexer", on: orderPlaced, timeout: "30m" });
