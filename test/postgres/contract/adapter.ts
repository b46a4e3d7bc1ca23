import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { type ContractAdapter, fileRecorder, forkWorker } from "../../../lib/engine/contract/index.ts";
import { connect } from "../../../lib/index.ts";
import { postgresEngine } from "../../../lib/postgres-entry.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const program = new URL("./worker.ts", import.meta.url);

/** One schema, any number of buses and processes on it. */
export const postgresAdapter: ContractAdapter = {
  name: "postgres",
  // Each bus opens connections and each step is a round trip: on a busy machine that takes what others do at once.
  timeScale: 3,
  prepare: async () => {
    const directory = await temporaryDirectory();
    const url = inject("postgresUrl");
    const schema = `contract_${randomBytes(4).toString("hex")}`;
    return {
      recorder: fileRecorder(directory.path),
      connect: (options) => connect({ ...options, engine: postgresEngine({ url, schema }) }),
      startWorker: (names) => forkWorker(program, [directory.path, url, schema, ...names]),
      close: directory.remove,
    };
  },
};
