// The public entry `wagglebus/engine/contract`: the contract suite, for vitest. See docs/reference/write-an-engine.md.
export type {
  BusOptions,
  CaseActivity,
  ContractAdapter,
  ContractFeature,
  Declaration,
  Environment,
  Worker,
} from "./adapter.ts";
export { type ContractSelection, type ContractTopic, runContract } from "./run-contract.ts";
export type { SingleProcess } from "./single-process.ts";
export * from "./worker.ts";
