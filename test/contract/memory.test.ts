// `npm run check:package` runs this file on the packed package too, so that it imports nothing else.
import { connect } from "wagglebus";
import { runContract } from "wagglebus/engine/contract";

runContract({
  name: "memory",
  connect: (options) => connect({ ...options, engine: "memory" }),
  lacks: ["durable", "multi-process", "crash", "ownership", "visible-unnamed"],
  leftOut: [
    "delay: a delayed event outlives the closing of every bus",
    "pausing: one pauses and resumes what another handles",
    "pausing: it stays paused after all buses were closed",
    "pausing: it stays paused when the process that handles it is killed: what that ran waits with the rest",
    "processes: what one bus publishes another delivers, finds, waits for, tails and sees settled",
    "processes: consumers of one name share its work: each event once, concurrency held by all together",
    "processes: order within a key holds over several consumers",
    "processes: an id is one event for all, also when several publish it at once",
    "processes: settings changed by one count for the consumer of another, and so does deleting",
    "processes: an unnamed subscription ends with its bus, for all",
    "processes: replay and redrive by one are run by the consumer of another",
    "stores: a name has one handler in a process, on whichever of its buses; other names are free",
    "stores: a name is free again once its subscriber, or its bus, has closed, and after a restart",
    "stores: of two that take a name at once, on two buses, one gets it",
    "restarts: history, flows and stats are there after all buses were closed",
    "restarts: a subscription goes on where it was: what waited is delivered, what was delivered is not",
    "restarts: a delayed retry comes when it is due, its attempts counted",
    "restarts: dead letters are kept, and can be redriven",
    "restarts: a run that the closing bus aborted is run again, its attempt not counted",
    "restarts: a subscription, its settings and its backlog outlive the process that made it",
    "crashes: a handler whose process dies is run again elsewhere, and the attempt counts",
    "crashes: a process killed in the middle of its work: another takes over all of it",
    "crashes: what kills its process each time becomes a dead letter once it is out of attempts",
    "crashes: a process that is stopped and continued is not overtaken, though one that died is",
    "crashes: an unnamed subscription ends with its process, however that ends",
    "crashes: order within a key outlives the death of the process that ran its head",
    "transfer: other processes that use the store are seen",
  ],
});
