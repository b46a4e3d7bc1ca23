// The public entry `wagglebus/agents`: what agents need on top of events, on every engine, made of events alone. See
// docs/local/agents.md.
export { type Answer, type AskOptions, ask } from "./ask.ts";
export { type Budget, type BudgetOptions, type BudgetScope, openBudget, type Spent } from "./budget.ts";
export {
  answerEffect,
  type EffectAnswer,
  type EffectCall,
  type EffectOptions,
  effect,
  type UnknownEffect,
} from "./effect.ts";
export { checkFence, claim, type Lease, type LeaseOptions } from "./lease.ts";
export { type Projection, type ProjectOptions, project, type UntilOptions } from "./projection.ts";
export { type RequestOptions, replies, request } from "./request.ts";
export { type StateChange, stateAt, stateChange } from "./state-at.ts";
export { type Steps, steps } from "./steps.ts";
export { type VoteOptions, type Votes, vote } from "./vote.ts";
