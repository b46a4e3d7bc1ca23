import { join } from "node:path";
import { connect } from "../../../lib/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import type { Adapter } from "../adapter.ts";
import { fileProbe } from "./file-probe.ts";
import { forkWorker } from "./fork-worker.ts";

const program = new URL("./embedded-worker.ts", import.meta.url);

/** One file, any number of buses and processes on it. */
export const embeddedAdapter: Adapter = {
  name: "embedded",
  lacks: new Set(["delay"]),
  timeScale: 1,
  prepare: async () => {
    const directory = await temporaryDirectory();
    const file = join(directory.path, "bus.db");
    return {
      probe: fileProbe(directory.path),
      connect: (options) => connect({ ...options, engine: "embedded", file }),
      startWorker: (names) => forkWorker(program, [directory.path, file, ...names]),
      close: directory.remove,
    };
  },
};
