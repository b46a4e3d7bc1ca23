import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BusError } from "../../../lib/error/bus-error.ts";
import { draft, prepare, refused } from "./prepare-bench.ts";

describe("prepareEvent refuses", () => {
  test.each([
    [null, "the draft must be an object such as { type, data }, not null"],
    ["x", 'the draft must be an object such as { type, data }, not "x"'],
    [[], "the draft must be an object such as { type, data }, not []"],
    [{ ...draft, dta: 1 }, 'unknown field "dta" in the draft; did you mean "data"?'],
    [{ ...draft, payload: 1 }, 'unknown field "payload" in the draft; put your own fields into data'],
    [{ ...draft, id: "" }, 'id must be a string of 1 to 128 printable ASCII characters, not ""'],
    [{ ...draft, id: "x".repeat(129) }, "id must be a string of 1 to 128 printable ASCII characters"],
    [{ ...draft, id: "ü" }, 'characters, not "ü"'],
    [{ ...draft, id: 5 }, "characters, not 5"],
    [{ ...draft, source: "" }, 'source must be a string of 1 to 256 characters without control characters, not ""'],
    [{ ...draft, source: "aws.s3" }, 'source must not start with "aws.", but is "aws.s3"'],
    [{ ...draft, source: "x".repeat(257) }, "source must be a string of 1 to 256 characters"],
    [{ ...draft, source: "a\nb" }, "without control characters"],
    [{ ...draft, time: "yesterday" }, "time must be an RFC 3339 time with an offset"],
    [{ ...draft, time: new Date(0) }, "not Date 1970-01-01T00:00:00.000Z; use `.toISOString()`"],
    [{ ...draft, data: undefined }, "data is missing; it must be an object"],
    [{ ...draft, data: null }, "data must be an object, not null"],
    [{ ...draft, metadata: "x" }, 'metadata must be an object, not "x"'],
    [{ ...draft, metadata: null }, "metadata must be an object, not null"],
    [{ ...draft, metadata: { agentID: "a" } }, 'unknown field metadata.agentID; did you mean "agentId"?'],
    [{ ...draft, metadata: { mood: "a" } }, "put your own fields into data or tags"],
    [{ ...draft, metadata: { replay: { id: "r" } } }, "metadata.replay is set by the engine"],
    [{ ...draft, metadata: { agentId: "" } }, "metadata.agentId must be a string of 1 to 512 characters"],
    [{ ...draft, metadata: { correlationId: "x".repeat(513) } }, "metadata.correlationId must be"],
    [{ ...draft, metadata: { erased: { at: "2026-01-01T00:00:00Z" } } }, "metadata.erased is set by the engine"],
    [{ ...draft, metadata: { causationId: "a\u0085" } }, "without control characters"],
    [{ ...draft, metadata: { userId: "\ud800" } }, "metadata.userId must be"],
    [{ ...draft, metadata: { projectId: 5 } }, "without control characters, not 5"],
    [{ ...draft, metadata: { priority: 0 } }, "metadata.priority must be an integer from 1 (most urgent) to 10, not 0"],
    [{ ...draft, metadata: { priority: 11 } }, "to 10, not 11"],
    [{ ...draft, metadata: { priority: 1.5 } }, "to 10, not 1.5"],
    [{ ...draft, metadata: { priority: "1" } }, 'to 10, not "1"'],
    [{ ...draft, metadata: { expiresAt: "2026" } }, "metadata.expiresAt must be an RFC 3339 time"],
    [{ ...draft, metadata: { tags: "a" } }, 'metadata.tags must be a list of at most 50 strings, not "a"'],
    [{ ...draft, metadata: { tags: Array(51).fill("a") } }, "at most 50 strings, not an array of 51"],
    [{ ...draft, metadata: { tags: ["a", ""] } }, "metadata.tags[1] must be a string of 1 to 256 characters"],
    [{ ...draft, metadata: { tags: ["x".repeat(257)] } }, "metadata.tags[0] must be"],
    [{ ...draft, metadata: { traceparent: "00-abc" } }, "metadata.traceparent must be"],
    [
      { ...draft, metadata: { traceparent: `00-${"0".repeat(32)}-b7ad6b7169203331-01` } },
      "metadata.traceparent must be",
    ],
    [
      { ...draft, metadata: { traceparent: `00-0af7651916cd43dd8448eb211c80319c-${"0".repeat(16)}-01` } },
      "metadata.traceparent must be",
    ],
    [
      { ...draft, metadata: { traceparent: "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } },
      "metadata.traceparent must be",
    ],
    [
      { ...draft, metadata: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x" } },
      "metadata.traceparent must be",
    ],
    [
      { ...draft, metadata: { traceparent: "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } },
      "metadata.traceparent must be",
    ],
    [{ ...draft, metadata: { tracestate: "a=b" } }, "metadata.tracestate requires metadata.traceparent"],
    [
      {
        ...draft,
        metadata: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "ab" },
      },
      "metadata.tracestate must be",
    ],
  ])("%#: %j", (given, message) => {
    expect(() => prepare(given)).toThrow(refused(message));
  });

  test("a draft without a source if the bus has none", () => {
    expect(() => prepare(draft, { source: undefined })).toThrow(
      refused("shop.order.paid: source is missing; set it in the draft, or for the whole bus with connect({ source })"),
    );
  });

  test("any draft with a BusError only", () => {
    const known = fc.constantFrom("type", "source", "time", "id", "data", "metadata");
    const drafts = fc.oneof(
      fc.anything(),
      fc.dictionary(known, fc.oneof(fc.constant("custom.x"), fc.object(), fc.anything())),
    );
    fc.assert(
      fc.property(drafts, (given) => {
        try {
          prepare(given);
        } catch (thrown) {
          if (!(thrown instanceof BusError)) throw thrown;
        }
      }),
    );
    const throwing = {
      ...draft,
      metadata: {
        get agentId() {
          throw new Error("gone");
        },
      },
    };
    expect(() => prepare(throwing)).toThrow(refused("the draft cannot be read: Error: gone; use plain data"));
  });
});

test("a traceparent of a later version may have more fields", () => {
  const traceparent = "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more";
  expect(prepare({ ...draft, metadata: { traceparent } }).event.metadata.traceparent).toBe(traceparent);
});
