import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalText, optionalTexts, text } from "./fields.ts";

const answered = {
  of: optionalText,
  options: optionalTexts,
  by: optionalText,
  reason: optionalText,
  deadline: optionalText,
};

const request = z.looseObject({ approvalId: text, question: text, ...answered });
/** Whoever answers need not repeat the question: the answer is caused by the request. */
const answer = z.looseObject({ approvalId: text, question: optionalText, ...answered });

/** `approval.requested`: a person or an agent was asked to approve something. */
export const approvalRequested = defineEvent("approval.requested", {
  description: "A person or an agent was asked to approve something.",
  data: request,
});

/** `approval.granted`: a request for approval was granted. */
export const approvalGranted = defineEvent("approval.granted", {
  description: "A request for approval was granted.",
  data: answer,
});

/** `approval.denied`: a request for approval was denied. */
export const approvalDenied = defineEvent("approval.denied", {
  description: "A request for approval was denied.",
  data: answer,
});

/** `approval.expired`: a request for approval was not answered in time. */
export const approvalExpired = defineEvent("approval.expired", {
  description: "A request for approval was not answered in time.",
  data: answer,
});
