import { randomUUID } from "node:crypto";
import {
  CreateArchiveCommand,
  CreateEventBusCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { openEnvelope, resourceNames } from "../../../lib/aws-shared/index.ts";
import { standardCatalog } from "../../../lib/catalog/index.ts";
import { archiveReplay } from "../../../lib/engines/aws/archive/archive-replay.ts";
import { createClients } from "../../../lib/engines/aws/clients.ts";
import { createIds } from "../../../lib/event/id.ts";
import { systemClock } from "../../../lib/runtime/clock.ts";
import { eventually } from "../../support/eventually.ts";
import { target } from "../rig/targets.ts";
import { patience } from "./settings.ts";

// On a bus of its own, made by API: CloudFormation refuses an archive here, and the emulator replays to every rule of a bus.
// LocalStack cannot start a replay; on an account the other end, FilterArns, is for AWS to keep.
test.runIf(target === "ministack")(
  "what the archive has of a time goes again through the rule, marked with the replay",
  async () => {
    const clients = createClients();
    const { events, sqs } = clients;
    const bus = `r-${randomUUID().slice(0, 8)}`;
    const nextId = createIds({ now: Date.now });
    const config = {
      schema: 1 as const,
      bus,
      historyTable: "none",
      deliveriesTable: "none",
      publisherDeadLetterQueueUrl: "none",
      bodiesBucket: "none",
      retentionMs: 1,
      maxRequestBytes: 1,
    };
    const parts = { config, clients, clock: systemClock, nextId, closing: new AbortController().signal };
    const span = { since: Date.now() - 60_000, until: Date.now() + 60_000 };
    const { EventBusArn } = await events.send(new CreateEventBusCommand({ Name: bus }));
    await expect(archiveReplay(parts, span, ["readers"], {})).rejects.toMatchObject({ code: "not_found" });

    await events.send(
      new CreateArchiveCommand({ ArchiveName: resourceNames.archive(bus), EventSourceArn: EventBusArn }),
    );
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: resourceNames.queue(bus, "readers", false) }),
    );
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
    const EventPattern = JSON.stringify({ "detail-type": ["custom.e2e.archived"] });
    await events.send(new PutRuleCommand({ Name: "readers", EventBusName: bus, EventPattern }));
    const Targets = [{ Id: "queue", Arn: Attributes?.QueueArn }];
    await events.send(new PutTargetsCommand({ Rule: "readers", EventBusName: bus, Targets }));
    const entry = {
      EventBusName: bus,
      Source: "another-program",
      DetailType: "custom.e2e.archived",
      Detail: '{"data":{}}',
    };
    await events.send(new PutEventsCommand({ Entries: [entry] }));

    const id = await archiveReplay(parts, span, ["readers"], {});
    const bodies: string[] = [];
    await eventually(
      "both are in the queue",
      async () => {
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
        bodies.push(...Messages.map(({ Body = "" }) => Body));
        return bodies.length === 2;
      },
      patience,
      100,
    );
    const opened = bodies.map((body) => openEnvelope(body, standardCatalog, Date.now()));
    const marks = opened.map((one) => (one.ok ? one.archiveReplay : "invalid"));
    expect(new Set(marks)).toEqual(new Set([undefined, id]));
    clients.destroy();
  },
);
