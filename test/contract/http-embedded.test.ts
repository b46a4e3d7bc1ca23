import { runContract } from "../../lib/engine/contract/index.ts";
import { httpAdapter } from "./http-adapter.ts";

const declaration = {
  lacks: ["ownership"],
  // Lost after the lease, which is longer than the check waits.
  unproven: ["ownership"],
  leftOut: ["crashes: a process that is stopped and continued is not overtaken, though one that died is"],
} as const;

runContract(httpAdapter("embedded", declaration));
runContract(httpAdapter("embedded", declaration, 2));
