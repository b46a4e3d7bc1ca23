import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { resourceNames, toEnvelope } from "../../../lib/aws-shared/index.ts";
import type { Bus } from "../../../lib/bus/bus.ts";
import { connect } from "../../../lib/index.ts";
import { root } from "../../../scripts/setup.mjs";
import { anEvent } from "../../support/an-event.ts";
import { eventually } from "../../support/eventually.ts";
import { runProgram } from "../rig/run-program.ts";
import { deadLetterOf, failAndRedrive, foreignEvent, publishAndHandle, putBySdk } from "./pipeline.ts";
import { busName, patience } from "./settings.ts";

describe("the deployed stacks, end to end", () => {
  let bus: Bus;
  /** The flow of a function whose process dies: its message comes again once its visibility is over, six times the function's 11 s. */
  const dying = randomUUID();
  beforeAll(async () => {
    bus = await connect({ engine: "aws", bus: busName, source: "e2e", logLevel: "silent" });
    // The last test looks what came of it: the others run meanwhile.
    await bus.publish({ type: "custom.e2e.crash", data: {}, metadata: { correlationId: dying } });
  });
  afterAll(() => bus.close());

  const waggle = (...args: string[]) =>
    runProgram(process.execPath, [join(root, "bin", "waggle.ts"), ...args, "--engine", "aws", "--bus", busName]);
  const where = (correlationId: string) => ({ metadata: { correlationId: [correlationId] } });

  test("an event goes through rule, queue and function, and into history", () => publishAndHandle(bus));

  test("what fails is retried, becomes a dead letter, and succeeds once redriven", () => failAndRedrive(bus));

  test("an event that a plain SDK client put reaches a subscriber and history", () => foreignEvent(bus, putBySdk));

  test.runIf(process.env.TEST_AWS_PYTHON !== undefined)("so does one that botocore put", () =>
    foreignEvent(bus, async (entry) => {
      const put = [
        "import json, os, sys, botocore.session",
        "events = botocore.session.get_session().create_client('events', endpoint_url=os.environ['AWS_ENDPOINT_URL'], region_name=os.environ['AWS_REGION'])",
        "answer = events.put_events(Entries=[json.loads(sys.argv[1])])",
        "sys.exit(answer['FailedEntryCount'])",
      ];
      await runProgram(process.env.TEST_AWS_PYTHON ?? "", ["-c", put.join("\n"), JSON.stringify(entry)]);
    }),
  );

  test("a foreign event that is invalid for its type becomes one dead letter", async () => {
    const id = randomUUID();
    const detail = { id, data: { taskId: 7 } };
    await putBySdk({
      EventBusName: busName,
      Source: "another-program",
      DetailType: "task.failed",
      Detail: JSON.stringify(detail),
    });
    expect(await deadLetterOf(bus, { eventId: id })).toMatchObject({
      event: { id, type: "task.failed", data: { taskId: 7 } },
      reason: { code: "invalid_event", message: expect.stringContaining("taskId") },
    });
  });

  test("the command finds an event, and its dead letter, and redrives it", async () => {
    const correlationId = randomUUID();
    await putBySdk({
      EventBusName: busName,
      Source: "another-program",
      DetailType: "custom.e2e.broken",
      Detail: JSON.stringify({ data: {}, metadata: { correlationId } }),
    });
    const { id, event } = await deadLetterOf(bus, { correlationId });
    await eventually("it is recorded", () => bus.history.get(event.id), patience, 200);
    const recorded = await waggle("history", "--correlation-id", correlationId, "--json");
    expect(JSON.parse(recorded)).toMatchObject({ id: event.id, source: "another-program" });
    expect(await waggle("dlq", "list", "--correlation-id", correlationId, "--json")).toContain(id);
    await waggle("dlq", "redrive", id);
    await bus.waitFor(
      { on: "custom.e2e.fixed", where: where(correlationId) },
      { since: new Date(0), timeout: patience },
    );
    expect(await waggle("dlq", "list", "--correlation-id", correlationId, "--json")).toBe("");
  });

  test("what has expired is not handled, and history has it", async () => {
    const correlationId = randomUUID();
    const expiresAt = new Date(Date.now() - 1_000).toISOString();
    const asked = { type: "custom.e2e.asked", metadata: { correlationId } } as const;
    const expired = await bus.publish({ ...asked, data: { n: 1 }, metadata: { correlationId, expiresAt } });
    await eventually("it is recorded", () => bus.history.get(expired.id), patience, 200);
    await bus.publish({ ...asked, data: { n: 2 } });
    await bus.waitFor(
      { on: "custom.e2e.answered", where: where(correlationId) },
      { since: expired, timeout: patience },
    );
    const { events } = await bus.history.query({ correlationId, type: "custom.e2e.answered" });
    expect(events.map(({ data }) => data)).toEqual([{ asked: { n: 2 } }]);
  });

  test("replayed it is handled again, marked, and adds nothing to history but what its handler publishes", async () => {
    const correlationId = randomUUID();
    const asked = await bus.publish({ type: "custom.e2e.asked", data: {}, metadata: { correlationId } });
    const answered = { on: "custom.e2e.answered", where: where(correlationId) };
    const first = await bus.waitFor(answered, { since: new Date(0), timeout: patience });
    // Its answer may be recorded before it.
    await eventually("it is recorded", () => bus.history.get(asked.id), patience, 200);
    const report = await bus.replay({ ids: [asked.id] }, { to: "responder" });
    expect(report).toMatchObject({ events: 1, deliveries: { responder: 1 } });
    const second = await bus.waitFor(answered, { since: first, timeout: patience });
    expect(second.metadata).toMatchObject({ causationId: asked.id, replay: { id: report.id } });
    expect((await bus.history.query({ correlationId, type: "custom.e2e.asked" })).events).toEqual([asked]);
  });

  test("what a rule could not bring to its queue is drained from the rule's dead letters", async () => {
    // As EventBridge writes it there: the event, with why and what for as attributes.
    const event = anEvent({ id: randomUUID(), type: "custom.e2e.asked" });
    const sqs = new SQSClient();
    const name = resourceNames.deadLetterQueue(busName, "responder", false);
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
    const attribute = (StringValue: string) => ({ DataType: "String", StringValue });
    await sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: toEnvelope(event),
        MessageAttributes: {
          RULE_ARN: attribute(`arn:aws:events:us-east-1:000000000000:rule/${busName}/responder`),
          TARGET_ARN: attribute(`arn:aws:sqs:us-east-1:000000000000:${busName}-responder`),
          ERROR_CODE: attribute("NO_PERMISSIONS"),
          ERROR_MESSAGE: attribute("Lack of permissions to invoke the target"),
          EXHAUSTED_RETRY_CONDITION: attribute("MaximumRetryAttempts"),
          RETRY_ATTEMPTS: attribute("0"),
        },
      }),
    );
    sqs.destroy();
    expect(await deadLetterOf(bus, { eventId: event.id })).toMatchObject({
      subscription: "responder",
      event: { id: event.id, type: event.type },
      attempts: 0,
    });
  });

  test("a function whose process dies runs again, and the attempt counts", async () => {
    const survived = { on: "custom.e2e.survived", where: where(dying) };
    expect((await bus.waitFor(survived, { since: new Date(0), timeout: 240_000 })).data).toEqual({ attempt: 2 });
  });
});
