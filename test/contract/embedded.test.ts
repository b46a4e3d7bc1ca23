import { runContract } from "../../lib/engine/contract/index.ts";
import { embeddedAdapter } from "./embedded-adapter.ts";

runContract(embeddedAdapter);
