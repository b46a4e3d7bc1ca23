import { expect } from "vitest";
import * as z from "zod";
import { standardCatalog } from "../../../catalog/index.ts";
import { defineEvent } from "../../../event/index.ts";
import type { ContractCase } from "../case.ts";
import { catalog, versioned } from "../versioned.ts";

const broken = defineEvent("custom.contract.badly_versioned", {
  version: 2,
  data: z.looseObject({ pages: z.number() }),
  older: [{ version: 1, data: z.looseObject({ title: z.string() }), upcast: (data) => data }],
});

export const versionCases: readonly ContractCase[] = [
  {
    title: "handlers and waitFor see the newest version; patterns and history see the event as it was published",
    run: async (t) => {
      const bus = await t.connect({ catalog });
      // Its pattern asks for `title`, which the newest version does not have.
      await t.consume("versioned", bus);
      const metadata = { correlationId: t.flow };
      const waiting = bus.waitFor({ on: versioned, where: { metadata: { correlationId: [t.flow] } } });
      const one = await t.publishInTurn(
        versioned.type,
        { data: { title: "On bees", by: "Karl" }, metadata: { version: 1 } },
        bus,
      );
      const two = await t.publish(
        versioned.type,
        { data: { title: "On hives", pages: 7 }, metadata: { version: 2 } },
        bus,
      );
      const three = await bus.publish(versioned, { heading: "On honey", pages: 9 }, { metadata });
      expect([one, two, three].map((event) => event.metadata.version)).toEqual([1, 2, 3]);
      await t.recorded([three], bus);
      const seen = await t.quiet({ phase: "started" }, bus);
      expect(t.delivered(seen.map(({ event }) => event?.data))).toEqual(
        t.delivered([
          { heading: "On bees", by: "Karl", pages: 0 },
          { heading: "On hives", pages: 7 },
        ]),
      );
      expect((await waiting).data).toEqual({ heading: "On bees", by: "Karl", pages: 0 });
      for (const event of [one, two, three]) expect(await bus.history.get(event.id)).toEqual(event);
      const { events } = await bus.history.query(metadata);
      expect(events).toEqual([three, two, one]);
    },
  },
  {
    title: "what cannot be brought to the newest version becomes a dead letter, as it was published",
    run: async (t) => {
      const bus = await t.connect({ catalog: standardCatalog.extend([broken]) });
      const handled: string[] = [];
      await bus.subscribe({ on: broken, attempts: 1 }, (event) => handled.push(event.id));
      const event = await t.publish(broken.type, { data: { title: "On bees" }, metadata: { version: 1 } }, bus);
      await t.quiet({}, bus);
      const { deadLetters } = await bus.deadLetters.list({ correlationId: t.flow });
      expect(deadLetters).toMatchObject([{ event, reason: { message: expect.stringContaining("pages") } }]);
      expect(handled).toEqual([]);
    },
  },
  {
    title: "each version is validated by its own schema; one that is not is refused",
    run: async (t) => {
      const bus = await t.connect({ catalog });
      const publish = (data: Record<string, unknown>, version: number) =>
        t.publish(versioned.type, { data, metadata: { version } }, bus);
      await expect(publish({ heading: "On bees", pages: 1 }, 1)).rejects.toMatchObject({ code: "invalid_event" });
      await expect(publish({ title: "On bees", pages: 1 }, 3)).rejects.toMatchObject({ code: "invalid_event" });
      await expect(publish({ heading: "On bees", pages: 1 }, 4)).rejects.toMatchObject({ code: "invalid_event" });
    },
  },
];
