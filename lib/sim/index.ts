export type { FaultRates } from "./faults.ts";
export type { Finding, Rule } from "./ledger/finding.ts";
export { type CheckOptions, checkHistory } from "./ledger/history-check.ts";
export type { AttemptNote, Ledger, Note, NotedSubscription } from "./ledger/note.ts";
export { LedgerRecorder, type LedgerRecorderOptions, type NewNote } from "./ledger/recorder.ts";
export { type SimulateOptions, SimulationError, type SimulationResult, simulate } from "./simulate.ts";
