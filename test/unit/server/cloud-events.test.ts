import * as fc from "fast-check";
import { expect, test } from "vitest";
import * as z from "zod";
import { toCloudEvent } from "../../../lib/event/cloud-events/from-event.ts";
import { fromStructured } from "../../../lib/event/cloud-events/to-draft.ts";
import { anEvent } from "../../support/an-event.ts";
import { serve } from "./serve.ts";

const structured = {
  specversion: "1.0",
  id: "A234-1234-1234",
  source: "/cloudevents/spec/pull",
  type: "custom.github.opened",
  time: "2018-04-05T17:31:00Z",
  subject: "123",
  datacontenttype: "application/json",
  comexampleextension1: "value",
  comexampleothervalue: 5,
  correlationid: "flow-1",
  causationhops: 12,
  priority: 3,
  data: { number: 123 },
};

test("a structured CloudEvent is published, its attributes kept", async () => {
  const { post, get } = await serve();
  const { status, json } = await post(
    "/v1/events",
    "application/cloudevents+json; charset=UTF-8",
    JSON.stringify(structured),
  );
  expect(status).toBe(200);
  expect(json.results[0].event).toMatchObject({
    id: "A234-1234-1234",
    source: "/cloudevents/spec/pull",
    time: "2018-04-05T17:31:00Z",
    data: { number: 123 },
    metadata: {
      correlationId: "flow-1",
      hops: 12,
      priority: 3,
      tags: ["ce-subject:123", "ce-comexampleextension1:value", "ce-comexampleothervalue:5"],
    },
  });
  const given = await get("/v1/events/A234-1234-1234", { accept: "application/cloudevents+json" });
  expect(given.headers.get("content-type")).toBe("application/cloudevents+json");
  expect(given.json).toEqual({
    ...structured,
    time: "2018-04-05T17:31:00Z",
    dataversion: 1,
    // A tag is a text.
    comexampleothervalue: "5",
  });
});

test("in binary mode the attributes are headers, percent-encoded, and the body is the data", async () => {
  const { post } = await serve();
  const { json } = await post("/v1/events", "application/json", '{"n":1}', {
    "ce-specversion": "1.0",
    "ce-id": "b1",
    "ce-source": "urn:sensor:%E2%82%AC",
    "ce-type": "custom.measured",
    "ce-priority": "2",
    "ce-causationhops": "4",
    "ce-traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  });
  expect(json.results[0].event).toMatchObject({
    id: "b1",
    source: "urn:sensor:€",
    data: { n: 1 },
    metadata: { priority: 2, hops: 4, traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
  });
});

test("of a batch each has its result; as a batch history is read again", async () => {
  const { post, get } = await serve();
  const batch = [
    structured,
    { ...structured, id: "two", specversion: "0.3" },
    { ...structured, id: "three", data_base64: "eyJuIjo3fQ==", data: undefined },
  ];
  const { json } = await post("/v1/events", "application/cloudevents-batch+json", JSON.stringify(batch));
  expect(json.results).toMatchObject([
    { ok: true },
    { ok: false, error: { code: "invalid_event", details: { path: "specversion" } } },
    { ok: true, event: { data: { n: 7 } } },
  ]);
  const page = await get("/v1/events?limit=1", { accept: "application/cloudevents-batch+json" });
  expect(page.json).toMatchObject([{ specversion: "1.0", id: "three", subject: "123" }]);
  const [, next = ""] = /<([^>]+)>; rel="next"/.exec(page.headers.get("link") ?? "") ?? [];
  expect((await get(next)).json.events).toMatchObject([{ id: "A234-1234-1234" }]);
});

test.each([
  ["no list", "application/cloudevents-batch+json", "{}"],
  ["no id", "application/cloudevents+json", '{"specversion":"1.0","source":"a","type":"custom.a"}'],
  ["data twice", "application/cloudevents+json", JSON.stringify({ ...structured, data_base64: "e30=" })],
  [
    "data that is no JSON",
    "application/cloudevents+json",
    JSON.stringify({ ...structured, data: undefined, datacontenttype: "text/plain", data_base64: "aGk=" }),
  ],
  [
    "base64 that is none",
    "application/cloudevents+json",
    JSON.stringify({ ...structured, data: undefined, data_base64: "*" }),
  ],
  ["an attribute that is an object", "application/cloudevents+json", JSON.stringify({ ...structured, comexample: {} })],
  ["an attribute in upper case", "application/cloudevents+json", JSON.stringify({ ...structured, comExample: "a" })],
])("refuses %s", async (_, type, body) => {
  const { post } = await serve();
  expect(await post("/v1/events", type, body)).toMatchObject({ status: 422, json: { code: "invalid_event" } });
});

/** What of a draft the bus completes. */
const draftSchema = z.looseObject({ metadata: z.looseObject({}).default({}) });

test("what becomes of any attributes and gives them again is the same text", () => {
  const name = fc.stringMatching(/^x[a-z0-9]{1,10}$/);
  fc.assert(
    fc.property(fc.dictionary(name, fc.string()), fc.string(), (extensions, subject) => {
      const given = { specversion: "1.0" as const, id: "a", source: "b", type: "c", subject, ...extensions, data: {} };
      const { metadata, ...parts } = draftSchema.parse(fromStructured(given));
      const event = anEvent({ ...parts, time: "t", metadata });
      expect(toCloudEvent(event)).toMatchObject({ subject, ...extensions });
    }),
  );
});
