import { unknownCursor } from "../../../engine/errors.ts";

/** Where a replay stands; all in milliseconds since 1970, or milliseconds. */
export interface ReplayCursor {
  /** Events accepted before it are done. */
  readonly from: number;
  /** What was accepted as the replay began is not replayed: its own deliveries may cause events. */
  readonly end: number;
  /** How much time the next step takes in. */
  readonly span: number;
}

const pattern = /^r(\d{1,16})-(\d{1,16})-(\d{1,16})$/;

export function encodeReplayCursor({ from, end, span }: ReplayCursor): string {
  return `r${from}-${end}-${span}`;
}

/** `invalid_config` where it is none. */
export function decodeReplayCursor(cursor: string): ReplayCursor {
  const match = pattern.exec(cursor);
  if (match === null) throw unknownCursor(cursor);
  return { from: Number(match[1]), end: Number(match[2]), span: Number(match[3]) };
}
