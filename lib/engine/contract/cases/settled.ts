import { expect } from "vitest";
import type { ContractCase } from "../case.ts";

const start = "custom.contract.flow_start";

export const settledCases: readonly ContractCase[] = [
  {
    title: "settled waits for the whole flow: retries and what handlers publish included",
    needs: ["settled"],
    run: async (t) => {
      for (const name of ["flow-start", "flow-next", "flow-end"] as const) await t.consume(name);
      await t.publish(start, {
        script: {
          "*": [
            { do: "retry-after", ms: t.ms(30), upTo: 1 },
            {
              do: "publish",
              type: "custom.contract.flow_next",
              data: {
                script: {
                  "*": [
                    { do: "fail", upTo: 1 },
                    { do: "publish", type: "custom.contract.flow_end" },
                  ],
                },
              },
            },
          ],
        },
      });
      const flow = await t.bus.settled(t.flow, { timeout: t.longestWaitMs });
      expect(flow).toMatchObject({ id: t.flow, status: "completed", size: 3, pending: [], deadLetters: [] });
      const done = (await t.reports({ phase: "done" })).map(({ subscription, attempt }) => [subscription, attempt]);
      expect(done.sort()).toEqual([
        ["flow-end", 1],
        ["flow-next", 2],
        ["flow-start", 2],
      ]);
    },
  },
  {
    title: "a dead letter counts as settled",
    needs: ["settled"],
    run: async (t) => {
      await t.consume("flow-start");
      const event = await t.publish(start, { script: { "*": [{ do: "fail" }] } });
      const flow = await t.bus.settled(t.flow, { timeout: t.longestWaitMs });
      expect(flow).toMatchObject({ status: "failed", pending: [], deadLetters: [{ event, attempts: 3 }] });
    },
  },
  {
    title: "on timeout it says what is under way",
    needs: ["settled"],
    run: async (t) => {
      const gate = t.gate();
      await t.consume("flow-start");
      const waiting = await t.consume("flow-next");
      waiting.pause();
      const running = await t.publish(start, { script: { "*": [{ do: "wait", gate }] } });
      const delayed = await t.publish(start, { script: { "*": [{ do: "retry-after", ms: 3_600_000 }] } });
      const idle = await t.publish("custom.contract.flow_next");
      await t.reported({ phase: "started", eventId: running.id });
      await t.reported({ phase: "failed", eventId: delayed.id });
      await t.eventually("the delay is stored", async () => {
        const { pending } = await t.bus.history.flow(t.flow);
        return pending.some(({ state }) => state === "delayed");
      });
      const error: unknown = await t.bus.settled(t.flow, { timeout: t.ms(20) }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "BusError", code: "timeout", message: expect.stringContaining(t.flow) });
      const { pending } = Object(error).details;
      expect(pending).toHaveLength(3);
      const due = expect.stringMatching(/Z$/);
      expect(pending).toEqual(
        expect.arrayContaining([
          { subscription: "flow-start", eventId: running.id, type: start, state: "running", attempts: 1 },
          {
            subscription: "flow-start",
            eventId: delayed.id,
            type: start,
            state: "delayed",
            attempts: 1,
            dueAt: due,
            lastError: "put off by its script",
          },
          { subscription: "flow-next", eventId: idle.id, type: idle.type, state: "waiting", attempts: 0 },
        ]),
      );
      await t.open(gate);
      await t.handled(running, "flow-start");
      await t.bus.subscriptions.delete("flow-start");
      await t.bus.subscriptions.delete("flow-next");
    },
  },
  {
    title: "settled ends by its signal, and knows no flow that is not",
    needs: ["settled"],
    run: async (t) => {
      const subscriber = await t.consume("flow-start");
      subscriber.pause();
      await t.publish(start);
      const controller = new AbortController();
      const waiting = expect(t.bus.settled(t.flow, { signal: controller.signal })).rejects.toMatchObject({
        code: "aborted",
      });
      controller.abort();
      await waiting;
      await expect(t.bus.settled("no-such-flow")).rejects.toMatchObject({ code: "not_found" });
      subscriber.resume();
      await t.quiet();
    },
  },
];
