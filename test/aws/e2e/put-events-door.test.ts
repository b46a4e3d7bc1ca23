import { expect, onTestFinished, test } from "vitest";
import { serve } from "../../unit/server/serve.ts";
import { runProgram } from "../rig/run-program.ts";
import { withoutAws } from "../rig/server.ts";

const program = `
import json, botocore.session
events = botocore.session.get_session().create_client("events")
own = {"id": "from-python", "data": {"n": 1}, "metadata": {"priority": 1}}
print(json.dumps(events.put_events(Entries=[
    {"Source": "python", "DetailType": "custom.own", "Detail": json.dumps(own)},
    {"Source": "python", "DetailType": "custom.plain", "Detail": json.dumps({"n": 2})},
    {"Source": "python", "DetailType": "custom.bad", "Detail": "{"},
])))
`;

// The Python came with the emulator; an account has none.
test.runIf(process.env.TEST_AWS_PYTHON !== undefined)(
  "botocore publishes to waggle serve, told by its environment alone where it is",
  async () => {
    const { bus, url } = await serve();
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const env = {
      ...withoutAws(),
      AWS_ENDPOINT_URL_EVENTBRIDGE: url,
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "any",
      AWS_SECRET_ACCESS_KEY: "any",
    };
    const answer = JSON.parse(
      await runProgram(process.env.TEST_AWS_PYTHON ?? "", ["-c", program], { env, signal: controller.signal }),
    );
    expect(answer).toMatchObject({
      FailedEntryCount: 1,
      Entries: [
        { EventId: "from-python" },
        { EventId: expect.any(String) },
        { ErrorCode: "MalformedDetail", ErrorMessage: expect.any(String) },
      ],
    });
    const { events } = await bus.history.query({ source: "python", order: "oldest" });
    expect(events.map(({ type, data, metadata }) => ({ type, data, priority: metadata.priority }))).toEqual([
      { type: "custom.own", data: { n: 1 }, priority: 1 },
      { type: "custom.plain", data: { n: 2 }, priority: 5 },
    ]);
  },
);
