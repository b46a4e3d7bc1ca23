/** Consumes subscriptions of the suite in a process of its own: `worker.ts <directory of reports> <bus> <brokers> <name>...` */
import { join } from "node:path";
import { consumeInWorker, fileRecorder } from "../../../lib/engine/contract/worker.ts";
import { connect } from "../../../lib/index.ts";
import { kafkaEngine } from "../../../lib/kafka-entry.ts";

const [directory = "", name = "", brokers = "", ...names] = process.argv.slice(2);
const engine = kafkaEngine({
  brokers,
  bus: name,
  store: join(directory, "bus.db"),
  sessionTimeout: "1s",
  partitions: 3,
});
const bus = await connect({ engine, source: "contract", logLevel: "silent" });
await consumeInWorker(bus, fileRecorder(directory), names, 3);
