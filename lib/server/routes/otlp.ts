import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import type { Draft } from "../../event/event.ts";
import { spansToDrafts } from "../../telemetry/otlp/spans-to-drafts.ts";
import type { Access } from "../access/access.ts";
import { readBytes } from "../http/body.ts";
import { problemResponse } from "../http/problem.ts";
import { Refusal } from "../http/refusal.ts";
import { route } from "../http/route.ts";
import { encodingOf, type OtlpEncoding, type PartialSuccess } from "../otlp/encoding.ts";
import { type Item, type ItemResult, publishItems } from "../publish-items.ts";
import type { Server } from "../server-context.ts";

const request = z.looseObject({ resourceSpans: z.array(z.unknown()) });
const partialSuccess = z.object({ rejectedSpans: z.string(), errorMessage: z.string() });

export const otlpTraces = route({
  method: "POST",
  path: "/v1/traces",
  summary: "Take GenAI spans of OpenTelemetry as events",
  description:
    "OTLP over HTTP, binary or JSON, plain or in gzip, where the server was started with --otlp-in. A span of a model, an agent or a " +
    "tool becomes an event whose id is that of the span, so that one that is sent again is published once; others are counted and left out.",
  permission: "publish",
  bodies: {
    "application/x-protobuf": z.string().meta({ description: "ExportTraceServiceRequest." }),
    "application/json": request,
  },
  result: z.object({ partialSuccess: partialSuccess.optional() }),
  handle: async ({ server, access, request }) => {
    if (!server.settings.otlpIn) {
      throw new BusError("not_found", "this server takes no spans; start it with waggle serve --otlp-in");
    }
    const encoding = await encodingOf(request);
    try {
      const bytes = await readBytes(request, server.settings.bodyLimit, { gzip: true });
      return answer(encoding, 200, encoding.response(await takeSpans(server, access, encoding.decode(bytes))));
    } catch (thrown) {
      if (!(thrown instanceof BusError || thrown instanceof Refusal)) throw thrown;
      return refusal(encoding, thrown);
    }
  },
});

/** Publishes the GenAI spans of a request. Throws where nothing of it can be read, or where all of it should be sent again. */
async function takeSpans(server: Server, access: Access, value: unknown): Promise<PartialSuccess | undefined> {
  const spans = read(value);
  if ("problem" in spans) throw new BusError("invalid_config", spans.problem);
  const results = await publishItems(
    server,
    spans.drafts.map((draft) => itemOf(draft, access)),
  );
  const refused = results.flatMap((result) => (result.ok ? [] : result.error));
  // What is stored already is published once however often it comes, so that the whole may come again.
  const temporary = refused.find(({ retryable }) => retryable);
  if (temporary !== undefined) throw temporary;
  count(server, results, spans.skipped);
  const [first] = refused;
  return first === undefined
    ? undefined
    : { rejectedSpans: refused.length, errorMessage: `${first.code}: ${first.message}` };
}

function read(value: unknown): ReturnType<typeof spansToDrafts> {
  try {
    return spansToDrafts(value);
  } catch (thrown) {
    // The stack ends within a value that is nested in itself thousands of times.
    if (!(thrown instanceof RangeError)) throw thrown;
    return { problem: "not an OTLP request: a value is nested too deeply" };
  }
}

/** A token that is bound to a source publishes as that, whatever the service is called. */
function itemOf(given: Draft, access: Access): Item {
  const { source = given.source } = access;
  const draft = source === undefined ? given : { ...given, source };
  try {
    access.checkPublish(draft);
    return { draft };
  } catch (thrown) {
    if (thrown instanceof Refusal) return { error: thrown };
    throw thrown;
  }
}

function count({ spans }: Server, results: readonly ItemResult[], ignored: number): void {
  const rejected = results.filter(({ ok }) => !ok).length;
  spans.accepted += results.length - rejected;
  spans.rejected += rejected;
  spans.ignored += ignored;
}

function answer({ mediaType }: OtlpEncoding, status: number, body: Uint8Array, headers?: Headers): Response {
  const all = new Headers(headers);
  all.set("content-type", mediaType);
  return new Response(Buffer.from(body), { status, headers: all });
}

/** `google.rpc.Code` of what an exporter is told in the body; it goes by the HTTP status. */
const codes: Readonly<Record<number, number>> = { 400: 3, 403: 7, 404: 5, 413: 8, 415: 3, 429: 8, 503: 14 };
const unknownCode = 2;

function refusal(encoding: OtlpEncoding, error: BusError | Refusal): Response {
  const { status, headers } = problemResponse(error);
  return answer(
    encoding,
    status,
    encoding.status({ code: codes[status] ?? unknownCode, message: error.message }),
    headers,
  );
}
