import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { number, optionalText, text } from "./fields.ts";

const budget = z.looseObject({
  budget: text,
  amount: number,
  limit: number,
  unit: text,
  reservationId: optionalText,
});

/** `budget.requested`: a part of a budget was asked for before a call; it is reserved where the limit allows it. */
export const budgetRequested = defineEvent("budget.requested", {
  description: "A part of a budget was asked for before a call; it is reserved where the limit allows it.",
  data: budget,
});

/** `budget.reserved`: a part of a budget was reserved before a call. */
export const budgetReserved = defineEvent("budget.reserved", {
  description: "A part of a budget was reserved before a call.",
  data: budget,
});

/** `budget.spent`: a part of a budget was spent. */
export const budgetSpent = defineEvent("budget.spent", { description: "A part of a budget was spent.", data: budget });

/** `budget.exceeded`: a call was refused, or went over its budget. */
export const budgetExceeded = defineEvent("budget.exceeded", {
  description: "A call was refused, or went over its budget.",
  data: budget,
});
