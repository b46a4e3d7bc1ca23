import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bodyPrefixes } from "../../../lib/aws-shared/index.ts";
import type { Bus } from "../../../lib/bus/bus.ts";
import { eventSize, maxEventBytes } from "../../../lib/event/size.ts";
import { connect } from "../../../lib/index.ts";
import { anEvent } from "../../support/an-event.ts";
import { eventually } from "../../support/eventually.ts";
import { seeded } from "../../support/seeded.ts";
import { target } from "../rig/targets.ts";
import { storedOf } from "./bodies.ts";
import { deadLetterOf } from "./pipeline.ts";
import { busName, patience } from "./settings.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Text of which a compressed byte says little more than a character: the same for the same seed. */
function noise(seed: number, length: number): string {
  const random = seeded(seed);
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
}

// LocalStack takes no event above 256 KB: see its limits.
describe.skipIf(target === "localstack")("events whose bodies are too large for a row", () => {
  let bus: Bus;
  beforeAll(async () => {
    bus = await connect({ engine: "aws", bus: busName, source: "e2e", logLevel: "silent" });
  });
  afterAll(() => bus.close());

  const stored = (prefix: string, id: string) => storedOf(busName, prefix, id);

  /** Noise that makes an event of this type and flow as large as may be. */
  function largest(type: string, correlationId: string): string {
    const metadata = { version: 1, correlationId, priority: 5 };
    const id = randomUUID();
    const empty = anEvent({ id, type, source: "e2e", time: new Date().toISOString(), data: { text: "" }, metadata });
    return noise(2, maxEventBytes - eventSize(empty));
  }

  test("one of 900 KB is recorded, lies in the bucket, and comes back whole", async () => {
    const correlationId = randomUUID();
    const data = { text: noise(1, 900_000) };
    const published = await bus.publish({ type: "custom.e2e.large", data, metadata: { correlationId } });
    expect(await eventually("it is recorded", () => bus.history.get(published.id), patience, 200)).toEqual(published);
    // Its place in the order may come a moment later.
    const found = await eventually(
      "it is found",
      async () => {
        const { events } = await bus.history.query({ correlationId });
        return events.length > 0 && events;
      },
      patience,
      200,
    );
    expect(found).toEqual([published]);
    expect(await stored(bodyPrefixes.events, published.id)).toHaveLength(1);
  });

  test("the largest that there may be is delivered, dies, is a dead letter with its body in the bucket, and can be redriven", async () => {
    const type = "custom.e2e.broken";
    const correlationId = randomUUID();
    const data = { text: largest(type, correlationId) };
    const published = await bus.publish({ type, data, metadata: { correlationId } });
    expect(eventSize(published)).toBe(maxEventBytes);

    const { id } = await deadLetterOf(bus, { correlationId });
    expect((await bus.deadLetters.get(id))?.event).toEqual(published);
    expect(await stored(bodyPrefixes.deadLetters, id)).toHaveLength(1);
    expect(await bus.deadLetters.redrive(id)).toEqual({ done: [id], failed: [] });

    const where = { metadata: { correlationId: [correlationId] } };
    const fixed = await bus.waitFor({ on: "custom.e2e.fixed", where }, { since: new Date(0), timeout: patience });
    expect(fixed.data).toEqual({ id: published.id });
    expect(await bus.deadLetters.get(id)).toBeUndefined();
    expect(await stored(bodyPrefixes.deadLetters, id)).toEqual([]);
    expect(await eventually("it is recorded", () => bus.history.get(published.id), patience, 200)).toEqual(published);
  });
});
