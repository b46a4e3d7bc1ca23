import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connect } from "../../../../lib/connect/index.ts";
import { ServiceError, startJsonStub } from "../../../support/json-stub.ts";

const arn = "arn:aws:events:eu-west-1:123456789012:event-bus/agents";

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  // The ARN says it.
  for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"]) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent");
});
afterEach(() => vi.unstubAllEnvs());

test("a client publishes to a bus of another account by its ARN, in the ARN's Region", async () => {
  const asked: { operation: string; bus: unknown; region: string | undefined }[] = [];
  let region: string | undefined;
  const stub = await startJsonStub(
    {
      DescribeEventBus: ({ Name }) => {
        asked.push({ operation: "DescribeEventBus", bus: Name, region });
        throw new ServiceError("AccessDeniedException");
      },
      PutEvents: ({ Entries }) => {
        const [entry]: unknown[] = Array.isArray(Entries) ? Entries : [];
        asked.push({ operation: "PutEvents", bus: Object(entry).EventBusName, region });
        return { FailedEntryCount: 0, Entries: [{ EventId: "1" }] };
      },
    },
    ({ headers }) => {
      region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers.authorization ?? "")?.[1];
    },
  );
  vi.stubEnv("AWS_ENDPOINT_URL", stub.url);
  const bus = await connect({ engine: "aws", bus: arn, source: "billing" });
  try {
    await bus.publish({ type: "custom.billed", data: {} });
    expect(asked).toEqual([
      { operation: "DescribeEventBus", bus: arn, region: "eu-west-1" },
      { operation: "PutEvents", bus: arn, region: "eu-west-1" },
    ]);
  } finally {
    await bus.close();
    await stub.close();
  }
});

test("an ARN of something else is refused before anything is asked", async () => {
  const bus = "arn:aws:sqs:eu-west-1:123456789012:agents";
  await expect(connect({ engine: "aws", bus, source: "billing" })).rejects.toMatchObject({
    code: "invalid_config",
    message: `connect: bus must be a name or arn:aws:events:<region>:<account>:event-bus/<name>, not "${bus}"`,
  });
});
