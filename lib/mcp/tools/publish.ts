import * as z from "zod";
import { briefEvent } from "../brief.ts";
import { tool } from "../tool.ts";
import { id, text } from "./fields.ts";

/** Publishes one event. */
export const publish = tool({
  name: "publish_event",
  description:
    "Publishes one event. Give it an `id` of your own where you may call this again: then it is published once. A refusal names the field that is wrong.",
  role: "publish",
  write: "publish",
  input: z.strictObject({
    type: z.string().min(1).max(128),
    data: z.record(z.string(), z.unknown()).describe("What the definition of the type asks for."),
    id: id.exactOptional(),
    correlationId: id.exactOptional().describe("The flow; default: it starts one."),
    causationId: id.exactOptional().describe("The id of the event that caused it."),
    agentId: text,
  }),
  run: async ({ bus, access, input: { type, data, id: own, ...metadata } }) => {
    const { source } = access;
    const draft = {
      type,
      data,
      metadata,
      ...(own === undefined ? {} : { id: own }),
      ...(source === undefined ? {} : { source }),
    };
    access.checkPublish(draft);
    return { ...briefEvent(await bus.publish(draft)) };
  },
});
