import { embeddedAdapter } from "./adapters/embedded.ts";
import { runContract } from "./contract.ts";

runContract(embeddedAdapter, []);
