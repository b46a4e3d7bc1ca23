import { runContract } from "../../../lib/engine/contract/index.ts";
import { polledAdapter } from "./adapter.ts";

runContract(polledAdapter);
