import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalText, text } from "./fields.ts";

const circle = z.looseObject({ circleId: text, name: optionalText, goal: optionalText });

/** `circle.created`: a group of agents was created. */
export const circleCreated = defineEvent("circle.created", {
  description: "A group of agents was created.",
  data: circle,
});

/** `circle.started`: a group of agents started working. */
export const circleStarted = defineEvent("circle.started", {
  description: "A group of agents started working.",
  data: circle,
});

/** `circle.stopped`: a group of agents stopped working. */
export const circleStopped = defineEvent("circle.stopped", {
  description: "A group of agents stopped working.",
  data: circle,
});

const member = z.looseObject({ circleId: text, agentId: text, role: optionalText });

/** `circle.member.added`: an agent joined a group. */
export const circleMemberAdded = defineEvent("circle.member.added", {
  description: "An agent joined a group.",
  data: member,
});

/** `circle.member.removed`: an agent left a group. */
export const circleMemberRemoved = defineEvent("circle.member.removed", {
  description: "An agent left a group.",
  data: member,
});
