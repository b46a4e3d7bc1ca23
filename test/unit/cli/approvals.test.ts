import { expect, test, vi } from "vitest";
import { answerApproval, findApproval, waitingApprovals } from "../../../lib/cli/approvals.ts";
import { workspace } from "./test-io.ts";

test("what waits is listed without a look-up of each request", async () => {
  await workspace().bus(async (bus) => {
    for (let n = 0; n < 12; n += 1) {
      await bus.publish({ type: "approval.requested", id: `ask-${n}`, data: { approvalId: `${n}`, question: "?" } });
    }
    for (const n of [0, 5]) await answerApproval(bus, await findApproval(bus, `ask-${n}`), { granted: true });
    // An answer that an agent, or another program, has published by itself.
    const data = { approvalId: "7" };
    await bus.publish({ type: "approval.expired", data, metadata: { causationId: "ask-7", correlationId: "ask-7" } });
    const get = vi.spyOn(bus.history, "get");
    const query = vi.spyOn(bus.history, "query");
    const waiting: string[] = [];
    for await (const { id } of waitingApprovals(bus, Date.now())) waiting.push(id);
    expect(waiting).toEqual([11, 10, 9, 8, 6, 4, 3, 2, 1].map((n) => `ask-${n}`));
    expect([get.mock.calls.length, query.mock.calls.length]).toEqual([0, 2]);
  });
});
