import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalText, text } from "./fields.ts";

const loop = z.looseObject({
  nodeId: optionalText,
  maxIterations: optionalNumber,
  iteration: optionalNumber,
  iterations: optionalNumber,
});

/** `node.loop.started`: a node began its loop. */
export const nodeLoopStarted = defineEvent("node.loop.started", { description: "A node began its loop.", data: loop });

/** `node.loop.iteration`: a node began another round of its loop. */
export const nodeLoopIteration = defineEvent("node.loop.iteration", {
  description: "A node began another round of its loop.",
  data: loop,
});

/** `node.loop.completed`: a node left its loop. */
export const nodeLoopCompleted = defineEvent("node.loop.completed", {
  description: "A node left its loop.",
  data: loop,
});

/** `node.internal.output`: a node wrote something for itself: a thought, a note. */
export const nodeInternalOutput = defineEvent("node.internal.output", {
  description: "A node wrote something for itself: a thought, a note.",
  data: z.looseObject({ nodeId: optionalText, content: text }),
});

const halt = z.looseObject({
  nodeId: optionalText,
  prompt: optionalText,
  reason: optionalText,
});

/** `node.input.blocked`: a node waits for input. */
export const nodeInputBlocked = defineEvent("node.input.blocked", {
  description: "A node waits for input.",
  data: halt,
});

/** `node.stalled`: a node makes no progress. */
export const nodeStalled = defineEvent("node.stalled", { description: "A node makes no progress.", data: halt });
