import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalText, text } from "./fields.ts";

const stream = z.looseObject({ streamId: text, reason: optionalText });

/** `stream.started`: a stream of output opened. */
export const streamStarted = defineEvent("stream.started", { description: "A stream of output opened.", data: stream });

/** `stream.stopped`: a stream of output ended. */
export const streamStopped = defineEvent("stream.stopped", { description: "A stream of output ended.", data: stream });
