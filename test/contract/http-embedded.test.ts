import { runContract } from "../../lib/engine/contract/index.ts";
import { httpAdapter, onEmbedded } from "./http-adapter.ts";

runContract(httpAdapter("embedded", onEmbedded));
