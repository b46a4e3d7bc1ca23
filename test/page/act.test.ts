import { expect, test } from "vitest";
import { busyBus } from "./busy-bus.ts";
import { axeProblems, found, newPage, useBrowser } from "./page-rig.ts";

useBrowser();

test.skipIf(found.missing !== undefined)(
  "a dead letter is redriven once it was asked, and its way is told to the end",
  async () => {
    const { bus, fix, url } = await busyBus();
    const page = await newPage();
    await page.goto(`${url}/dead-letters`);
    await page.getByRole("checkbox", { name: /^Select task\.assigned/ }).check();
    await page.getByRole("button", { name: "Redrive selected" }).click();
    const dialog = page.getByRole("dialog", { name: "Redrive 1 dead letter?" });
    await dialog.waitFor();
    expect(await axeProblems(page)).toEqual([]);
    // Asked only: nothing has happened yet, and Escape is a no.
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect((await bus.deadLetters.list()).deadLetters).toHaveLength(1);
    fix();
    await page.getByRole("button", { name: "Redrive selected" }).click();
    await dialog.getByRole("button", { name: "Redrive 1 dead letter" }).click();
    await page.getByText("1 dead letter was redriven.").waitFor();
    await page.getByText("handled").waitFor();
    await page.getByText("No dead letter. Nothing waits for a decision.").waitFor();
    expect((await bus.deadLetters.list()).deadLetters).toEqual([]);
  },
);

test.skipIf(found.missing !== undefined)("a group is discarded once it was asked", async () => {
  const { bus, url } = await busyBus();
  const page = await newPage();
  await page.goto(`${url}/dead-letters`);
  await page.getByRole("button", { name: "Discard 1" }).click();
  const dialog = page.getByRole("dialog", { name: "Discard 1 dead letter?" });
  await dialog.getByText("deleted for good").waitFor();
  await dialog.getByRole("button", { name: "Discard 1 dead letter" }).click();
  await page.getByText("1 dead letter was discarded.").waitFor();
  expect((await bus.deadLetters.list()).deadLetters).toEqual([]);
});

