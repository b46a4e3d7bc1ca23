import { runContract } from "../../lib/engine/contract/index.ts";
import { httpAdapter } from "./http-adapter.ts";

runContract(
  httpAdapter("embedded", {
    lacks: ["ownership"],
    // Lost after the lease, which is longer than the check waits.
    unproven: ["ownership"],
    leftOut: ["crashes: a process that is stopped and continued is not overtaken, though one that died is"],
  }),
);
