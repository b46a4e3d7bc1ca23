// The public entry `wagglebus/agents`: what agents need on top of events, on every engine, made of events alone. See
// docs/local/agents.md.
export { type AgentOptions, type AssignedTask, type RunningAgent, startAgent } from "./agent.ts";
export { type Answer, type AskOptions, ask } from "./ask.ts";
export { type Budget, type BudgetOptions, type BudgetScope, openBudget, type Spent } from "./budget.ts";
export {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitState,
  type GuardedCallOptions,
  openCircuitBreaker,
} from "./circuit-breaker.ts";
export {
  answerEffect,
  type EffectAnswer,
  type EffectCall,
  type EffectOptions,
  effect,
  type UnknownEffect,
} from "./effect.ts";
export { checkFence, claim, type Lease, type LeaseOptions } from "./lease.ts";
export { type Mapped, mapEvents } from "./map-events.ts";
export { type Orchestrator, type OrchestratorOptions, startOrchestrator } from "./orchestrator.ts";
export type { KnownAgent, OpenTask, OrchestratorState } from "./orchestrator-state.ts";
export { type Projection, type ProjectOptions, project, type UntilOptions } from "./projection.ts";
export { type RequestOptions, replies, request } from "./request.ts";
export { type StateChange, stateAt, stateChange } from "./state-at.ts";
export { type Steps, steps } from "./steps.ts";
export { type VoteOptions, type Votes, vote } from "./vote.ts";
