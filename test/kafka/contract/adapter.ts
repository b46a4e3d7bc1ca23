import { randomBytes } from "node:crypto";
import { type ContractAdapter, fileRecorder, forkWorker } from "../../../lib/engine/contract/index.ts";
import { connect } from "../../../lib/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { openKafka, sharedBrokers } from "../support/open.ts";

const program = new URL("./worker.ts", import.meta.url);

/** One topic and one file, any number of buses and processes on them. */
export const kafkaAdapter: ContractAdapter = {
  name: "kafka",
  // Each bus joins a group and each event goes by a broker: on a busy machine that takes what others do at once.
  timeScale: 3,
  prepare: async () => {
    const directory = await temporaryDirectory();
    const brokers = sharedBrokers();
    const name = `contract-${randomBytes(4).toString("hex")}`;
    return {
      recorder: fileRecorder(directory.path),
      connect: (options) => connect({ ...options, engine: openKafka(directory.path, name, brokers) }),
      startWorker: (names) => forkWorker(program, [directory.path, name, brokers, ...names]),
      close: directory.remove,
    };
  },
};
