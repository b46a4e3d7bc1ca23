import type { ContractFeature } from "./adapter.ts";
import type { CaseContext } from "./context.ts";

/** One promise of the contract, tried. */
export interface ContractCase {
  readonly title: string;
  /** Features without which it cannot hold. */
  readonly needs?: readonly ContractFeature[];
  run(t: CaseContext): Promise<void>;
}
