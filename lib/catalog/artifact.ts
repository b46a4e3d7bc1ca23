import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalText, text } from "./fields.ts";

const artifact = z.looseObject({
  artifactId: text,
  name: optionalText,
  mediaType: optionalText,
  uri: optionalText,
  bytes: optionalNumber,
});

/** `artifact.created`: a file, document or other result was made. */
export const artifactCreated = defineEvent("artifact.created", {
  description: "A file, document or other result was made.",
  data: artifact,
});

/** `artifact.updated`: a file, document or other result was changed. */
export const artifactUpdated = defineEvent("artifact.updated", {
  description: "A file, document or other result was changed.",
  data: artifact,
});
