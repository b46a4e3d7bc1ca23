import * as z from "zod";
import { defineEvent } from "../event/definition.ts";

const stream = z.looseObject({ streamId: z.string(), reason: z.string().optional() });

/** `stream.started`: a stream of output opened. */
export const streamStarted = defineEvent("stream.started", { description: "A stream of output opened.", data: stream });

/** `stream.stopped`: a stream of output ended. */
export const streamStopped = defineEvent("stream.stopped", { description: "A stream of output ended.", data: stream });
