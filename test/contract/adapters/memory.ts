import { connect } from "../../../lib/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import type { Adapter } from "../adapter.ts";
import { fileProbe } from "./file-probe.ts";

/** One process, nothing on disk: each bus is a world of its own, and dies with its process. */
export const memoryAdapter: Adapter = {
  name: "memory",
  lacks: new Set(["durable", "multi-process", "crash", "ownership", "visible-unnamed"]),
  timeScale: 1,
  prepare: async () => {
    const directory = await temporaryDirectory();
    return {
      probe: fileProbe(directory.path),
      connect: (options) => connect({ ...options, engine: "memory" }),
      close: directory.remove,
    };
  },
};
