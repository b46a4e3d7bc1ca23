import { type ContractAdapter, fileRecorder, forkWorker } from "../../../lib/engine/contract/index.ts";
import { connect } from "../../../lib/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { newPlace } from "../support/open.ts";
import { openPlace } from "../support/open-place.ts";

const program = new URL("./worker.ts", import.meta.url);

/** One topic and one file, any number of buses and processes on them. */
export const kafkaAdapter: ContractAdapter = {
  name: "kafka",
  // What it keeps lies in the store, which can be moved itself.
  lacks: ["transfer"],
  leftOut: [
    "transfer: deliveries of an ordered subscription come in the order in which their events were accepted",
    "transfer: deliveries that another engine had not made come with their attempts, when they are due, and once",
    "transfer: events that another engine had are in history as accepted at their times, once, and nobody gets them",
    "transfer: other processes that use the store are seen",
    "transfer: what a subscription has not delivered is handed over as it was published; nothing else is",
  ],
  // Each bus joins a group and each event goes by a broker: on a busy machine that takes what others do at once.
  timeScale: 3,
  prepare: async () => {
    const directory = await temporaryDirectory();
    const { where } = newPlace(directory.path, "contract");
    return {
      recorder: fileRecorder(directory.path),
      connect: (options) => connect({ ...options, engine: openPlace(where) }),
      startWorker: (names) => forkWorker(program, [directory.path, where, ...names]),
      close: directory.remove,
    };
  },
};
