import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalText, text } from "./fields.ts";

const stream = z.looseObject({ streamId: text, reason: optionalText });

/** `stream.started`: an output stream started. */
export const streamStarted = defineEvent("stream.started", { description: "An output stream started.", data: stream });

/** `stream.stopped`: an output stream stopped. */
export const streamStopped = defineEvent("stream.stopped", { description: "An output stream stopped.", data: stream });
