import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalText, text } from "./fields.ts";

const loop = z.looseObject({
  nodeId: optionalText,
  maxIterations: optionalNumber,
  iteration: optionalNumber,
  iterations: optionalNumber,
});

/** `node.loop.started`: a node started its loop. */
export const nodeLoopStarted = defineEvent("node.loop.started", {
  description: "A node started its loop.",
  data: loop,
});

/** `node.loop.iteration`: a node started another iteration of its loop. */
export const nodeLoopIteration = defineEvent("node.loop.iteration", {
  description: "A node started another iteration of its loop.",
  data: loop,
});

/** `node.loop.completed`: a node completed its loop. */
export const nodeLoopCompleted = defineEvent("node.loop.completed", {
  description: "A node completed its loop.",
  data: loop,
});

/** `node.internal.output`: a node produced internal output such as a thought or a note. */
export const nodeInternalOutput = defineEvent("node.internal.output", {
  description: "A node produced internal output such as a thought or a note.",
  data: z.looseObject({ nodeId: optionalText, content: text }),
});

const blockage = z.looseObject({
  nodeId: optionalText,
  prompt: optionalText,
  reason: optionalText,
});

/** `node.input.blocked`: a node is waiting for input. */
export const nodeInputBlocked = defineEvent("node.input.blocked", {
  description: "A node is waiting for input.",
  data: blockage,
});

/** `node.stalled`: a node is not making progress. */
export const nodeStalled = defineEvent("node.stalled", {
  description: "A node is not making progress.",
  data: blockage,
});
