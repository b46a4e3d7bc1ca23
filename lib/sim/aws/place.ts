import type { BusConfig } from "../../aws-shared/index.ts";
import type { EngineContext } from "../../engine/engine.ts";
import { createEngine } from "../../engines/aws/create-engine.ts";
import type { AwsDependencies } from "../../engines/aws/dependencies.ts";
import { Bodies } from "../../engines/aws/history/bodies.ts";
import type { Place } from "../engines/place.ts";
import type { Faults } from "../faults.ts";
import { replaceMethods } from "../replace-methods.ts";
import { SimulatedProcess, type World } from "../world/world.ts";
import { type Services, simulatedClients } from "./clients.ts";
import { EventBus } from "./event-bus.ts";
import { runHistoryFunction } from "./history-function.ts";
import { Queue } from "./queue.ts";
import { Tables } from "./table.ts";

const name = "simulated";
const historyUrl = "https://sqs.simulated/history";
/** Milliseconds of a lease: what a process that crashes leaves comes back after it. */
const leaseMs = 10_000;

/**
 * The aws engine on a model of its services: EventBridge and SQS delay, double and reorder, requests and answers are lost, and
 * rows are what DynamoDB makes of the engine's own expressions. Subscriptions are deployed when they are first subscribed.
 */
export async function awsPlace(world: World, faults: Faults): Promise<Place> {
  // The engine loads it when it first asks, which must not take real time.
  await import("../../engines/aws/ssm.ts");
  let services: Services | undefined;
  const restore = simulateThreads(world);
  const start = (context: EngineContext): Services => {
    const bus = new EventBus(world, faults, context.catalog);
    const unpublished = new Queue(world, false);
    const queues = new Map([[historyUrl, bus.history]]);
    const started: Services = {
      bus,
      name,
      tables: new Tables(world.random),
      queue: (url) => bus.queues.get(url) ?? queues.get(url) ?? unpublished,
    };
    const recorder = new SimulatedProcess(world, "record-history");
    const dependencies = dependenciesOf(started, recorder, context);
    void recorder.enter(() => runHistoryFunction(dependencies, historyUrl, recorder));
    return started;
  };
  const dependenciesOf = (of: Services, process: SimulatedProcess, context: EngineContext): AwsDependencies => ({
    ...context,
    config: configOf(process),
    clients: simulatedClients(of, process, world, faults),
  });
  return {
    survives: true,
    keepsOrder: false,
    concurrency: "process",
    open: async (process, context) => {
      services ??= start(context);
      const { bus } = services;
      const { engine } = createEngine(dependenciesOf(services, process, context), leaseMs);
      const { subscriptions } = engine;
      return replaceMethods(engine, {
        subscriptions: replaceMethods(subscriptions, {
          put: (record, options) => {
            if (!options.ephemeral) bus.deploy(record);
            return subscriptions.put(record, options);
          },
        }),
      });
    },
    quiet: () => services?.bus.quiet ?? true,
    remove: restore,
  };
}

/** What processes remember of a bus is by this queue: those of a simulation have nothing in common. */
let processes = 0;

function configOf(process: SimulatedProcess): BusConfig {
  processes += 1;
  return {
    schema: 1,
    bus: name,
    historyTable: "history",
    deliveriesTable: "deliveries",
    publisherDeadLetterQueueUrl: `https://sqs.simulated/unpublished-${process.name}-${processes}`,
    bodiesBucket: "bodies",
    retentionMs: 30 * 86_400_000,
    maxRequestBytes: 1_048_576,
  };
}

/** Bodies are compressed by threads of Node, which no seed decides. */
function simulateThreads(world: World): () => void {
  const { pack, unpack } = Bodies.prototype;
  Bodies.prototype.pack = function (...args) {
    return world.outside(() => pack.apply(this, args));
  };
  Bodies.prototype.unpack = function (...args) {
    return world.outside(() => unpack.apply(this, args));
  };
  return () => Object.assign(Bodies.prototype, { pack, unpack });
}
