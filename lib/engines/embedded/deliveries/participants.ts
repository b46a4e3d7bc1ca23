/** A process that shares a subscription's slots with others. */
export interface Participant {
  readonly processId: number;
  /** How many deliveries it can hold at most. */
  readonly most: number;
}

export const noParticipants: readonly Participant[] = [];

/**
 * How many of `slots` one of the participants may hold: as many as each other, those listed first one more, and what one
 * cannot use goes to the others. 0 for a process that is not listed.
 */
export function slotsOf(slots: number, participants: readonly Participant[], processId: number): number {
  let left = slots;
  let waiting = participants.length;
  for (const participant of participants.toSorted((one, other) => one.most - other.most)) {
    const share = Math.min(participant.most, Math.ceil(left / waiting));
    if (participant.processId === processId) return share;
    left -= share;
    waiting -= 1;
  }
  return 0;
}

/** Participants as a row keeps them; NULL for none. */
export function participantsColumn(participants: readonly Participant[]): string | null {
  if (participants.length === 0) return null;
  return participants.map(({ processId, most }) => `${processId}:${most}`).join(" ");
}

export function parseParticipants(column: string | undefined): readonly Participant[] {
  if (column === undefined) return noParticipants;
  return column.split(" ").map((pair) => {
    const [processId, most] = pair.split(":");
    return { processId: Number(processId), most: Number(most) };
  });
}
