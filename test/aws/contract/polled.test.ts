import { runContract } from "../../contract/contract.ts";
import { target } from "../rig/targets.ts";
import { polledAdapter } from "./adapter.ts";
import { leftOut } from "./left-out.ts";

runContract(polledAdapter, leftOut("polled", target));
