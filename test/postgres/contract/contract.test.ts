import { runContract } from "../../../lib/engine/contract/index.ts";
import { postgresAdapter } from "./adapter.ts";

runContract(postgresAdapter);