test.skipIf(found.missing !== undefined)("a replay is counted, asked, and done", async () => {
  const { bus, start, url } = await busyBus();
  const page = await newPage();
  await page.goto(`${url}/events/${start.id}`);
  await page.getByRole("link", { name: "Replay it" }).click();
  expect(await page.getByLabel("Ids of events, separated by commas").inputValue()).toBe(start.id);
  // As it comes from a list.
  await page.getByLabel("Ids of events, separated by commas").fill(`${start.id},`);
  await page.getByRole("option", { name: "archive" }).waitFor({ state: "attached" });
  await page.getByRole("combobox", { name: "To" }).selectOption("archive");
  const before = (await bus.subscriptions.get("archive"))?.waiting ?? 0;
  await page.getByRole("button", { name: "Count first" }).click();
  await page.getByText("would be delivered 1 time").waitFor();
  expect((await bus.subscriptions.get("archive"))?.waiting).toBe(before);
  await page.getByRole("button", { name: "Replay 1 event" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Replay 1 event" }).click();
  await page.getByText("1 delivery queued.").waitFor();
  expect((await bus.subscriptions.get("archive"))?.waiting).toBe(before + 1);
});

test.skipIf(found.missing !== undefined)("a subscription is paused and resumed, once that is confirmed", async () => {
  const { bus, url } = await busyBus();
  const page = await newPage();
  await page.goto(`${url}/subscriptions`);
  const row = page.getByRole("row", { name: /^archive/ });
  await row.getByRole("button", { name: "Pause archive" }).click();
  const dialog = page.getByRole("dialog", { name: "Pause archive?" });
  await dialog.getByText("1 delivery waits now.").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await bus.subscriptions.get("archive")).not.toHaveProperty("paused");
  await row.getByRole("button", { name: "Pause archive" }).click();
  await dialog.getByRole("button", { name: "Pause archive" }).click();
  await page.getByText("archive is paused.").waitFor();
  await row.getByText("paused").waitFor();
  expect(await bus.subscriptions.get("archive")).toMatchObject({ paused: true, waiting: 1 });
  await row.getByRole("button", { name: "Resume archive" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume archive" }).click();
  await page.getByText("archive goes on.").waitFor();
  expect(await bus.subscriptions.get("archive")).not.toHaveProperty("paused");
});

test.skipIf(found.missing !== undefined)(
  "a test event is published from its example; what is refused says why",
  async () => {
    const { bus, url } = await busyBus();
    const page = await newPage();
    await page.goto(`${url}/catalog/agent.heartbeat`);
    const data = page.getByLabel("Data, as JSON");
    const example = await data.inputValue();
    await data.fill("{");
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByRole("alert").getByText("the data is not JSON").waitFor();
    await data.fill("{}");
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByRole("alert").getByText("agentId").waitFor();
    await data.fill(example);
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByText("Published.").waitFor();
    const { events } = await bus.history.query({ type: "agent.heartbeat" });
    expect(events).toMatchObject([{ data: JSON.parse(example) }]);
  },
);

test.skipIf(found.missing !== undefined)(
  "why an event was not delivered: the clause that failed, and the nearest edit",
  async () => {
    const { start, url } = await busyBus();
    const page = await newPage();
    await page.route("**/v1/explain?*", (request) =>
      request.fulfill({
        json: {
          eventId: start.id,
          type: start.type,
          correlationId: start.id,
          subscription: "readers",
          status: "not_matched",
          reason: "type",
          text: "the subscription does not want this type",
          fix: "add the type to `on`",
          mismatches: [{ path: "type", expected: "task.assigned", values: [], found: "workflow.started" }],
          edits: [{ path: "type", text: "add workflow.started" }],
          pending: [],
          deadLetters: [],
        },
      }),
    );
    await page.goto(`${url}/events/${start.id}`);
    await page.getByRole("link", { name: "Why was it (not) delivered?" }).click();
    expect(await page.getByLabel("Id of the event").inputValue()).toBe(start.id);
    await page.getByRole("option", { name: "readers" }).waitFor({ state: "attached" });
    await page.getByLabel("Subscription").selectOption("readers");
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByText("the subscription does not want this type").waitFor();
    expect(await page.getByRole("region", { name: "What does not match" }).getByRole("row").nth(1).textContent()).toBe(
      "typetask.assignedworkflow.startedadd workflow.started",
    );
    expect(new URL(page.url()).searchParams.get("subscription")).toBe("readers");
    expect(await axeProblems(page)).toEqual([]);
  },
);

test.skipIf(found.missing !== undefined)(
  "a request is denied with a reason, in its flow, and waits no more",
  async () => {
    const { bus, url } = await busyBus();
    const page = await newPage();
    await page.goto(`${url}/approvals`);
    await page.getByRole("button", { name: "Deny" }).click();
    const dialog = page.getByRole("dialog", { name: "Deny it?" });
    await dialog.waitFor();
    expect(await axeProblems(page)).toEqual([]);
    // Asked only: Escape is a no.
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect((await bus.history.query({ causationId: "ask" })).events).toEqual([]);
    await page.getByRole("button", { name: "Deny" }).click();
    await dialog.getByLabel("Reason, which the agent gets").fill("not yet");
    await dialog.getByLabel("Your name").fill("Ada");
    await dialog.getByRole("button", { name: "Deny" }).click();
    await page.getByText("Answered:").waitFor();
    await page.getByText("Nothing waits for a person.").waitFor();
    expect((await bus.history.query({ causationId: "ask" })).events).toMatchObject([
      {
        type: "approval.denied",
        id: "ask-answered",
        data: { requestId: "ask", approvalId: "a-1", by: "Ada", reason: "not yet" },
        metadata: { correlationId: "notes", causationId: "ask", agentId: "planner-1" },
      },
    ]);
  },
);

test.skipIf(found.missing !== undefined)(
  "a request that another one answers meanwhile is not answered twice",
  async () => {
    const { bus, url } = await busyBus();
    const page = await newPage();
    await page.goto(`${url}/approvals`);
    await page.getByRole("button", { name: "Approve" }).click();
    const dialog = page.getByRole("dialog", { name: "Approve it?" });
    await dialog.waitFor();
    // By an id of its own, as an agent may.
    await bus.publish({
      type: "approval.expired",
      data: { approvalId: "a-1" },
      metadata: { correlationId: "notes", causationId: "ask" },
    });
    await dialog.getByRole("button", { name: "Approve" }).click();
    await page.getByText("the request was answered at").waitFor();
    await page.getByText("Nothing waits for a person.").waitFor();
    expect((await bus.history.query({ causationId: "ask" })).events.map(({ type }) => type)).toEqual([
      "approval.expired",
    ]);
  },
);
