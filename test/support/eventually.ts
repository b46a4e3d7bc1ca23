export { eventually } from "../../lib/engine/contract/eventually.ts";
