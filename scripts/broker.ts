// Starts a Kafka broker on this machine, without a container: `npm run broker [-- port]`. It ends with Ctrl-C, and forgets all.
import { KafkaCluster } from "../test/kafka/support/cluster.ts";
import { missingForKafka } from "../test/kafka/support/java.ts";

const port = Number(process.argv[2] ?? 9092);
const missing = missingForKafka();
if (!Number.isInteger(port) || port < 1 || port > 65_535 || missing !== undefined) {
  console.error(missing ?? `${process.argv[2]} is no port`);
  process.exit(1);
}
const cluster = await KafkaCluster.start(1, [], { name: "LOCAL", protocol: "PLAINTEXT", port });
console.log(`a broker listens on localhost:${port}; Ctrl-C ends it`);
await new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
});
await cluster.stop();
