import { BusError } from "../../error/bus-error.ts";
import { describeIssues } from "../../event/issues.ts";
import { parseJson } from "../../event/parse-json.ts";
import type { Access } from "../access/access.ts";
import { mediaTypeOf, readText } from "../http/body.ts";
import { Refusal } from "../http/refusal.ts";
import { route } from "../http/route.ts";
import { type Item, publishItems } from "../publish-items.ts";
import { entryErrorCode } from "../put-events/aws-error.ts";
import {
  awsJsonType,
  type PutEntry,
  type PutEventsResponse,
  putEventsRequestSchema,
  putEventsResponseSchema,
  putEventsTarget,
} from "../put-events/schema.ts";
import { sigV4Token } from "../put-events/sig-v4-token.ts";
import { entryBytes, entryToDraft } from "../put-events/to-draft.ts";
import { isDraft } from "../schemas/event.ts";

/** EventBridge's own limit. */
const mostEntries = 10;

export const putEvents = route({
  method: "POST",
  path: "/",
  summary: "Publish events with an AWS SDK (PutEvents of EventBridge)",
  description:
    "What boto3, the AWS CLI and the SDKs send whose endpoint for EventBridge is this server: `X-Amz-Target: AWSEvents.PutEvents`, with the " +
    "limits and the error codes of EventBridge. The token is the session token, its id the access key id. Errors are those of `awsJson1_1`: " +
    "`{ __type, message }`.",
  permission: "publish",
  tokenOf: sigV4Token,
  bodies: { [awsJsonType]: putEventsRequestSchema },
  result: putEventsResponseSchema,
  produces: awsJsonType,
  handle: async ({ server, access, request }) => {
    checkOperation(request);
    const entries = await readEntries(request, server.settings);
    const results = await publishItems(
      server,
      entries.map((entry) => itemOf(entry, access)),
    );
    const answer: PutEventsResponse = {
      FailedEntryCount: results.filter(({ ok }) => !ok).length,
      Entries: results.map((result) =>
        result.ok
          ? { EventId: result.event.id }
          : { ErrorCode: entryErrorCode(result.error), ErrorMessage: result.error.message },
      ),
    };
    return new Response(JSON.stringify(answer), {
      headers: { "content-type": awsJsonType, "cache-control": "no-store", "x-amzn-requestid": server.served.nextId() },
    });
  },
});

function checkOperation(request: Request): void {
  const target = request.headers.get("x-amz-target");
  if (target !== putEventsTarget) {
    throw new BusError(
      "not_found",
      target === null
        ? `a request to / needs X-Amz-Target: ${putEventsTarget}; events are published as JSON with POST /v1/events`
        : `of the operations of AWS this server has ${putEventsTarget} alone, not ${target.slice(0, 80)}`,
    );
  }
  const type = mediaTypeOf(request);
  if (type === awsJsonType) return;
  throw new Refusal(
    "unsupported_media_type",
    `the body has ${type === "" ? "no content-type" : `the content-type ${type}`}; send ${awsJsonType}`,
  );
}

async function readEntries(
  request: Request,
  { bodyLimit, entriesLimit }: { readonly bodyLimit: number; readonly entriesLimit: number },
): Promise<readonly PutEntry[]> {
  const body = parseJson(await readText(request, bodyLimit, "invalid_event"), "the body", "invalid_event");
  const parsed = putEventsRequestSchema.safeParse(body);
  if (!parsed.success) {
    const [first] = describeIssues(parsed.error, body, "");
    throw new BusError("invalid_event", `the body: ${first?.path ?? ""} ${first?.problem}`.trim());
  }
  const { Entries } = parsed.data;
  if (Entries.length === 0 || Entries.length > mostEntries) {
    throw new BusError(
      "invalid_config",
      `1 validation error detected: ${Entries.length} entries at 'entries' failed to satisfy constraint: Member must have length ` +
        (Entries.length === 0 ? "greater than or equal to 1" : `less than or equal to ${mostEntries}`),
    );
  }
  const bytes = Entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  if (bytes <= entriesLimit) return Entries;
  throw new BusError(
    "invalid_config",
    `Total size of the entries in the request is over the limit: ${bytes} bytes, and ${entriesLimit} are allowed`,
  );
}

/** A draft that may be published, or why it may not. */
function itemOf(entry: PutEntry, access: Access): Item {
  try {
    const draft = entryToDraft(entry);
    checkAllowed(access, { source: draft.source }, "NotAuthorizedForSourceException");
    checkAllowed(access, { type: draft.type }, "NotAuthorizedForDetailTypeException");
    if (!isDraft(draft))
      throw new BusError("invalid_event", "Detail must be { id, time, data, metadata }, or the data alone");
    return { draft };
  } catch (thrown) {
    if (thrown instanceof BusError || thrown instanceof Refusal) return { error: thrown };
    throw thrown;
  }
}

function checkAllowed(access: Access, what: { source?: unknown; type?: unknown }, awsError: string): void {
  try {
    access.checkPublish(what);
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    throw new Refusal(thrown.code, thrown.message, { details: { awsError } });
  }
}
