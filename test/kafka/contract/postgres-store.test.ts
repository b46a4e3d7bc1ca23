import { describe } from "vitest";
import { runContract } from "../../../lib/engine/contract/index.ts";
import { noKafka } from "../support/open.ts";
import { kafkaOnPostgresAdapter } from "./adapter.ts";

// What lies in the store or goes through it. The rest is the same with a file, on which the whole contract runs.
describe.skipIf(noKafka)("on a broker", () => {
  runContract(kafkaOnPostgresAdapter, {
    topics: ["event ids", "flows", "settled", "history", "replay", "dead letters", "stores", "restarts", "crashes"],
  });
});
