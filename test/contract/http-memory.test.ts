import { runContract } from "../../lib/engine/contract/index.ts";
import { httpAdapter } from "./http-adapter.ts";

runContract(
  httpAdapter("memory", {
    // What is published outlives its own process, but not the server.
    lacks: ["ownership", "durable", "transfer"],
    // A delivery is lost after the lease, which is longer than the check waits; events with the server, which no check ends.
    unproven: ["ownership", "durable"],
    leftOut: [
      "transfer: deliveries of an ordered subscription come in the order in which their events were accepted",
      "transfer: deliveries that another engine had not made come with their attempts, when they are due, and once",
      "transfer: events that another engine had are in history as accepted at their times, once, and nobody gets them",
      "transfer: other processes that use the store are seen",
      "transfer: what a subscription has not delivered is handed over as it was published; nothing else is",
      "delay: a delayed event outlives the closing of every bus",
      "pausing: it stays paused after all buses were closed",
      "restarts: history, flows and stats are there after all buses were closed",
      "restarts: a subscription goes on where it was: what waited is delivered, what was delivered is not",
      "restarts: a delayed retry comes when it is due, its attempts counted",
      "restarts: dead letters are kept, and can be redriven",
      "restarts: a run that the closing bus aborted is run again, its attempt not counted",
      "restarts: a subscription, its settings and its backlog outlive the process that made it",
      "crashes: a process that is stopped and continued is not overtaken, though one that died is",
    ],
  }),
);
