import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import { shortForm } from "../../error/short-form.ts";
import { mapperStateSchema } from "./mapper-state.ts";

const schema = z.strictObject({
  /** The last recorded event that was sent whole; null before the first. */
  last: z.string().max(128).nullable(),
  /** The last delta that was sent whole; null before the first. */
  delta: z.string().max(128).nullable(),
  /** How much of the next recorded event was sent. */
  part: z.int().min(0).max(10_000),
  /** The mapper before the next recorded event, or after what was sent of a delta. */
  state: mapperStateSchema,
});

/** Where a client goes on that was cut off. */
export type ResumePoint = z.output<typeof schema>;

/** As the id of a message. */
export function encodePoint(point: ResumePoint): string {
  return Buffer.from(JSON.stringify(point)).toString("base64url");
}

/** Throws `invalid_config` for what no server gave. */
export function decodePoint(id: string): ResumePoint {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(id, "base64url").toString());
    return schema.parse(decoded);
  } catch (cause) {
    throw new BusError(
      "invalid_config",
      `${shortForm(id)} is not an id of this stream; use the last \`id\` that it sent`,
      { cause },
    );
  }
}
