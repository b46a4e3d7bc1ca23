import { expect, test } from "vitest";
import { workspace } from "../test-io.ts";

const request = {
  type: "custom.approval.requested",
  id: "ask",
  data: { approvalId: "a-1", question: "Deploy?" },
  metadata: { correlationId: "run", agentId: "deployer" },
};

async function asking() {
  const space = workspace();
  await space.bus((bus) => bus.publish(request));
  return space;
}

test("what waits is listed, until it is answered", async () => {
  const { waggle } = await asking();
  const { out } = await waggle(["approve"]);
  expect(out).toMatch(/^ID +ASKED +AGENT +DATA\nask +\S+Z +deployer +approvalId=a-1 question="?Deploy\??"?\n$/);
  expect((await waggle(["approve", "--json"])).json).toMatchObject([{ id: "ask" }]);
  await waggle(["approve", "ask"]);
  expect(await waggle(["approve"])).toMatchObject({ out: "", err: "nothing waits for a person\n" });
});

test("the agent that waits gets the answer in its flow, with who gave it and why", async () => {
  const { waggle, bus } = await asking();
  await bus(async (opened) => {
    const answer = opened.waitFor({ on: "custom.approval.denied", where: { metadata: { causationId: ["ask"] } } });
    const { code, out } = await waggle(["approve", "ask", "--deny", "--by", "Ada", "--reason", "too late"]);
    expect(out).toBe("✓ custom.approval.denied ask-answered\n");
    expect(code).toBe(0);
    expect(await answer).toMatchObject({
      data: { requestId: "ask", approvalId: "a-1", by: "Ada", reason: "too late" },
      metadata: { correlationId: "run", causationId: "ask", agentId: "deployer" },
    });
  });
});

test("a request of the standard catalog is answered by its types", async () => {
  const { waggle, bus } = workspace();
  const data = { approvalId: "a-2", question: "Pay?" };
  await bus((opened) => opened.publish({ ...request, type: "approval.requested", data }));
  expect((await waggle(["approve", "ask", "--by", "Ada"])).out).toBe("✓ approval.granted ask-answered\n");
  const { events } = await bus((opened) => opened.history.query({ type: "approval.granted" }));
  expect(events).toMatchObject([{ data: { requestId: "ask", approvalId: "a-2", by: "Ada" } }]);
});

test("a request is answered once, whoever answers it", async () => {
  const { waggle, bus } = await asking();
  const results = await Promise.all([waggle(["approve", "ask"]), waggle(["approve", "ask", "--deny"])]);
  expect(results.map(({ code }) => code).sort()).toEqual([0, 1]);
  expect(await waggle(["approve", "ask"])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^conflict: request ask was answered at /),
  });
  await bus((opened) => opened.publish({ ...request, id: "other" }));
  await bus((opened) =>
    opened.publish({
      type: "custom.approval.decided",
      data: {},
      metadata: { causationId: "other", correlationId: "run" },
    }),
  );
  expect((await waggle(["approve", "other"])).code).toBe(1);
});

test("what is no request, does not exist or has expired is refused", async () => {
  const { waggle, bus } = await asking();
  expect(await waggle(["approve", "none"])).toMatchObject({ code: 1, err: expect.stringMatching(/^not_found: /) });
  await waggle(["publish", "custom.one", "--id", "one"]);
  expect(await waggle(["approve", "one"])).toMatchObject({ code: 1, err: expect.stringMatching(/^invalid_config: /) });
  const expiresAt = "2026-01-01T00:00:00.000Z";
  await bus((opened) => opened.publish({ ...request, id: "late", metadata: { ...request.metadata, expiresAt } }));
  expect(await waggle(["approve", "late"])).toMatchObject({ code: 1, err: expect.stringContaining("expired at") });
  expect((await waggle(["approve", "--json"])).json.map(({ id }) => id)).toEqual(["ask"]);
});

test("an answer without its request is refused, and nothing is listed", async () => {
  const { waggle } = await asking();
  for (const answer of [["--deny"], ["--reason", "no"], ["--by", "me"]]) {
    const refused = { code: 2, out: "", err: expect.stringContaining("missing argument 'id'") };
    expect(await waggle(["approve", ...answer])).toMatchObject(refused);
  }
});
