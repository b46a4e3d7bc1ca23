import { join } from "node:path";
import { type ContractAdapter, fileRecorder, forkWorker } from "../../lib/engine/contract/index.ts";
import { connect } from "../../lib/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const program = new URL("./embedded-worker.ts", import.meta.url);

/** One file, any number of buses and processes on it. */
export const embeddedAdapter: ContractAdapter = {
  name: "embedded",
  lacks: ["delay"],
  leftOut: [
    "delay: every subscription gets a delayed event, and none before its time",
    "delay: delay counts from the publish, and is kept as the time of delivery",
    "delay: history, tail and waitFor have a delayed event from its acceptance",
    "delay: until its time it is pending as delayed, and the flow is not settled",
    "delay: a delayed event is retried as any other",
    "delay: a time of delivery in the past is at once",
    "delay: ordered: a delayed event holds its place within its key",
    "delay: ordered: a delayed event holds up no other key",
    "delay: what fell due meanwhile goes by priority, then by acceptance",
    "delay: an id that comes again with another time of delivery is a duplicate: the first time stays",
    "delay: a replay of an event whose time has passed is delivered at once",
    "delay: more than 7 days, both ways to say it, and an expiry before it are refused",
    "delay: a delayed event outlives the closing of every bus",
  ],
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
