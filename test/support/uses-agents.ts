import { expect } from "vitest";
import { ask, claim, effect, openBudget, project, steps, vote } from "../../lib/agents/index.ts";
import { approvalDenied, approvalGranted } from "../../lib/catalog/index.ts";
import { type ConnectOptions, connect } from "../../lib/index.ts";

/** What agents build on, over two buses of an engine: whoever asks, all of it is decided once. */
export async function expectAgentsServed(options: ConnectOptions): Promise<void> {
  const one = await connect({ ...options, source: "one", logLevel: "silent" });
  const other = await connect({ ...options, source: "other", logLevel: "silent" });
  const name = crypto.randomUUID();
  try {
    await expectOneHolder();
    await expectOneBudget();
    await expectDeliveryRemembered();
    await expectAnswers();
  } finally {
    await Promise.all([one.close(), other.close()]);
  }

  async function expectOneHolder() {
    let holders = 0;
    const fences: number[] = [];
    await Promise.all(
      [one, other, one, other].map(async (bus) => {
        await using lease = await claim(bus, name, { wait: "1m" });
        holders += 1;
        expect(holders).toBe(1);
        fences.push(lease.fence);
        await bus.publish({ type: "custom.agents.held", data: {} });
        holders -= 1;
      }),
    );
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
  }

  async function expectOneBudget() {
    let calls = 0;
    const ends = await Promise.allSettled(
      Array.from({ length: 10 }, async (_, index) => {
        using budget = openBudget(index % 2 === 0 ? one : other, { name, limit: 3, unit: "calls" });
        await budget.spend(1, async () => {
          calls += 1;
          return { result: calls, amount: 1 };
        });
      }),
    );
    expect(calls).toBe(3);
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
  }

  async function expectDeliveryRemembered() {
    const charges: string[] = [];
    const plans: number[] = [];
    const type = "custom.agents.order";
    const settings = {
      name: `agents-${name.slice(0, 8)}`,
      on: type,
      attempts: 3,
      backoff: { from: 1, to: 2 },
    } as const;
    await one.subscribe(settings, async ({ metadata }, { attempt }) => {
      if (metadata.correlationId !== name) return;
      const plan = await steps(one).run("plan", () => {
        plans.push(attempt);
        return plans.length;
      });
      await effect(one, "charge", ({ idempotencyKey }) => {
        charges.push(idempotencyKey);
        return null;
      });
      await steps(one).sleep("a moment", "50ms");
      if (attempt === 1) throw new Error("after all of it");
      await one.publish({ type: "custom.agents.handled", data: { plan, attempt } }, { dedupe: "handled" });
    });
    const { id } = await other.publish({ type, data: {}, metadata: { correlationId: name } });
    const handled = await other.waitFor(
      { on: "custom.agents.handled", where: { metadata: { causationId: [id] } } },
      { timeout: "1m", since: new Date(Date.now() - 60_000) },
    );
    expect(handled.data).toEqual({ plan: 1, attempt: 2 });
    expect({ charges: charges.length, plans }).toEqual({ charges: 1, plans: [1] });
  }

  async function expectAnswers() {
    using asked = await project<readonly string[]>(other, {
      of: { type: "approval.requested" },
      initial: [],
      reduce: (ids, { data, source }) =>
        source === "one" ? [...ids, (data as { approvalId: string }).approvalId] : ids,
    });
    const before = asked.state.length;
    const answer = ask(one, "Deploy?", { timeout: "1m" });
    const votes = vote(one, "Merge?", { n: 2, timeout: "1m" });
    const ids = (await asked.until((state) => state.length === before + 2, { timeout: "1m" })).slice(before);
    for (const approvalId of ids) {
      await other.publish(approvalGranted, { approvalId, by: "ann" });
      await other.publish(approvalDenied, { approvalId, by: "bob" });
    }
    expect(await answer).toEqual({ outcome: "granted", by: "ann" });
    expect(await votes).toMatchObject({ complete: true, granted: 1, denied: 1 });
  }
}
