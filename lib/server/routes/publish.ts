import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import { cloudEventSchema } from "../../event/cloud-events/schema.ts";
import { fromStructured } from "../../event/cloud-events/to-draft.ts";
import type { JsonLoss } from "../../event/exact-json.ts";
import { describeIssues } from "../../event/issues.ts";
import { lossError, parseJson, parseLossyJson } from "../../event/parse-json.ts";
import type { Access } from "../access/access.ts";
import { fromBatch, fromBinary, isBinary } from "../cloud-events/to-draft.ts";
import { mediaTypeOf, readText } from "../http/body.ts";
import { dropNulls } from "../http/drop-nulls.ts";
import { Refusal } from "../http/refusal.ts";
import { route } from "../http/route.ts";
import { type Item, publishItems } from "../publish-items.ts";
import { draftSchema, isDraft, publishResultsSchema } from "../schemas/event.ts";

/** The media types of a publish, and how each is read. `one`: the request is one event, and fails where it does. */
interface Reading {
  readonly items: readonly Item[];
  readonly one: boolean;
}

export const publishEvents = route({
  method: "POST",
  path: "/v1/events",
  summary: "Publish events",
  description:
    "One draft, a list of drafts, NDJSON of drafts, or CloudEvents 1.0 (structured, binary, batch). A list gives one result for each " +
    "item, in order, and a bad one harms no other; a request that is one event is refused where the event is.",
  permission: "publish",
  bodies: {
    "application/json": z.union([draftSchema, z.array(draftSchema)]),
    "application/x-ndjson": z.string().meta({ description: "A draft on each line." }),
    "application/cloudevents+json": cloudEventSchema,
    "application/cloudevents-batch+json": z.array(cloudEventSchema),
  },
  result: publishResultsSchema,
  handle: async ({ server, access, request }) => {
    const text = await readText(request, server.settings.bodyLimit, "invalid_event");
    const { items, one } = read(request, text, access);
    const results = await publishItems(server, items);
    const [first] = results;
    if (one && first !== undefined && !first.ok) throw first.error;
    return { results };
  },
});

function read(request: Request, text: string, access: Access): Reading {
  const type = mediaTypeOf(request);
  if (isBinary(request)) return { items: [itemOf(() => fromBinary(request.headers, type, text), access)], one: true };
  switch (type) {
    case "application/cloudevents+json":
      return { items: [itemOf(() => fromStructured(parseJson(text, "the body", "invalid_event")), access)], one: true };
    case "application/cloudevents-batch+json":
      return { items: listOf(fromBatch(text), fromStructured, access), one: false };
    case "application/x-ndjson":
    case "application/jsonl":
      return {
        items: linesOf(text).map(({ line, number }) =>
          itemOf(() => parseJson(line, `line ${number}`, "invalid_event"), access),
        ),
        one: false,
      };
    case "application/json": {
      const body = parseLossyJson(text, "the body", "invalid_event");
      return Array.isArray(body.value)
        ? { items: listOf({ ...body, value: body.value }, (one) => one, access), one: false }
        : { items: [itemOf(() => parseJson(text, "the body", "invalid_event"), access)], one: true };
    }
    default:
      throw new Refusal(
        "unsupported_media_type",
        `events cannot be read from ${type === "" ? "a body without content-type" : type}; send application/json, application/x-ndjson, ` +
          "application/cloudevents+json or application/cloudevents-batch+json",
      );
  }
}

/** The items of a list; one that JSON would change is refused, and harms no other. */
function listOf(
  { value, losses }: { readonly value: readonly unknown[]; readonly losses: readonly JsonLoss[] },
  toDraft: (one: unknown) => unknown,
  access: Access,
): Item[] {
  const first = new Map(losses.toReversed().map((loss) => [loss.path[0], loss] as const));
  return value.map((one, index) =>
    itemOf(() => {
      const loss = first.get(index);
      if (loss !== undefined) throw lossError(loss, "the body", "invalid_event");
      return toDraft(one);
    }, access),
  );
}

function linesOf(text: string): { line: string; number: number }[] {
  return text
    .split("\n")
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line.trim() !== "");
}

/** A draft that may be published, or why it may not. */
function itemOf(given: () => unknown, access: Access): Item {
  try {
    const value = given();
    dropNulls(draftSchema, value);
    if (!isDraft(value)) throw notADraft(value);
    access.checkPublish(value);
    const { source } = access;
    return { draft: value.source === undefined && source !== undefined ? { ...value, source } : value };
  } catch (thrown) {
    if (thrown instanceof BusError || thrown instanceof Refusal) return { error: thrown };
    throw thrown;
  }
}

function notADraft(value: unknown): BusError {
  const { error } = draftSchema.safeParse(value);
  const [first] = error === undefined ? [] : describeIssues(error, value, "");
  const path = first?.path ?? "";
  return new BusError("invalid_event", `the draft${path === "" ? "" : `: ${path}`} ${first?.problem}`, {
    details: path === "" ? {} : { path },
  });
}
