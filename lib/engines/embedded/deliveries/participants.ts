/** A process that fairShare a subscription's work with others. */
export interface Participant {
  readonly owner: number;
  /** How many deliveries it can hold at most. */
  readonly most: number;
}

export const nobody: readonly Participant[] = [];

/**
 * How many of `slots` one of the sharers may hold: as many as each other, those listed first one more, and what one
 * cannot use goes to the others. 0 for who is not listed.
 */
export function allotment(slots: number, sharers: readonly Participant[], owner: number): number {
  let left = slots;
  let waiting = sharers.length;
  for (const participant of sharers.toSorted((one, other) => one.most - other.most)) {
    const share = Math.min(participant.most, Math.ceil(left / waiting));
    if (participant.owner === owner) return share;
    left -= share;
    waiting -= 1;
  }
  return 0;
}

/** Sharers as a row keeps them; NULL for none. */
export function participantsColumn(sharers: readonly Participant[]): string | null {
  return sharers.length === 0 ? null : sharers.map(({ owner, most }) => `${owner}:${most}`).join(" ");
}

export function parseParticipants(column: string | undefined): readonly Participant[] {
  if (column === undefined) return nobody;
  return column.split(" ").map((pair) => {
    const [owner, most] = pair.split(":");
    return { owner: Number(owner), most: Number(most) };
  });
}
