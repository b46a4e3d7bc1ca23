import { expect } from "vitest";
import type { BusError } from "../../../error/bus-error.ts";
import type { ContractCase } from "../case.ts";

const type = "custom.contract.short_timeout";

export const timeoutCases: readonly ContractCase[] = [
  {
    title: "a run whose time is up is aborted, and then run again",
    run: async (t) => {
      await t.consume("short-timeout");
      const before = Date.now();
      await t.publish(type, { script: { "*": [{ do: "hang", upTo: 1 }] } });
      const reports = await t.quiet();
      expect(reports.map(({ phase, attempt }) => `${attempt} ${phase}`)).toEqual([
        "1 started",
        "1 aborted",
        "1 failed",
        "2 started",
        "2 done",
      ]);
      const [started, aborted] = reports;
      expect((aborted?.at ?? 0) - before).toBeGreaterThanOrEqual(t.ms(200) - 2);
      // A process that was held up reports its start late, so that less than the timeout may be seen between the two.
      expect((aborted?.at ?? 0) - (started?.at ?? 0)).toBeGreaterThanOrEqual(t.ms(60));
      await t.counted({ failed: 1, retried: 1, delivered: 1, stuck: 0, running: 0 });
    },
  },
  {
    title: "timed out until out of attempts, it becomes a dead letter",
    run: async (t) => {
      await t.consume("short-timeout");
      await t.publish(type, { script: { "*": [{ do: "hang" }] } });
      await t.quiet();
      const { deadLetters } = await t.bus.deadLetters.list({ correlationId: t.flow });
      expect(deadLetters).toMatchObject([{ attempts: 2, reason: { code: "timeout", attempt: 2 } }]);
      expect(deadLetters[0]?.reason.message).toContain("short-timeout");
    },
  },
  {
    title: "a handler that ignores its abort keeps its slot and is reported, and attempts never overlap",
    needs: ["local-consumers"],
    run: async (t) => {
      const errors: BusError[] = [];
      const bus = await t.connect({ onError: (error) => errors.push(error) });
      await t.consume("stuck-beside", bus);
      await t.consume("undisturbed-by-stuck", bus);
      const gate = t.gate();
      const stuck = await t.publish(
        "custom.contract.stuck_beside",
        { script: { "stuck-beside": [{ do: "wait", gate, upTo: 1 }] } },
        bus,
      );
      await t.eventually("it is counted as stuck", async () => (await bus.metrics()).stuck === 1);
      await t.eventually("it is reported as stuck", () => errors.length > 0);
      expect(errors).toMatchObject([
        { code: "timeout", details: { subscription: "stuck-beside", eventId: stuck.id, stuck: true } },
      ]);

      const next = await t.publish("custom.contract.stuck_beside", {}, bus);
      await t.handled(stuck, "undisturbed-by-stuck");
      await t.handled(next, "undisturbed-by-stuck");
      const runs = await t.reports({ subscription: "stuck-beside" });
      expect(runs.map(({ phase, eventId, attempt }) => [phase, eventId, attempt])).toEqual([
        ["started", stuck.id, 1],
        ["aborted", stuck.id, 1],
      ]);

      await t.open(gate);
      await t.quiet({}, bus);
      const after = await t.reports({ subscription: "stuck-beside", eventId: stuck.id });
      // Its time was up when it ended: it counts as failed whatever it says.
      expect(after.map(({ phase, attempt }) => `${attempt} ${phase}`)).toEqual([
        "1 started",
        "1 aborted",
        "1 done",
        "2 started",
        "2 done",
      ]);
      await t.handled(next, "stuck-beside");
      expect(await bus.metrics()).toMatchObject({ stuck: 0, running: 0 });
      expect(errors).toHaveLength(1);
    },
  },
  {
    title: "what an aborted run still publishes is refused",
    run: async (t) => {
      await t.consume("publishing-late");
      const gate = t.gate();
      await t.publish("custom.contract.publishing_late", {
        script: {
          "*": [
            { do: "publish", type: "custom.contract.in_time" },
            { do: "wait", gate, upTo: 1 },
            { do: "publish", type: "custom.contract.too_late" },
          ],
        },
      });
      await t.reported({ phase: "aborted" });
      await t.open(gate);
      const reports = await t.quiet();
      const publishes = reports.filter(({ phase }) => phase === "published" || phase === "refused");
      expect(publishes.map(({ phase, attempt, note }) => [attempt, phase, note])).toEqual([
        [1, "published", undefined],
        [1, "refused", "aborted"],
        [2, "published", undefined],
        [2, "published", undefined],
      ]);
      const query = { correlationId: t.flow, type: "custom.contract.too_late" };
      await t.eventually("it is recorded", async () => (await t.bus.history.query(query)).events.length === 1);
    },
  },
  {
    title: "a slow handler is warned of, once",
    needs: ["local-consumers"],
    run: async (t) => {
      const warnings: { message: string; fields: Readonly<Record<string, unknown>> | undefined }[] = [];
      const ignore = () => {};
      const warn = (message: string, fields?: Readonly<Record<string, unknown>>) => warnings.push({ message, fields });
      const bus = await t.connect({ logger: { debug: ignore, info: ignore, warn, error: ignore } });
      await t.consume("short-timeout", bus);
      const first = await t.publish(type, { script: { "*": [{ do: "hang", upTo: 1 }] } }, bus);
      const second = await t.publish(type, { script: { "*": [{ do: "hang", upTo: 1 }] } }, bus);
      await t.quiet({}, bus);
      expect(warnings.filter(({ message }) => message.includes("slow"))).toMatchObject([
        { fields: { subscription: "short-timeout" } },
      ]);
      expect([first.id, second.id]).toContain(warnings[0]?.fields?.eventId);
    },
  },
];
