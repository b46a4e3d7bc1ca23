import * as z from "zod";
import { briefDeadLetter } from "../brief.ts";
import { type Tool, tool } from "../tool.ts";
import { cursor, limit, text } from "./fields.ts";

const deadLetters = tool({
  name: "list_dead_letters",
  description:
    "Lists deliveries that failed for good, newest first, each with the reason. Answers {deadLetters, cursor?}.",
  role: "operate",
  input: z.strictObject({ subscription: text, type: text, correlationId: text, limit, cursor }),
  run: async ({ bus, access, input }) => {
    access.checkRead(input.type);
    const page = await bus.deadLetters.list(input);
    return {
      deadLetters: page.deadLetters.map(briefDeadLetter),
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    };
  },
});

const redrive = tool({
  name: "redrive_dead_letters",
  description:
    "Delivers dead letters again, to the subscription that failed and no other, with new attempts. Answers how many, and which could not be.",
  role: "operate",
  write: "redrive",
  input: z.strictObject({ ids: z.array(z.string().min(1).max(512)).min(1).max(100) }),
  run: async ({ bus, access, input }) => {
    const found = await Promise.all(input.ids.map((one) => bus.deadLetters.get(one)));
    for (const deadLetter of found) if (deadLetter !== undefined) access.checkRead(deadLetter.event.type);
    return { ...(await bus.deadLetters.redrive(input.ids)) };
  },
});

/** Tools about deliveries that failed for good. */
export const deadLetterTools: readonly [list: Tool, redrive: Tool] = [deadLetters, redrive];
