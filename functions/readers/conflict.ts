/** The claim of a task on a content, from history. */
export interface Claim {
  taskId: string;
  agentId: string;
  path: string;
  /** Whether the content has already been read, and not only assigned. */
  read: boolean;
}

/**
 * Returns the claim that a task must yield to: the oldest valid claim of another task, or `undefined` if the task's own
 * claim is older. The order of acceptance is the same for every reader, so exactly one of two readers yields.
 *
 * `isValid` returns whether an assigned file still has the content, since it may have been moved.
 */
export async function findHolder(
  taskId: string,
  claims: readonly Claim[],
  isValid: (claim: Claim) => Promise<boolean>,
): Promise<Claim | undefined> {
  for (const claim of claims) {
    if (claim.taskId === taskId) return undefined;
    if (claim.read || (await isValid(claim))) return claim;
  }
  return undefined;
}
