import { type ContractAdapter, fileRecorder, forkWorker } from "../../../lib/engine/contract/index.ts";
import { connect } from "../../../lib/index.ts";
import { PostgresServer } from "../../postgres/support/server.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { newPlace } from "../support/open.ts";
import { openPlace } from "../support/open-place.ts";

const program = new URL("./worker.ts", import.meta.url);

/** A store for one run of the contract: a file in a folder, or where else it is. */
interface Store {
  /** Undefined for a file in the folder of the run. */
  readonly where?: string;
  close(): Promise<void>;
}

/** What all that is kept in a store has in common. */
const common = {
  // What it keeps lies in the store, which can be moved itself.
  lacks: ["transfer", "erase"],
  leftOut: [
    "erasing: a user's events become tombstones: no data, the same ids, causes and counts, with a proof",
    "erasing: what was not delivered yet is dropped, a retry and a replay included, and its key goes on",
    "erasing: dead letters lose the data and what their errors said of it; their number stays",
    "erasing: a whole flow is erased; a selection that names none of them, or several, is refused",
    "transfer: deliveries of an ordered subscription come in the order in which their events were accepted",
    "transfer: deliveries that another engine had not made come with their attempts, when they are due, and once",
    "transfer: events that another engine had are in history as accepted at their times, once, and nobody gets them",
    "transfer: other processes that use the store are seen",
    "transfer: what a subscription has not delivered is handed over as it was published; nothing else is",
  ],
  // Each bus joins a group and each event goes by a broker: on a busy machine that takes what others do at once.
  timeScale: 3,
} satisfies Omit<ContractAdapter, "name" | "prepare">;

/** One topic and one store, any number of buses and processes on them. */
function kafkaOn(name: string, openStore: () => Promise<Store>): ContractAdapter {
  return {
    ...common,
    name,
    prepare: async () => {
      const [directory, store] = await Promise.all([temporaryDirectory(), openStore()]);
      const { where } = newPlace(directory.path, "contract", undefined, store.where);
      return {
        recorder: fileRecorder(directory.path),
        connect: (options) => connect({ ...options, engine: openPlace(where) }),
        startWorker: (names) => forkWorker(program, [directory.path, where, ...names]),
        close: async () => {
          await store.close();
          await directory.remove();
        },
      };
    },
  };
}

/** With a file as its store. */
export const kafkaAdapter = kafkaOn("kafka", async () => ({ close: async () => {} }));

/** With a PostgreSQL database as its store, on a server of its own. */
export const kafkaOnPostgresAdapter = kafkaOn("kafka with its store in PostgreSQL", async () => {
  const server = await PostgresServer.start();
  return { where: server.url, close: () => server.stop() };
});
