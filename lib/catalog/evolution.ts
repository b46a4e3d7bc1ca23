import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalList, optionalNumber, optionalText, optionalValue, text } from "./fields.ts";

/** `evolution.pattern.detected`: a pattern that calls for change was seen. */
export const evolutionPatternDetected = defineEvent("evolution.pattern.detected", {
  description: "A pattern that calls for change was seen.",
  data: z.looseObject({
    patternType: text,
    confidence: optionalNumber,
    dataPoints: optionalList,
  }),
});

/** `evolution.proposal.generated`: a change was proposed. */
export const evolutionProposalGenerated = defineEvent("evolution.proposal.generated", {
  description: "A change was proposed.",
  data: z.looseObject({
    proposalId: text,
    proposalType: optionalText,
    description: optionalText,
  }),
});

/** `evolution.proposal.validated`: a proposed change was judged. */
export const evolutionProposalValidated = defineEvent("evolution.proposal.validated", {
  description: "A proposed change was judged.",
  data: z.looseObject({
    proposalId: text,
    validationResult: optionalValue,
    score: optionalNumber,
  }),
});

const implementation = z.looseObject({
  proposalId: text,
  implementationId: text,
  changes: optionalValue,
});

/** `evolution.implementation.started`: work on a proposed change began. */
export const evolutionImplementationStarted = defineEvent("evolution.implementation.started", {
  description: "Work on a proposed change began.",
  data: implementation,
});

/** `evolution.implementation.completed`: a proposed change is in place. */
export const evolutionImplementationCompleted = defineEvent("evolution.implementation.completed", {
  description: "A proposed change is in place.",
  data: implementation,
});
