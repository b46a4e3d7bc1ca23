import { runContract } from "../../contract/contract.ts";
import { functionsAdapter } from "./adapter.ts";

runContract(functionsAdapter, []);
