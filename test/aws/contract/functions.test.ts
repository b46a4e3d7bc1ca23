import { runContract } from "../../contract/contract.ts";
import { target } from "../rig/targets.ts";
import { functionsAdapter } from "./adapter.ts";
import { leftOut } from "./left-out.ts";

runContract(functionsAdapter, leftOut("functions", target));
