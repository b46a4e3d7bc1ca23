import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalList, optionalNumber, optionalText, optionalValue, text } from "./fields.ts";

/** `evolution.pattern.detected`: a pattern that calls for a change was detected. */
export const evolutionPatternDetected = defineEvent("evolution.pattern.detected", {
  description: "A pattern that calls for a change was detected.",
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

/** `evolution.proposal.validated`: a proposed change was validated. */
export const evolutionProposalValidated = defineEvent("evolution.proposal.validated", {
  description: "A proposed change was validated.",
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

/** `evolution.implementation.started`: implementation of a proposed change started. */
export const evolutionImplementationStarted = defineEvent("evolution.implementation.started", {
  description: "Implementation of a proposed change started.",
  data: implementation,
});

/** `evolution.implementation.completed`: a proposed change was implemented. */
export const evolutionImplementationCompleted = defineEvent("evolution.implementation.completed", {
  description: "A proposed change was implemented.",
  data: implementation,
});
