import { runContract } from "../../../lib/engine/contract/index.ts";
import { functionsAdapter } from "./adapter.ts";

runContract(functionsAdapter);
