import { runContract } from "../../lib/engine/contract/index.ts";
import { httpAdapter } from "./http-adapter.ts";

const declaration = {
  lacks: ["ownership", "transfer"],
  // Lost after the lease, which is longer than the check waits.
  unproven: ["ownership"],
  leftOut: [
    "transfer: deliveries of an ordered subscription come in the order in which their events were accepted",
    "transfer: deliveries that another engine had not made come with their attempts, when they are due, and once",
    "transfer: events that another engine had are in history as accepted at their times, once, and nobody gets them",
    "transfer: other processes that use the store are seen",
    "transfer: what a subscription has not delivered is handed over as it was published; nothing else is",
    "crashes: a process that is stopped and continued is not overtaken, though one that died is",
  ],
} as const;

runContract(httpAdapter("embedded", declaration));
runContract(httpAdapter("embedded", declaration, 2));
