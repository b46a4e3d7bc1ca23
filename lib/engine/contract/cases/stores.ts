import { expect } from "vitest";
import type { Event } from "../../../event/event.ts";
import type { ContractCase } from "../case.ts";

const refused = { code: "invalid_config", message: expect.stringContaining("another handler in this process") };

/** What an engine's `store` is for: buses of one process know by it whether a name means the same subscription to both. */
export const storeCases: readonly ContractCase[] = [
  {
    title: "a name has one handler in a process, on whichever of its buses; other names are free",
    needs: ["multi-process", "local-consumers"],
    run: async (t) => {
      const other = await t.connect();
      const handled: string[] = [];
      const handler = (event: Event) => {
        if (event.metadata.correlationId === t.flow) handled.push(event.id);
      };
      await t.consumeWith("handled", handler);
      await expect(t.consumeWith("handled", () => {}, other)).rejects.toMatchObject(refused);
      await expect(t.consumeWith("handled", () => {})).rejects.toMatchObject(refused);
      // The same function on both shares the work, as that is meant.
      await t.consumeWith("handled", handler, other);
      await t.consumeWith("flow-next", () => {}, other);
      const event = await t.publish("custom.contract.handled");
      await t.eventually("it is handled, by one of the two", () => handled.length > 0);
      await t.quiet();
      expect(handled).toEqual([event.id]);
    },
  },
  {
    title: "a name is free again once its subscriber, or its bus, has closed, and after a restart",
    needs: ["multi-process", "local-consumers"],
    run: async (t) => {
      const other = await t.connect();
      const first = await t.consumeWith("handled", () => {});
      await first.close();
      await t.consumeWith("handled", () => {}, other);
      await other.close();
      await t.consumeWith("handled", () => {});
      await t.restart();
      const handled: string[] = [];
      await t.consumeWith("handled", ({ id }) => handled.push(id));
      const { id } = await t.publish("custom.contract.handled");
      expect(await t.eventually("it is handled", () => handled.includes(id))).toBe(true);
    },
  },
  {
    title: "of two that take a name at once, on two buses, one gets it",
    needs: ["multi-process", "local-consumers"],
    run: async (t) => {
      const other = await t.connect();
      const both = await Promise.allSettled([
        t.consumeWith("handled", () => {}),
        t.consumeWith("handled", () => {}, other),
      ]);
      expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(both.find((one) => one.status === "rejected")?.reason).toMatchObject(refused);
    },
  },
  {
    title: "a name means one subscription to buses that share events, and one of its own to each other bus",
    needs: ["local-consumers"],
    run: async (t) => {
      const other = await t.connect();
      const handled: string[] = [];
      const note = (who: string) => (event: Event) => {
        if (event.metadata.correlationId === t.flow) handled.push(who);
      };
      await t.consumeWith("handled", note("first"));
      const second = t.consumeWith("handled", note("other"), other);
      if (t.has("multi-process")) await expect(second).rejects.toMatchObject(refused);
      else await second;
      await t.publish("custom.contract.handled");
      await t.publish("custom.contract.handled", {}, other);
      await t.eventually("both are handled", () => handled.length === 2);
      expect(handled.sort()).toEqual(t.has("multi-process") ? ["first", "first"] : ["first", "other"]);
    },
  },
];
