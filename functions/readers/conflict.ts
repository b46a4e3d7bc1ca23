/** A task's hold on a content, as history tells it, in order of acceptance. */
export interface Claim {
  taskId: string;
  agentId: string;
  path: string;
  /** Whether the content was read already, and not only assigned. */
  read: boolean;
}

/**
 * The claim that a task has to give way to: the oldest of another task that still stands. `undefined` where the task's
 * own claim is the oldest. Order of acceptance is the same for everyone who looks, so of two readers exactly one gives way.
 *
 * `stands` says whether an assigned file still holds the content: it may have been moved since.
 */
export async function findHolder(
  taskId: string,
  claims: readonly Claim[],
  stands: (claim: Claim) => Promise<boolean>,
): Promise<Claim | undefined> {
  for (const claim of claims) {
    if (claim.taskId === taskId) return undefined;
    if (claim.read || (await stands(claim))) return claim;
  }
  return undefined;
}
