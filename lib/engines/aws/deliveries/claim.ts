/** Which run a claim is for, and until when (milliseconds since 1970). */
export interface Claim {
  readonly id: string;
  readonly leaseUntil: number;
  /**
   * The dead letter that its message was redriven from. It tells the redriven runs from the ones before, also where the row
   * that knew was gone in between: both would end as one dead letter, which the redrive removes.
   */
  readonly redriveGeneration?: string | undefined;
}

const slotMark = "slot-";

/** The id of a claim; it says whether its run takes the only slot of its subscription. */
export function claimId(id: string, takesSlot: boolean): string {
  return takesSlot ? `${slotMark}${id}` : id;
}

/** Whether the run of a claim has the only slot of its subscription. */
export function hasSlot(claim: string): boolean {
  return claim.startsWith(slotMark);
}
