import { runContract } from "../../contract/contract.ts";
import { polledAdapter } from "./adapter.ts";

runContract(polledAdapter, []);
