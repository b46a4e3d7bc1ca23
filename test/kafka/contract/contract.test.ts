import { describe } from "vitest";
import { runContract } from "../../../lib/engine/contract/index.ts";
import { noKafka } from "../support/open.ts";
import { kafkaAdapter } from "./adapter.ts";

describe.skipIf(noKafka)("on a broker", () => {
  runContract(kafkaAdapter);
});
