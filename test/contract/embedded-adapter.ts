import { join } from "node:path";
import { type ContractAdapter, fileRecorder, forkWorker } from "../../lib/engine/contract/index.ts";
import { connect } from "../../lib/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const program = new URL("./embedded-worker.ts", import.meta.url);

/** One file, any number of buses and processes on it. */
export const embeddedAdapter: ContractAdapter = {
  name: "embedded",
  prepare: async () => {
    const directory = await temporaryDirectory();
    const file = join(directory.path, "bus.db");
    return {
      recorder: fileRecorder(directory.path),
      connect: (options) => connect({ ...options, engine: "embedded", file }),
      startWorker: (names) => forkWorker(program, [directory.path, file, ...names]),
      close: directory.remove,
    };
  },
};
